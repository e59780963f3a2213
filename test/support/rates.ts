import { keepRates } from '../../db/commands/expense/fx-rates.ts';
import type { ServiceDatabase } from '../../db/orm.ts';
import { transact } from '../../db/transact.ts';
import { fileDays } from '../../sandbox/doubles/ecb/rates-file.ts';

/** Keeps the real rates of the sandbox's file, as a refresh would: business days of 2025 and 2026 until 30 October. */
export async function keepRatesOfEcb(database: ServiceDatabase): Promise<void> {
  const days = fileDays().map(({ day, rates }) => ({ publishedOn: day, perEuro: new Map(rates) }));
  await transact(database, (tx) => keepRates(tx, 'ecb', days));
}
