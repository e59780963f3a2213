import { LockMode } from '@mikro-orm/postgresql';
import { v7 as uuidv7 } from 'uuid';
import { draftExpense, type ExpenseInput } from '../../../domain/expense.ts';
import { addDays, checkSchedule, type Every, type RecurrenceEnd, type Schedule } from '../../../domain/recurrence.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { mayAddExpense } from '../../../domain/roles.ts';
import { RecurringRule } from '../../entities/expense/recurring-rule.ts';
import { brokenUnique } from '../../errors.ts';
import type { GroupContext } from '../../queries/expense/group-context.ts';
import { scheduleOf, timeZoneOf } from '../../queries/expense/recurring.ts';
import type { Tx } from '../../transact.ts';
import { dayIn } from '../../zone-day.ts';
import { refuseClosedGroup } from './held-expense.ts';
import { refuseLockedPeriod } from './period-lock.ts';
import { priceDraft } from './pricing.ts';
import { holdGroup, memberIn, type NewExpense, pointingInto, refuseUnknownCategory, withSplit } from './record.ts';
import { passTo, replan, settleSlot } from './recurring-slots.ts';

/** Rules of a group that have not ended. Beyond it a group lives by a clock that nobody oversees. */
export const RULES_MAX = 100;
/** How long ago the first slot may be, in days: what was forgotten for a year is caught up. */
export const START_BEFORE_MAX = 366;

/** An expense to record again and again: without a day of its own, and with the group's default split where it has none. */
export type RecurringExpense = Omit<NewExpense, 'id' | 'date'>;

/** What a rule says, as a caller sends it. */
export interface RuleInput {
  readonly expense: RecurringExpense;
  readonly every: Every;
  readonly start: string;
  readonly end?: RecurrenceEnd | null | undefined;
  readonly noticeDays?: number | undefined;
}

/** Who changes which rule. */
export interface RuleCommand {
  readonly ruleId: string;
  readonly groupId: string;
  readonly userId: string;
}

/**
 * Makes a rule; its process records what is due, also what is in the past.
 *
 * @returns its id.
 * @throws RefusalError not_found, forbidden, archived, deleted, period_locked, id_taken, recurring_limit_reached, invalid_schedule, and those of an expense.
 */
export async function createRule(
  tx: Tx,
  command: RuleInput & { readonly id?: string | undefined; readonly groupId: string; readonly userId: string },
): Promise<string> {
  const context = await holdGroup(tx, command.groupId);
  const member = memberIn(context, command.userId);
  const schedule = scheduleFrom(command);
  await checkStart(tx, context, schedule.start);
  await checkExpense(context, command.expense, schedule.start);
  if (!mayAddExpense(member.role, context.policy.whoMayAdd)) throw refusal('forbidden', 'Your role does not allow this.');
  refuseClosedGroup(context);
  refuseLockedPeriod(context, [schedule.start], '/start');
  await refuseTooMany(tx, command.groupId);
  const rule = tx.em.create(RecurringRule, {
    id: command.id ?? uuidv7(),
    groupId: command.groupId,
    expense: withoutSilence(command.expense),
    ...columnsOf(schedule),
    noticeDays: command.noticeDays ?? 0,
    nextOn: schedule.start,
    createdBy: member.id,
    createdAt: tx.now,
    updatedAt: tx.now,
  });
  try {
    await tx.em.flush();
  } catch (error) {
    if (brokenUnique(error) === 'recurring_rule_pkey') throw refusal('id_taken', 'This id is in use.', '/id');
    throw error;
  }
  announce(tx, rule, command.userId);
  return rule.id;
}

/**
 * Changes what a rule says; what is left out stays. A new schedule begins after the slots that are settled.
 *
 * @param check compares the caller's precondition with the locked row's version.
 * @throws RefusalError as {@link createRule}, and recurring_ended; period_locked where another start makes a locked slot the next one.
 */
export async function changeRule(
  tx: Tx,
  command: RuleCommand & { readonly change: { readonly [Field in keyof RuleInput]?: RuleInput[Field] | undefined } },
  check: (version: number) => void,
): Promise<void> {
  const { change } = command;
  const { context, rule } = await holdOpen(tx, command);
  const now = scheduleOf(rule);
  const end = change.end === undefined ? now.end : (change.end ?? undefined);
  const schedule = scheduleFrom({ every: change.every ?? now.every, start: change.start ?? now.start, end });
  if (change.start !== undefined && change.start !== now.start) await checkStart(tx, context, change.start);
  if (change.expense !== undefined) await checkExpense(context, change.expense, schedule.start);
  refuseClosedGroup(context);
  refuseEnded(rule);
  check(rule.version);
  if (change.expense !== undefined) rule.expense = withoutSilence(change.expense);
  if (change.noticeDays !== undefined) rule.noticeDays = change.noticeDays;
  Object.assign(rule, columnsOf(schedule));
  await replan(tx, rule);
  if (schedule.start !== now.start && rule.nextOn != null) refuseLockedPeriod(context, [rule.nextOn], '/start');
  touch(tx, rule, command.userId);
}

/** Pauses a rule, also of an archived group; paused again, it stays as it is. @throws RefusalError not_found, deleted, recurring_ended. */
export async function pauseRule(tx: Tx, command: RuleCommand): Promise<void> {
  const { context, rule } = await holdOpen(tx, command);
  refuseDeletedGroup(context);
  refuseEnded(rule);
  if (rule.state === 'paused') return;
  rule.state = 'paused';
  touch(tx, rule, command.userId);
}

