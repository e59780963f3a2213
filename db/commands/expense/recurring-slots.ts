import { addDays, nextSlot, nextSlots, PREVIEW_SLOTS } from '../../../domain/recurrence.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { RecurringRule } from '../../entities/expense/recurring-rule.ts';
import { scheduleOf, skippedAhead } from '../../queries/expense/recurring.ts';
import type { Tx } from '../../transact.ts';

/**
 * Settles a slot of a locked rule, once: its key refuses a second time.
 *
 * @param date null for the next slot; later ones can only be skipped.
 * @param expenseId the expense that it has; null to skip it.
 * @throws RefusalError no_such_slot.
 */
export async function settleSlot(tx: Tx, rule: RecurringRule, date: string | null, expenseId: string | null): Promise<void> {
  const skipped = await skippedAhead(tx.query, rule);
  const slots = nextSlots(scheduleOf(rule), { after: rule.lastOn ?? null, used: rule.used, skipped }, PREVIEW_SLOTS);
  const slot = date ?? slots[0];
  if (slot === undefined || !slots.includes(slot)) throw refusal('no_such_slot', 'This is none of the next slots.', '/date');
  await tx.query('insert into expense.recurring_slot (rule_id, on_date, expense_id, at) values ($1, $2, $3, $4)', [
    rule.id,
    slot,
    expenseId,
    tx.now.toISOString(),
  ]);
  advance(rule, new Set([...skipped, slot]));
}

/** Passes over the slots before a day, which nobody wants any more; they do not count as given. */
export async function passTo(tx: Tx, rule: RecurringRule, day: string): Promise<void> {
  const before = addDays(day, -1);
  if (rule.lastOn == null || rule.lastOn < before) rule.lastOn = before;
  advance(rule, await skippedAhead(tx.query, rule));
}

/** Finds the next slot of a rule whose schedule has changed. */
export async function replan(tx: Tx, rule: RecurringRule): Promise<void> {
  advance(rule, await skippedAhead(tx.query, rule));
}

/**
 * Says that the recurring expenses of a group that is held for update are others now: they show, and record, who remains of a merge, and
 * are due by the clock of the group's zone. Whoever holds their version has to read them again.
 */
export async function touchRules(tx: Tx, groupId: string): Promise<void> {
  const touched = await tx.query<{ id: string; state: 'active' | 'paused' }>(
    `update expense.recurring_rule set version = version + 1, updated_at = $2 where group_id = $1 and state <> 'ended' returning id, state`,
    [groupId, tx.now],
  );
  // Their processes look again: one may just have been refused for who was merged, another one wait for a time that is none any more.
  for (const { id, state } of touched) tx.emit({ type: 'recurring.changed', subjectId: id, groupId, data: { state } });
}

/** Moves on to the first slot that is not settled yet; a rule without one has ended. */
function advance(rule: RecurringRule, settled: ReadonlySet<string>): void {
  const schedule = scheduleOf(rule);
  let slot = nextSlot(schedule, rule.lastOn ?? null, rule.used);
  while (slot !== null && settled.has(slot)) {
    rule.lastOn = slot;
    rule.used += 1;
    slot = nextSlot(schedule, slot, rule.used);
  }
  rule.nextOn = slot;
  if (slot === null) rule.state = 'ended';
}
