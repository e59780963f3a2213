import { move, type Transitions } from './machine.ts';
import { ok, refuse, type Outcome } from './refusal.ts';

/** Ways to reach a debtor, from the quietest to the loudest. */
export const REMINDER_CHANNELS = ['inApp', 'email', 'push', 'sms'] as const;
export type ReminderChannel = (typeof REMINDER_CHANNELS)[number];

/** When and how a debtor is reminded. */
export interface Cadence {
  /** Days from the beginning of the debt to the first reminder, 0 to 365. */
  readonly firstAfterDays: number;
  /** Days between reminders, 1 to 365: never two on one day. */
  readonly everyDays: number;
  /** Reminders in all, 1 to 100. */
  readonly max: number;
  /** Channel of each reminder in turn; the last one repeats. */
  readonly escalate: readonly ReminderChannel[];
}

/** A year: longer waits mean that nobody wants the reminder. */
export const CADENCE_DAYS_MAX = 365;

/** Three months of daily reminders; above it a reminder is a nuisance. */
export const REMINDERS_MAX = 100;

/** More steps than channels exist would repeat one on the way. */
const ESCALATE_MAX = REMINDER_CHANNELS.length;

/** Checks a cadence; refusal `invalid_cadence` with the field at fault. */
export function checkCadence(cadence: Cadence): Outcome<Cadence> {
  const isWithin = (value: number, from: number, to: number): boolean => Number.isInteger(value) && value >= from && value <= to;
  const no = (field: string, detail: string): Outcome<never> => refuse('invalid_cadence', detail, `/cadence/${field}`);
  if (!isWithin(cadence.firstAfterDays, 0, CADENCE_DAYS_MAX)) return no('firstAfterDays', 'The first reminder comes after 0 to 365 days.');
  if (!isWithin(cadence.everyDays, 1, CADENCE_DAYS_MAX)) return no('everyDays', 'Reminders are 1 to 365 days apart.');
  if (!isWithin(cadence.max, 1, REMINDERS_MAX)) return no('max', 'There may be 1 to 100 reminders.');
  if (!isWithin(cadence.escalate.length, 1, ESCALATE_MAX)) return no('escalate', 'Name one to four channels.');
  return ok(cadence);
}

/** Local times of day `HH:MM`; `from` is quiet, `to` is not any more. Equal times mean no quiet hours. */
export interface QuietHours {
  readonly from: string;
  readonly to: string;
}

