import { LockMode } from '@mikro-orm/postgresql';
import { v7 as uuidv7 } from 'uuid';
import type { MergedPair } from '../../../domain/merge.ts';
import { addDays } from '../../../domain/recurrence.ts';
import { refusal } from '../../../domain/refusal.ts';
import { RecurringRule } from '../../entities/expense/recurring-rule.ts';
import { afterMerges, mergesOf, timeZoneOf } from '../../queries/expense/recurring.ts';
import type { Tx } from '../../transact.ts';
import { startOfDay } from '../../zone-day.ts';
import { holdGroup, recordExpenses, type TieBreak } from './record.ts';
import { settleSlot } from './recurring-slots.ts';

/** Where a rule stands after a step of its process. */
export interface RuleStep {
  readonly groupId: string;
  readonly state: 'active' | 'paused' | 'ended';
  readonly nextOn: string | null;
  /** When its process has something to do; null while it is not active. */
  readonly nextAt: Date | null;
  /** Whether this step recorded a slot, so that the next one may be due as well. */
  readonly recorded: boolean;
}

/**
 * Does what is due of a rule: tells members of the next slot in advance, or records it. One slot a transaction.
 *
 * @param at the time that counts as now.
 * @throws RefusalError not_found, and whatever refuses the slot's expense: then see {@link haltRule}.
 */
export async function stepRule(tx: Tx, ruleId: string, at: Date, tieBreak: TieBreak): Promise<RuleStep> {
  const rule = await holdRule(tx, ruleId);
  const timeZone = await timeZoneOf(tx.query, rule.groupId);
  const { nextOn } = rule;
  if (rule.state !== 'active' || nextOn == null) return { ...stepOf(rule), nextAt: null, recorded: false };
  const dueAt = startOfDay(nextOn, timeZone);
  if (dueAt <= at) {
    await recordSlot(tx, rule, nextOn, tieBreak);
    const next = rule.state === 'active' && rule.nextOn != null ? wakeAt(rule, rule.nextOn, timeZone) : null;
    return { ...stepOf(rule), nextAt: next, recorded: true };
  }
  if (wakeAt(rule, nextOn, timeZone) <= at) {
    rule.noticedOn = nextOn;
    tx.emit({ type: 'recurring.upcoming', subjectId: rule.id, groupId: rule.groupId, data: { date: nextOn } });
  }
  return { ...stepOf(rule), nextAt: wakeAt(rule, nextOn, timeZone), recorded: false };
}

/**
 * Pauses a rule whose slot was refused, unless somebody has changed it meanwhile; who made it is told.
 *
 * @param refused the version of the rule that was refused, and the refusal's code.
 */
export async function haltRule(tx: Tx, ruleId: string, { version, code }: { version: number; code: string }): Promise<RuleStep> {
  const rule = await holdRule(tx, ruleId);
  const slot = rule.nextOn;
  if (rule.state === 'active' && rule.version === version && slot != null) {
    rule.state = 'paused';
    rule.problem = code;
    touch(tx, rule);
    const data = { date: slot, code, memberId: rule.createdBy };
    tx.emit({ type: 'recurring.halted', subjectId: rule.id, groupId: rule.groupId, data });
  }
  return { ...stepOf(rule), nextAt: null, recorded: false };
}

/** The group first, then the rule: the order of every command. */
async function holdRule(tx: Tx, ruleId: string): Promise<RecurringRule> {
  const [found] = await tx.query<{ group_id: string }>('select group_id from expense.recurring_rule where id = $1', [ruleId]);
  if (found === undefined) throw refusal('not_found', 'There is no such recurring expense.');
  await holdGroup(tx, found.group_id);
  const rule = await tx.em.findOne(RecurringRule, ruleId, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (rule === null) throw new Error(`recurring expense ${ruleId} vanished under its group's lock`);
  return rule;
}

async function recordSlot(tx: Tx, rule: RecurringRule, date: string, tieBreak: TieBreak): Promise<void> {
  const id = uuidv7();
  const merges = await mergesOf(tx.query, rule.groupId);
  const expense = afterMerges(rule.expense, merges);
  const userId = await makerOf(tx, rule, merges);
  await recordExpenses(tx, { groupId: rule.groupId, userId, expenses: [{ ...expense, id, date }], tieBreak });
  await settleSlot(tx, rule, null, id);
  touch(tx, rule);
}

async function makerOf(tx: Tx, rule: RecurringRule, merges: readonly MergedPair[]): Promise<string> {
  const memberId = merges.reduce((current, { from, into }) => (from === current ? into : current), rule.createdBy);
  const [row] = await tx.query<{ user_id: string | null }>(
    `select user_id from expense.member where id = $1 and group_id = $2 and state = 'active'`,
    [memberId, rule.groupId],
  );
  if (row?.user_id == null) throw refusal('member_not_active', 'Who made this has left the group.');
  return row.user_id;
}

/** When the process looks again: when members are to be told in advance, else when the slot is due. */
function wakeAt(rule: RecurringRule, slot: string, timeZone: string): Date {
  const told = rule.noticeDays === 0 || rule.noticedOn === slot;
  return startOfDay(told ? slot : addDays(slot, 0 - rule.noticeDays), timeZone);
}

function stepOf(rule: RecurringRule): Pick<RuleStep, 'groupId' | 'state' | 'nextOn'> {
  return { groupId: rule.groupId, state: rule.state, nextOn: rule.nextOn ?? null };
}

function touch(tx: Tx, rule: RecurringRule): void {
  rule.version += 1;
  rule.updatedAt = tx.now;
}
