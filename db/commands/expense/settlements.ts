import { v7 as uuidv7 } from 'uuid';
import { reservationDeltas } from '../../../domain/balance.ts';
import { type GroupState, moveGroup } from '../../../domain/group.ts';
import { MAX_MINOR, moneyFromWire, moneyToWire, type MoneyWire } from '../../../domain/money.ts';
import type { SettlementStrategy } from '../../../domain/plan.ts';
import { planStably } from '../../../domain/plan-stable.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { findPairs, findPlanBase } from '../../queries/expense/balances.ts';
import type { Tx } from '../../transact.ts';
import { addReserved } from './transfers.ts';

/** What a settlement asks to be planned. */
export interface PlanRequest {
  readonly settlementId: string;
  readonly groupId: string;
  readonly currencies: readonly string[];
  readonly strategy: SettlementStrategy;
  /** For the strategy `hub`. */
  readonly hub?: string | undefined;
}

/** One leg of a reserved plan. */
export interface ReservedLeg {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly money: MoneyWire;
}

/**
 * Plans a settlement over what is not reserved yet, and reserves it. Asked again, it gives the plan that it made.
 *
 * The group is taken FOR UPDATE: everybody who records holds it until their commit, so once it is ours no posting is
 * half seen, and the balances that the plan reads sum to zero.
 *
 * @returns no legs when nothing is owed.
 * @throws RefusalError not_found, deleted, and those of `planTransfers`.
 */
export async function planSettlement(tx: Tx, request: PlanRequest): Promise<readonly ReservedLeg[]> {
  const [group] = await tx.query<{ state: GroupState }>('select state from expense."group" where id = $1 for update', [request.groupId]);
  if (group === undefined) throw refusal('not_found', 'There is no such group.');
  const known = await findSnapshot(tx, request.settlementId);
  if (known !== null) return known;
  unwrap(moveGroup(group.state, 'settle'));
  const legs: ReservedLeg[] = [];
  for (const currency of request.currencies.toSorted()) legs.push(...(await planCurrency(tx, request, currency)));
  await reserve(tx, request, legs);
  return legs;
}

async function planCurrency(tx: Tx, { groupId, strategy, hub }: PlanRequest, currency: string): Promise<ReservedLeg[]> {
  const { balances, units, moved } = await findPlanBase(tx.query, groupId, currency);
  const pairs = strategy === 'pairwise' ? await findPairs(tx.query, groupId, currency) : [];
  const plan = unwrap(planStably({ balances, strategy, units, pairs, ...(hub === undefined ? {} : { hub }) }, moved));
  return plan.transfers.flatMap(({ from, to, minor }) =>
    payable(minor).map((part) => ({ id: uuidv7(), from, to, money: moneyToWire({ minor: part, currency }) })),
  );
}

/** A debt is a sum and may exceed the greatest payment: then it is paid in several legs. */
function payable(minor: bigint): bigint[] {
  const parts: bigint[] = [];
  for (let left = minor; left > 0n; left -= MAX_MINOR) parts.push(left < MAX_MINOR ? left : MAX_MINOR);
  return parts;
}

async function reserve(tx: Tx, request: PlanRequest, legs: readonly ReservedLeg[]): Promise<void> {
  const amounts = await tx.query<{ minor: string }>(
    `with leg as (
       select * from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::bigint[]) as l (id, from_id, to_id, currency, minor)
     ), kept as (
       insert into expense.plan_snapshot (settlement_id, group_id, transfers, created_at) values ($1::uuid, $2::uuid, $8::jsonb, $9::timestamptz)
     )
     insert into expense.reservation (transfer_id, settlement_id, group_id, from_member_id, to_member_id, currency, amount_minor, created_at)
     select id, $1::uuid, $2::uuid, from_id, to_id, currency, minor, $9::timestamptz from leg returning amount_minor as minor`,
    [
      request.settlementId,
      request.groupId,
      legs.map((leg) => leg.id),
      legs.map((leg) => leg.from),
      legs.map((leg) => leg.to),
      legs.map((leg) => leg.money.currency),
      legs.map((leg) => minorOf(leg).toString()),
      JSON.stringify(legs.map(({ id, from, to, money }) => ({ id, from, to, ...money }))),
      tx.now,
    ],
  );
  if (amounts.length !== legs.length) throw new Error('a leg was not reserved');
  const reserved = legs.map((leg) => ({ from: leg.from, to: leg.to, currency: leg.money.currency, minor: minorOf(leg) }));
  await addReserved(tx, request.groupId, reservationDeltas(reserved));
}

function minorOf(leg: ReservedLeg): bigint {
  return unwrap(moneyFromWire(leg.money)).minor;
}

async function findSnapshot(tx: Tx, settlementId: string): Promise<readonly ReservedLeg[] | null> {
  const [row] = await tx.query<{ transfers: { id: string; from: string; to: string; amount: string; currency: string }[] }>(
    'select transfers from expense.plan_snapshot where settlement_id = $1',
    [settlementId],
  );
  return row?.transfers.map(({ id, from, to, amount, currency }) => ({ id, from, to, money: { amount, currency } })) ?? null;
}
