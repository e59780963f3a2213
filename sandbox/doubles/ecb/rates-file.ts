import { readFileSync } from 'node:fs';

/** A business day's rates, by currency, in units for one euro. */
export interface DayRates {
  readonly day: string;
  readonly rates: readonly (readonly [currency: string, rate: string])[];
}

const DAY_MS = 86_400_000;
/** 52 weeks: the same day of the week. */
const REPEAT_DAYS = 364;

let kept: readonly DayRates[] | undefined;

/** What the file holds, the newest day first: real rates of the ECB on the days on which it published them. */
export function fileDays(): readonly DayRates[] {
  kept ??= parse(readFileSync(new URL('./eurofxref.csv', import.meta.url), 'utf8'));
  return kept;
}

/**
 * What the double has published until a moment, the newest day first.
 *
 * The file ends and the sandbox goes on, so weekdays after its end have the figures of 52 weeks before: real ones of another day, so
 * that whoever tries the product can convert what they spend today. A day's rates come out at 15:00 UTC, as the ECB's do at about
 * 16:00 in Frankfurt.
 */
export function publishedDays(now: Date): DayRates[] {
  const inFile = fileDays();
  const byDay = new Map(inFile.map((one) => [one.day, one]));
  const last = lastPublished(now);
  // Who joined the euro meanwhile has no rates any more.
  const living = new Set(inFile[0]!.rates.map(([currency]) => currency));
  const added: DayRates[] = [];
  for (let day = next(inFile[0]!.day); day <= last; day = next(day)) {
    if (isWeekend(day)) continue;
    const model = byDay.get(shift(day, -REPEAT_DAYS));
    // Holidays of the year before: the day before them goes on.
    const { rates } = model ?? added.at(-1) ?? inFile[0]!;
    const one = { day, rates: rates.filter(([currency]) => living.has(currency)) };
    byDay.set(day, one);
    added.push(one);
  }
  return [...added.reverse(), ...inFile.filter(({ day }) => day <= last)];
}

function parse(text: string): DayRates[] {
  const [header = '', ...rows] = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const currencies = header.split(',').slice(1);
  return rows.map((row) => {
    const [day = '', ...figures] = row.split(',');
    const rates = currencies.map((currency, index) => [currency, figures[index] ?? ''] as const);
    return { day, rates: rates.filter(([, rate]) => rate !== '') };
  });
}

function lastPublished(now: Date): string {
  const today = now.toISOString().slice(0, 10);
  return now.getUTCHours() >= 15 ? today : shift(today, -1);
}

function next(day: string): string {
  return shift(day, 1);
}

function shift(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

function isWeekend(day: string): boolean {
  return [0, 6].includes(new Date(day).getUTCDay());
}