/** What decides when the next reminder is due. */
export interface ReminderInput {
  readonly cadence: Cadence;
  /** Reminders sent so far. */
  readonly sent: number;
  /** RFC 3339 time since when the debt exists. */
  readonly debtSinceIso: string;
  /** RFC 3339 time of the last reminder, when one was sent. */
  readonly lastSentIso?: string | undefined;
  readonly quietHours?: QuietHours | undefined;
  /** Not before this moment, such as now, or the end of a snooze; milliseconds since 1970. */
  readonly notBeforeMs?: number | undefined;
  /** Minutes that the debtor's zone is ahead of UTC at a moment; keeps zones out of this module. */
  readonly offsetMinutesAt: (epochMs: number) => number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

/**
 * When and through which channel the next reminder goes out.
 *
 * Days are days of the debtor's calendar, so the time of day stays the same across changes of the clocks. A reminder
 * that falls into quiet hours waits for their end. At least a day of the present zone's calendar lies between two, so
 * none goes out on the day of the last one, also when the debtor has moved.
 *
 * @returns `exhausted` when the cadence has no reminder left.
 */
export function nextReminder(input: ReminderInput): { atMs: number; channel: ReminderChannel } | 'exhausted' {
  const { cadence, sent, offsetMinutesAt } = input;
  const channel = cadence.escalate[Math.min(sent, cadence.escalate.length - 1)];
  if (sent >= cadence.max || channel === undefined) return 'exhausted';
  const lastMs = input.lastSentIso === undefined ? undefined : Date.parse(input.lastSentIso);
  const days = lastMs === undefined ? cadence.firstAfterDays : Math.max(1, cadence.everyDays);
  const startLocalMs = toLocal(lastMs ?? Date.parse(input.debtSinceIso), offsetMinutesAt);
  const dueMs = toEpoch(startLocalMs + days * DAY_MS, offsetMinutesAt);
  return { atMs: afterQuiet(Math.max(dueMs, input.notBeforeMs ?? dueMs), input), channel };
}

type OffsetAt = (epochMs: number) => number;

function toLocal(epochMs: number, offsetAt: OffsetAt): number {
  return epochMs + offsetAt(epochMs) * MINUTE_MS;
}

/** The moment of a local time: the first of two when clocks go back, moved on by the gap when they go forward. */
function toEpoch(localMs: number, offsetAt: OffsetAt): number {
  const [before, after] = [offsetAt(localMs - DAY_MS), offsetAt(localMs + DAY_MS)];
  const [early, late] = [localMs - before * MINUTE_MS, localMs - after * MINUTE_MS];
  return offsetAt(early) !== before && offsetAt(late) === after ? late : early;
}

function dayOf(localMs: number): number {
  return Math.floor(localMs / DAY_MS);
}

function afterQuiet(epochMs: number, input: ReminderInput): number {
  if (input.quietHours === undefined) return epochMs;
  const [from, to] = [minutesOf(input.quietHours.from), minutesOf(input.quietHours.to)];
  const localMs = toLocal(epochMs, input.offsetMinutesAt);
  const minute = Math.floor((localMs - dayOf(localMs) * DAY_MS) / MINUTE_MS);
  const isQuiet = from <= to ? minute >= from && minute < to : minute >= from || minute < to;
  if (!isQuiet) return epochMs;
  const endDay = dayOf(localMs) + (minute < to ? 0 : 1);
  // When the clocks go back during quiet hours the first of two local ends may lie before the moment asked about.
  return Math.max(epochMs, toEpoch(endDay * DAY_MS + to * MINUTE_MS, input.offsetMinutesAt));
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

/** States of a cadence: `done` when the debt is gone, `stopped` by a person or when no reminder is left. */
export const REMINDER_STATES = ['active', 'paused', 'snoozed', 'stopped', 'done'] as const;
export type ReminderState = (typeof REMINDER_STATES)[number];

/** What can happen to a cadence; `wake` ends a snooze, `exhaust` follows its last reminder. */
export const REMINDER_EVENTS = ['pause', 'resume', 'snooze', 'wake', 'stop', 'debt_gone', 'exhaust'] as const;
export type ReminderEvent = (typeof REMINDER_EVENTS)[number];

/** The life of a cadence. */
export const REMINDER_TRANSITIONS: Transitions<ReminderState, ReminderEvent> = {
  active: { pause: 'paused', resume: 'active', snooze: 'snoozed', wake: 'active', stop: 'stopped', debt_gone: 'done', exhaust: 'stopped' },
  paused: { pause: 'paused', resume: 'active', snooze: 'snoozed', wake: 'paused', stop: 'stopped', debt_gone: 'done' },
  snoozed: { pause: 'paused', resume: 'active', snooze: 'snoozed', wake: 'active', stop: 'stopped', debt_gone: 'done' },
  stopped: { stop: 'stopped' },
  done: { debt_gone: 'done' },
};

/** Moves a cadence; refusal `reminder_ended` when it is stopped or done, `wrong_state` otherwise. */
export function moveReminder(state: ReminderState, event: ReminderEvent): Outcome<ReminderState> {
  return move(REMINDER_TRANSITIONS, state, event, (at) =>
    at === 'stopped' || at === 'done'
      ? { code: 'reminder_ended', detail: 'This reminder has ended.' }
      : { code: 'wrong_state', detail: `The reminder is ${at}.` },
  );
}
