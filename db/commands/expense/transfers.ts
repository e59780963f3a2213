import { v7 as uuidv7 } from 'uuid';
import { type Reservation, releaseDeltas, type ReservedTransfer } from '../../../domain/balance.ts';
import { selfTransferLines, transferLines } from '../../../domain/ledger.ts';
import { moneyFromWire, type MoneyWire } from '../../../domain/money.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import type { Tx } from '../../transact.ts';
import { post } from './ledger.ts';

/** A payment, or a refund of one, as it is to be posted. */
export interface Payment {
  readonly groupId: string;
  readonly from: string;
  readonly to: string;
  readonly money: MoneyWire;
  /** Business day; where that is locked by now, the ledger has it on the first day that is not. */
  readonly date: string;
}

/**
 * Posts a payment: the payer's balance rises, the receiver's falls, and what is reserved for the transfer shrinks by
 * the same amount. Money that has moved is posted whatever the state of the group is; in a locked period nothing changes, so it is
 * posted after that. Posted once per payment.
 *
 * @returns the posting, also when it was there already.
 * @throws RefusalError not_found, balance_out_of_range, and those of `moneyFromWire`.
 */
export async function postTransfer(
  tx: Tx,
  payment: Payment & { readonly paymentId: string; readonly transferId: string },
): Promise<string> {
  const lockedUntil = await holdLedger(tx, payment.groupId);
  const known = await findPosting(tx, 'transfer', payment.paymentId);
  if (known !== null) return known;
  const leg = legOf(await survivingParties(tx, payment));
  const postingId = await postLeg(tx, openDay(payment, lockedUntil), 'transfer', payment.paymentId, leg);
  await shrinkReservation(tx, payment.groupId, payment.transferId, leg.minor);
  tx.emit({ type: 'ledger.transfer_posted', subjectId: postingId, groupId: payment.groupId, data: { transferId: payment.transferId } });
  return postingId;
}

/**
 * Posts a refund: the receiver of the payment gives back to its payer. Posted once per refund.
 *
 * @param refund `from` and `to` are those of the payment.
 * @returns the posting, also when it was there already.
 * @throws RefusalError not_found, balance_out_of_range, and those of `moneyFromWire`.
 */
export async function postRefund(tx: Tx, refund: Payment & { readonly refundId: string }): Promise<string> {
  const lockedUntil = await holdLedger(tx, refund.groupId);
  const known = await findPosting(tx, 'refund', refund.refundId);
  if (known !== null) return known;
  const { from, to, ...leg } = legOf(await survivingParties(tx, refund));
  const postingId = await postLeg(tx, openDay(refund, lockedUntil), 'refund', refund.refundId, { ...leg, from: to, to: from });
  tx.emit({ type: 'ledger.refund_posted', subjectId: postingId, groupId: refund.groupId, data: { refundId: refund.refundId } });
  return postingId;
}

/**
 * Gives back what transfers hold reserved; those without a reservation are passed over.
 *
 * @throws RefusalError not_found.
 */
export async function releaseTransfers(tx: Tx, groupId: string, transferIds: readonly string[]): Promise<void> {
  await holdLedger(tx, groupId);
  const rows = await tx.query<ReservationRow>(
    `with held as (select transfer_id from expense.reservation where group_id = $1 and transfer_id = any($2::uuid[]) order by transfer_id for update)
     delete from expense.reservation r using held where r.transfer_id = held.transfer_id
     returning r.from_member_id as "from", r.to_member_id as "to", r.currency, r.amount_minor as minor`,
    [groupId, transferIds],
  );
  await addReserved(tx, groupId, releaseDeltas(rows.map(toReserved)));
}

/** Changes what is reserved on balances, in sorted order. */
export async function addReserved(tx: Tx, groupId: string, deltas: readonly Reservation[]): Promise<void> {
  if (deltas.length === 0) return;
  await tx.query(
    `insert into expense.balance as kept (group_id, account_id, currency, reserved)
     select $1::uuid, d.account_id, d.currency, d.reserved from unnest($2::uuid[], $3::text[], $4::bigint[]) as d (account_id, currency, reserved)
     order by 1, 2, 3
     on conflict (group_id, account_id, currency) do update set reserved = kept.reserved + excluded.reserved`,
    [
      groupId,
      deltas.map((delta) => delta.accountId),
      deltas.map((delta) => delta.currency),
      deltas.map((delta) => delta.reserved.toString()),
    ],
  );
}

