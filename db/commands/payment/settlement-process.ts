import { type MoneyWire, moneyFromWire } from '../../../domain/money.ts';
import { unwrap } from '../../../domain/refusal.ts';
import type { Tx } from '../../transact.ts';
import { lockSettlement, refreshSettlementState } from './settlements.ts';

/** One leg of a plan, as the expense service made it. */
export interface PlannedLeg {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly money: MoneyWire;
}

/**
 * Stores the plan of a settlement once. An empty plan ends it as cancelled; where a cancellation came first, every leg is
 * stored as cancelled, so that its reservation is released like any other.
 */
export async function storePlan(tx: Tx, settlementId: string, legs: readonly PlannedLeg[]): Promise<void> {
  const settlement = await lockSettlement(tx, settlementId);
  if (settlement.state !== 'planning') return;
  const minors = legs.map((leg) => unwrap(moneyFromWire(leg.money)).minor.toString());
  await tx.query(
    `insert into payment.transfer (id, settlement_id, group_id, from_member_id, to_member_id, currency, amount_minor, method, date, due_at, created_by, state, ended_at)
     select l.id, s.id, s.group_id, l.from_id, l.to_id, l.currency, l.minor, s.method, current_date, s.due_at, s.created_by,
       case when s.cancel_requested_at is null then 'planned' else 'cancelled' end, s.cancel_requested_at
     from payment.settlement s, unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[]) as l (id, from_id, to_id, currency, minor)
     where s.id = $1 on conflict (id) do nothing`,
    [
      settlementId,
      legs.map((leg) => leg.id),
      legs.map((leg) => leg.from),
      legs.map((leg) => leg.to),
      legs.map((leg) => leg.money.currency),
      minors,
    ],
  );
  await tx.query('update payment.settlement set planned_at = $2, updated_at = $2 where id = $1', [settlementId, tx.now]);
  await refreshSettlementState(tx, settlementId);
  tx.emit({ type: 'settlement.planned', subjectId: settlementId, groupId: settlement.groupId, data: { transfers: legs.length } });
}

/**
 * Notes that reservations of cancelled legs are released, and ends the settlement when nothing is left to do: its
 * currencies may be settled again from then on. Harmless to repeat.
 */
export async function noteReleased(tx: Tx, settlementId: string, transferIds: readonly string[]): Promise<void> {
  const settlement = await lockSettlement(tx, settlementId);
  await tx.query(
    `update payment.transfer set released_at = $3 where settlement_id = $1 and id = any($2::uuid[]) and state = 'cancelled' and released_at is null`,
    [settlementId, transferIds, tx.now],
  );
  if (settlement.ended) return;
  const state = await refreshSettlementState(tx, settlementId);
  if (state === 'planning' || state === 'collecting') return;
  const held = await tx.query(
    `select 1 from payment.transfer where settlement_id = $1 and state = 'cancelled' and released_at is null limit 1`,
    [settlementId],
  );
  if (held.length > 0) return;
  await tx.query('update payment.settlement set ended_at = $2, updated_at = $2 where id = $1', [settlementId, tx.now]);
  await tx.query('update payment.settlement_currency set open = false where settlement_id = $1', [settlementId]);
  tx.emit({ type: 'settlement.ended', subjectId: settlementId, groupId: settlement.groupId, data: { state } });
}

/** Notes once that a settlement has become due; reminders follow from the event. */
export async function noticeSettlementDue(tx: Tx, settlementId: string): Promise<void> {
  const rows = await tx.query<{ group_id: string; unpaid: string }>(
    `update payment.settlement s set due_noticed_at = $2 where s.id = $1 and due_noticed_at is null
     returning s.group_id, (select count(*) from payment.transfer t where t.settlement_id = s.id and t.state not in ('succeeded', 'cancelled')) as unpaid`,
    [settlementId, tx.now],
  );
  const [row] = rows;
  if (row === undefined) return;
  tx.emit({ type: 'settlement.due', subjectId: settlementId, groupId: row.group_id, data: { transfers: Number(row.unpaid) } });
}
