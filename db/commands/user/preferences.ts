import { checkPreferences, type Preferences } from '../../../domain/preferences.ts';
import { unwrap } from '../../../domain/refusal.ts';
import type { Tx } from '../../transact.ts';

/** What a person chooses; what is left out goes back to its default. */
export type ChosenPreferences = { readonly [K in keyof Preferences]?: Preferences[K] | undefined };

/**
 * Replaces all that a person has chosen. Two at once are taken in turn by the lock on the account.
 *
 * @param checkVersion compares the version that is replaced; 1 where nothing was chosen before.
 * @throws RefusalError unknown_currency, and what `checkVersion` throws.
 */
export async function replacePreferences(
  tx: Tx,
  userId: string,
  chosen: ChosenPreferences,
  checkVersion: (version: number) => void,
): Promise<void> {
  const settings = unwrap(checkPreferences(chosen));
  await tx.query('select 1 from "user".account where id = $1 for no key update', [userId]);
  const [row] = await tx.query<{ version: number }>('select version from "user".preference where account_id = $1', [userId]);
  checkVersion(row?.version ?? 1);
  await tx.query(
    `insert into "user".preference as kept (account_id, settings, version) values ($1, $2, 2)
     on conflict (account_id) do update set settings = excluded.settings, version = kept.version + 1, updated_at = now()`,
    [userId, JSON.stringify(settings)],
  );
}