interface ReservationRow {
  readonly from: string;
  readonly to: string;
  readonly currency: string;
  readonly minor: string;
}

function toReserved(row: ReservationRow): ReservedTransfer {
  return { ...row, minor: BigInt(row.minor) };
}

/** Holds the group as recording does, whatever its state. Returns the first day that may still change, null where nothing is locked. */
async function holdLedger(tx: Tx, groupId: string): Promise<string | null> {
  const [held] = await tx.query<{ locked_until: string | null }>(
    'select locked_until::text from expense."group" where id = $1 for key share',
    [groupId],
  );
  if (held === undefined) throw refusal('not_found', 'There is no such group.');
  return held.locked_until;
}

/** What was asked for before a period was locked, and is confirmed or refunded after, changes the first day that still may. */
function openDay<P extends Payment>(payment: P, lockedUntil: string | null): P {
  return lockedUntil !== null && payment.date < lockedUntil ? { ...payment, date: lockedUntil } : payment;
}

async function findPosting(tx: Tx, kind: 'transfer' | 'refund', sourceId: string): Promise<string | null> {
  const [row] = await tx.query<{ id: string }>('select id from expense.posting where source_id = $1 and kind = $2', [sourceId, kind]);
  return row?.id ?? null;
}

/**
 * A payment between those whom its members turned out to be: one that was begun before a merge is posted to who remains.
 * Merges are rare and one after the other, so a chain is short.
 */
async function survivingParties<P extends Payment>(tx: Tx, payment: P): Promise<P> {
  const rows = await tx.query<{ id: string; surviving: string }>(
    `with recursive chain (id, surviving, next) as (
       select m.id, m.id, m.merged_into from expense.member m where m.id = any($1::uuid[])
       union all select c.id, m.id, m.merged_into from chain c join expense.member m on m.id = c.next
     ) select id, surviving from chain where next is null`,
    [[payment.from, payment.to]],
  );
  const surviving = new Map(rows.map((row) => [row.id, row.surviving]));
  return { ...payment, from: surviving.get(payment.from) ?? payment.from, to: surviving.get(payment.to) ?? payment.to };
}

function legOf(payment: Payment): ReservedTransfer {
  return { from: payment.from, to: payment.to, ...unwrap(moneyFromWire(payment.money)) };
}

async function postLeg(tx: Tx, payment: Payment, kind: 'transfer' | 'refund', sourceId: string, leg: ReservedTransfer): Promise<string> {
  const id = uuidv7();
  // Two who paid each other and are one by now: the ledger has the payment, and nothing moves.
  const lines = leg.from === leg.to ? selfTransferLines(leg) : transferLines(leg);
  await post(tx, [{ id, groupId: payment.groupId, kind, sourceId, sourceVersion: 1, reversesId: null, occurredOn: payment.date, lines }]);
  return id;
}

/** Both balance rows are locked by the posting already, so their order does not matter any more. */
async function shrinkReservation(tx: Tx, groupId: string, transferId: string, minor: bigint): Promise<void> {
  const [row] = await tx.query<ReservationRow>(
    `select from_member_id as "from", to_member_id as "to", currency, amount_minor as minor from expense.reservation
     where transfer_id = $1 and group_id = $2 for update`,
    [transferId, groupId],
  );
  if (row === undefined) return;
  const held = toReserved(row);
  const released = minor < held.minor ? minor : held.minor;
  await (released === held.minor
    ? tx.query('delete from expense.reservation where transfer_id = $1', [transferId])
    : tx.query('update expense.reservation set amount_minor = amount_minor - $2 where transfer_id = $1', [
        transferId,
        released.toString(),
      ]));
  await addReserved(tx, groupId, releaseDeltas([{ ...held, minor: released }]));
}
