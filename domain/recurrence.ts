import { daysInMonth, isBusinessDate } from './business-date.ts';
import { ok, refuse, type Outcome } from './refusal.ts';

/** Units of the distance between two slots. */
export const RECURRENCE_UNITS = ['day', 'week', 'month', 'year'] as const;
export type RecurrenceUnit = (typeof RECURRENCE_UNITS)[number];

/** The distance between two slots, such as every 2 weeks. */
export interface Every {
  /** 1 to {@link EVERY_MAX}. */
  readonly n: number;
  readonly unit: RecurrenceUnit;
}

/** When a schedule ends: after its last possible day, or after so many slots. */
export type RecurrenceEnd = { readonly date: string } | { readonly count: number };

/** A rule that gives slots: business days in the group's calendar. */
export interface Schedule {
  readonly every: Every;
  /** The first slot, and the anchor of all others: a month's slot is on its day, or on the last day of a shorter month. */
  readonly start: string;
  readonly end?: RecurrenceEnd | undefined;
}

/** A leap year of days: more seldom is a matter for a greater unit. */
export const EVERY_MAX = 366;
/** Three years of daily slots. */
export const COUNT_MAX = 1_096;
/** Slots that can be looked at, and skipped, in advance: a year of monthly ones. */
export const PREVIEW_SLOTS = 12;
/** The last day that a slot may have, as that of any expense. */
const LAST_DAY = '2100-12-31';
const DAY_MS = 24 * 60 * 60 * 1000;

/** Checks a schedule; refusal `invalid_schedule` with the field at fault. */
export function checkSchedule({ every, start, end }: Schedule): Outcome<null> {
  const no = (pointer: string, detail: string): Outcome<never> => refuse('invalid_schedule', detail, pointer);
  if (!Number.isInteger(every.n) || every.n < 1 || every.n > EVERY_MAX) return no('/every/n', `Slots are 1 to ${EVERY_MAX} units apart.`);
  if (!isBusinessDate(start) || start > LAST_DAY) return no('/start', `The first slot is a day until ${LAST_DAY}.`);
  if (end === undefined) return ok(null);
  if ('date' in end) {
    if (!isBusinessDate(end.date) || end.date < start) return no('/end/date', 'The end does not lie before the start.');
    return ok(null);
  }
  if (!Number.isInteger(end.count) || end.count < 1 || end.count > COUNT_MAX)
    return no('/end/count', `There may be 1 to ${COUNT_MAX} slots.`);
  return ok(null);
}

/**
 * The first slot after a day.
 *
 * Slots are counted from the anchor and never from one another, so that a shorter month leaves no trace: 31 January,
 * 28 February, 31 March.
 *
 * @param after a business day; null for the first slot of all.
 * @param used slots that the schedule has given already, which count against `end.count`.
 * @returns the slot's business day, or null when the schedule has ended.
 */
export function nextSlot(schedule: Schedule, after: string | null, used: number): string | null {
  const { every, start, end } = schedule;
  if (end !== undefined && 'count' in end && used >= end.count) return null;
  const slot = after === null || after < start ? start : firstAfter(every, start, after);
  if (slot > LAST_DAY || (end !== undefined && 'date' in end && slot > end.date)) return null;
  return slot;
}

/** The next slots in order, without those that are skipped; at most `limit`. Skipped ones count against `end.count`. */
export function nextSlots(
  schedule: Schedule,
  from: { readonly after: string | null; readonly used: number; readonly skipped: ReadonlySet<string> },
  limit: number,
): string[] {
  const slots: string[] = [];
  let { after, used } = from;
  while (slots.length < limit) {
    const slot = nextSlot(schedule, after, used);
    if (slot === null) break;
    if (!from.skipped.has(slot)) slots.push(slot);
    after = slot;
    used += 1;
  }
  return slots;
}

/** A business day so many days later, or earlier. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

function firstAfter({ n, unit }: Every, start: string, after: string): string {
  if (unit === 'day' || unit === 'week') {
    const step = unit === 'day' ? n : 7 * n;
    const passed = Math.round((Date.parse(`${after}T00:00:00Z`) - Date.parse(`${start}T00:00:00Z`)) / DAY_MS);
    return addDays(start, (Math.floor(passed / step) + 1) * step);
  }
  const step = unit === 'month' ? n : 12 * n;
  const [anchor, reached] = [monthsOf(start), monthsOf(after)];
  // The slot within the month of `after` may lie before or behind it; the one a step later lies behind it for sure.
  let count = Math.floor((reached - anchor) / step);
  while (slotInMonth(start, anchor + count * step) <= after) count += 1;
  return slotInMonth(start, anchor + count * step);
}

/** Months since the year 0. */
function monthsOf(day: string): number {
  return Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;
}

/** The anchor's day in a month, or the month's last day. */
function slotInMonth(start: string, months: number): string {
  const [year, month] = [Math.floor(months / 12), (months % 12) + 1];
  const day = Math.min(Number(start.slice(8)), daysInMonth(year, month));
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
