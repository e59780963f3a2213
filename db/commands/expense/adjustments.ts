import { v7 as uuidv7 } from 'uuid';
import { moveGroup } from '../../../domain/group.ts';
import { adjustmentLines } from '../../../domain/ledger.ts';
import { moneyFromWire, moneyToWire, type MoneyWire } from '../../../domain/money.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { mayManageGroup } from '../../../domain/roles.ts';
import { Adjustment } from '../../entities/expense/adjustment.ts';
import { brokenUnique } from '../../errors.ts';
import type { Tx } from '../../transact.ts';
import { post } from './ledger.ts';
import { refuseLockedPeriod } from './period-lock.ts';
import { holdGroup, memberIn } from './record.ts';

/** By how much a member's balance is corrected. */
export interface AdjustmentInput {
  readonly memberId: string;
  readonly money: MoneyWire;
}

/**
 * Corrects balances: entries that sum to zero in each currency are posted, with their reason beside the ledger.
 *
 * @returns the adjustment's id.
 * @throws RefusalError not_found, forbidden, archived, deleted, period_locked, id_taken, unknown_member, member_not_active,
 *   balance_out_of_range, and those of `moneyFromWire` and `adjustmentLines`.
 */
export async function adjustBalances(
  tx: Tx,
  command: {
    readonly groupId: string;
    readonly userId: string;
    readonly id?: string | undefined;
    readonly entries: readonly AdjustmentInput[];
    readonly reason: string;
  },
): Promise<string> {
  const context = await holdGroup(tx, command.groupId);
  const member = memberIn(context, command.userId);
  const entries = command.entries.map(({ memberId, money }, index) => {
    const pointer = `/entries/${index}`;
    const named = context.members.get(memberId);
    if (named === undefined) throw refusal('unknown_member', 'This is not a member of the group.', `${pointer}/memberId`);
    if (!named.active) throw refusal('member_not_active', 'This member has left the group.', `${pointer}/memberId`);
    return { accountId: memberId, ...unwrap(moneyFromWire(money, `${pointer}/money`)) };
  });
  const lines = unwrap(adjustmentLines(entries));
  if (!mayManageGroup(member.role)) throw refusal('forbidden', 'Your role does not allow this.');
  unwrap(moveGroup(context.state, 'change'));
  const occurredOn = tx.now.toISOString().slice(0, 10);
  refuseLockedPeriod(context, [occurredOn]);
  const id = command.id ?? uuidv7();
  const postingId = uuidv7();
  tx.em.create(Adjustment, {
    id,
    groupId: command.groupId,
    entries: entries.map((entry) => ({ memberId: entry.accountId, money: moneyToWire(entry) })),
    reason: command.reason,
    createdBy: member.id,
    postingId,
    createdAt: tx.now,
  });
  try {
    await tx.em.flush();
  } catch (error) {
    if (brokenUnique(error) === 'adjustment_pkey') throw refusal('id_taken', 'This id is in use.', '/id');
    throw error;
  }
  await post(tx, [
    { id: postingId, groupId: command.groupId, kind: 'adjustment', sourceId: id, sourceVersion: 1, reversesId: null, occurredOn, lines },
  ]);
  tx.emit({ type: 'adjustment.posted', subjectId: id, groupId: command.groupId, actorId: command.userId, data: {} });
  return id;
}
