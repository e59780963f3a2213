import { DateTime } from 'luxon';

/** The moment at which a business day begins in a zone: midnight, or the first moment after a gap in the clocks that swallows it. */
export function startOfDay(day: string, timeZone: string): Date {
  return DateTime.fromISO(day, { zone: timeZone }).startOf('day').toJSDate();
}

/** The business day that a moment belongs to in a zone. */
export function dayIn(at: Date, timeZone: string): string {
  return DateTime.fromJSDate(at, { zone: timeZone }).toFormat('yyyy-MM-dd');
}
