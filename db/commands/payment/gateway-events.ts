import type { Tx } from '../../transact.ts';
import { emitTransfer } from './attempts.ts';

/** What a webhook tells of. */
export interface GatewayEventInput {
  readonly gateway: string;
  readonly eventId: string;
  readonly type: string;
  readonly about: 'charge' | 'refund' | 'account' | 'other';
  readonly ref: string;
  readonly reference: string | null;
}

/** Ids of ours as a gateway keeps them; anything else in their place is not ours. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Keeps a webhook once and wakes the process of what it is about, which fetches the current object. A second delivery,
 * and news of what is settled already, wake nobody.
 *
 * @returns whether it was new.
 */
export async function recordGatewayEvent(tx: Tx, input: GatewayEventInput): Promise<boolean> {
  const wake = await openObjectOf(tx, input);
  const rows = await tx.query(
    `insert into payment.gateway_event (gateway, event_id, type, object_ref, processed_at) values ($1, $2, $3, $4, $5) on conflict do nothing returning event_id`,
    [input.gateway, input.eventId, input.type, wake?.objectId ?? input.ref, wake === null ? tx.now : null],
  );
  if (rows.length === 0) return false;
  wake?.emit();
  return true;
}

interface Wake {
  readonly objectId: string;
  readonly emit: () => void;
}

/** The row that the event is about, unless nothing that a gateway tells can change it any more. */
async function openObjectOf(tx: Tx, input: GatewayEventInput): Promise<Wake | null> {
  const reference = input.reference !== null && UUID.test(input.reference) ? input.reference : null;
  if (input.about === 'charge') return openAttempt(tx, input, reference);
  if (input.about === 'refund') return openRefund(tx, input, reference);
  return null;
}

async function openAttempt(tx: Tx, input: GatewayEventInput, reference: string | null): Promise<Wake | null> {
  const [row] = await tx.query<{ id: string; transfer_id: string; group_id: string; settlement_id: string | null }>(
    `select a.id, a.transfer_id, t.group_id, t.settlement_id from payment.attempt a join payment.transfer t on t.id = a.transfer_id
     where a.gateway = $1 and (a.gateway_ref = $2 or a.id = $3) and a.state not in ('captured', 'succeeded')
       and not (a.state = 'canceled' and $4 like '%canceled') limit 1`,
    [input.gateway, input.ref, reference, input.type],
  );
  if (row === undefined) return null;
  const transfer = { id: row.transfer_id, groupId: row.group_id, settlementId: row.settlement_id };
  return { objectId: row.id, emit: () => emitTransfer(tx, transfer, 'transfer.gateway_reported') };
}

async function openRefund(tx: Tx, input: GatewayEventInput, reference: string | null): Promise<Wake | null> {
  const [row] = await tx.query<{ id: string; payment_id: string; group_id: string }>(
    `select r.id, r.payment_id, r.group_id from payment.refund r join payment.payment p on p.id = r.payment_id
     where p.method = $1 and (r.gateway_ref = $2 or r.id = $3) and r.ended_at is null limit 1`,
    [input.gateway, input.ref, reference],
  );
  if (row === undefined) return null;
  return {
    objectId: row.id,
    emit: () => tx.emit({ type: 'refund.gateway_reported', subjectId: row.id, groupId: row.group_id, data: { paymentId: row.payment_id } }),
  };
}