/**
 * Goes on with a paused rule.
 *
 * @param command.catchUp whether slots that passed meanwhile are recorded now; where not said, those of a rule that a refusal paused
 *   are, those of one that a person paused are not.
 * @throws RefusalError not_found, archived, deleted, recurring_ended.
 */
export async function resumeRule(tx: Tx, command: RuleCommand & { readonly catchUp?: boolean | undefined }): Promise<void> {
  const { context, rule } = await holdOpen(tx, command);
  refuseClosedGroup(context);
  refuseEnded(rule);
  if (rule.state === 'active') return;
  const catchUp = command.catchUp ?? rule.problem != null;
  rule.state = 'active';
  rule.problem = null;
  if (!catchUp) await passTo(tx, rule, dayIn(tx.now, await timeZoneOf(tx.query, rule.groupId)));
  touch(tx, rule, command.userId);
}

/**
 * Skips a slot: the next one, or another one of those in the preview. Skipped slots count as given where a rule ends by count.
 *
 * @throws RefusalError not_found, archived, deleted, recurring_ended, no_such_slot.
 */
export async function skipSlot(tx: Tx, command: RuleCommand & { readonly date?: string | undefined }): Promise<void> {
  const { context, rule } = await holdOpen(tx, command);
  refuseClosedGroup(context);
  refuseEnded(rule);
  await settleSlot(tx, rule, command.date ?? null, null);
  touch(tx, rule, command.userId);
}

/** Ends a rule for good; what it has recorded stays. @throws RefusalError not_found, deleted, recurring_ended. */
export async function endRule(tx: Tx, command: RuleCommand, check: (version: number) => void): Promise<void> {
  const { context, rule } = await holdOpen(tx, command);
  refuseDeletedGroup(context);
  refuseEnded(rule);
  check(rule.version);
  rule.state = 'ended';
  touch(tx, rule, command.userId);
}

/** Takes the group, then the rule, so that no two commands wait for each other in a circle. */
async function holdOpen(tx: Tx, command: RuleCommand): Promise<{ context: GroupContext; rule: RecurringRule }> {
  const context = await holdGroup(tx, command.groupId);
  memberIn(context, command.userId);
  const rule = await tx.em.findOne(
    RecurringRule,
    { id: command.ruleId, groupId: command.groupId },
    { lockMode: LockMode.PESSIMISTIC_WRITE },
  );
  if (rule === null) throw refusal('not_found', 'There is no such recurring expense.');
  return { context, rule };
}

function refuseDeletedGroup({ state }: GroupContext): void {
  if (state === 'deleted') throw refusal('deleted', 'The group is deleted.');
}

function refuseEnded(rule: RecurringRule): void {
  if (rule.state === 'ended') throw refusal('recurring_ended', 'This recurring expense has ended; make a new one.');
}

function scheduleFrom({ every, start, end }: Pick<RuleInput, 'every' | 'start' | 'end'>): Schedule {
  const schedule: Schedule = end == null ? { every, start } : { every, start, end };
  unwrap(checkSchedule(schedule));
  return schedule;
}

function columnsOf({ every, start, end }: Schedule): Pick<RecurringRule, 'everyN' | 'everyUnit' | 'startOn'> & {
  endOn: string | null;
  endCount: number | null;
} {
  const [endOn, endCount] = end === undefined ? [null, null] : 'date' in end ? [end.date, null] : [null, end.count];
  return { everyN: every.n, everyUnit: every.unit, startOn: start, endOn, endCount };
}

async function checkStart(tx: Tx, context: GroupContext, start: string): Promise<void> {
  const today = dayIn(tx.now, await timeZoneOf(tx.query, context.groupId));
  if (start < addDays(today, -START_BEFORE_MAX))
    throw refusal('invalid_schedule', `The first slot lies at most ${START_BEFORE_MAX} days in the past.`, '/start');
}

/** Whether the expense could be recorded today, by the rules that do not depend on the day. */
function checkExpense(context: GroupContext, expense: RecurringExpense, date: string): Promise<void> {
  return pointingInto('/expense', async () => {
    const input = withSplit({ ...expense, date }, context);
    if (input === null) throw refusal('invalid_request', 'This field is required: the group has no default split.', '/split');
    refuseUnknownCategory(context, input.category);
    const draft = unwrap(draftExpense(input, context.members, 0n));
    // What is published is known on the day; what was typed is looked at now.
    await priceDraft(() => Promise.resolve(null), context, draft, input.rate && { ...input.rate, date: undefined });
  });
}

async function refuseTooMany(tx: Tx, groupId: string): Promise<void> {
  const [row] = await tx.query<{ count: number }>(
    `select count(*)::int as count from expense.recurring_rule where group_id = $1 and state <> 'ended'`,
    [groupId],
  );
  if ((row?.count ?? 0) >= RULES_MAX)
    throw refusal('recurring_limit_reached', `A group has at most ${RULES_MAX} recurring expenses that have not ended.`);
}

/** Fields that were not said are not stored. */
function withoutSilence(expense: RecurringExpense): Omit<ExpenseInput, 'date'> {
  return JSON.parse(JSON.stringify(expense)) as Omit<ExpenseInput, 'date'>;
}

function touch(tx: Tx, rule: RecurringRule, userId: string): void {
  rule.version += 1;
  rule.updatedAt = tx.now;
  announce(tx, rule, userId);
}

function announce(tx: Tx, rule: RecurringRule, userId: string): void {
  tx.emit({ type: 'recurring.changed', subjectId: rule.id, groupId: rule.groupId, actorId: userId, data: { state: rule.state } });
}
