import type { AttemptState } from '../../../domain/attempt.ts';
import type { TransferState } from '../../../domain/transfer.ts';
import type { Tx } from '../../transact.ts';

/** A try of a transfer as its process looks at it. */
export interface AttemptWork {
  readonly id: string;
  readonly epoch: number;
  readonly gateway: string;
  readonly idempotencyKey: string;
  readonly amountMinor: string;
  readonly state: AttemptState;
  readonly gatewayRef: string | null;
  readonly paymentMethodRef: string | null;
  readonly destinationRef: string | null;
  readonly failureCode: string | null;
  readonly tries: number;
  readonly answeredTry: number;
  /** RFC 3339: until then the gateway still knows the key. */
  readonly keptUntilIso: string;
  /** RFC 3339: when it was last sent, or claimed. */
  readonly sentAtIso: string;
  readonly capturedOn: string | null;
  readonly overdueNoticed: boolean;
  /** A webhook told of it and nobody has looked yet. */
  readonly reported: boolean;
}

/** A transfer as its process looks at it; attempts the newest first. */
export interface TransferWork {
  readonly id: string;
  readonly settlementId: string | null;
  readonly groupId: string;
  readonly from: string;
  readonly to: string;
  readonly currency: string;
  readonly state: TransferState;
  readonly method: string;
  readonly failureCode: string | null;
  /** The day for the ledger of a payment outside a settlement. */
  readonly date: string;
  readonly cancelRequested: boolean;
  readonly attempts: readonly AttemptWork[];
}

const ATTEMPT = `json_build_object('id', a.id, 'epoch', a.epoch, 'gateway', a.gateway, 'idempotencyKey', a.idempotency_key, 'amountMinor', a.amount_minor::text,
  'state', a.state, 'gatewayRef', a.gateway_ref, 'paymentMethodRef', a.payment_method_ref, 'destinationRef', a.destination_ref, 'failureCode', a.failure_code,
  'tries', a.tries, 'answeredTry', a.answered_try, 'keptUntilIso', coalesce(a.kept_until, a.created_at), 'sentAtIso', coalesce(a.sent_at, a.created_at),
  'capturedOn', a.captured_on, 'overdueNoticed', a.overdue_noticed_at is not null,
  'reported', exists (select 1 from payment.gateway_event e where e.object_ref = a.id::text and e.processed_at is null))`;

/** Reads a transfer for its process; null when there is no such row. */
export async function readTransferWork(query: Tx['query'], transferId: string): Promise<TransferWork | null> {
  const [row] = await query<{
    id: string;
    settlement_id: string | null;
    group_id: string;
    from_member_id: string;
    to_member_id: string;
    currency: string;
    state: TransferState;
    method: string;
    failure_code: string | null;
    date: string;
    cancel_requested: boolean;
    attempts: AttemptWork[] | null;
  }>(
    `select t.id, t.settlement_id, t.group_id, t.from_member_id, t.to_member_id, t.currency, t.state, t.method, t.failure_code, t.date::text as date,
       coalesce((select s.cancel_requested_at is not null from payment.settlement s where s.id = t.settlement_id), false) as cancel_requested,
       (select json_agg(${ATTEMPT} order by a.epoch desc) from payment.attempt a where a.transfer_id = t.id) as attempts
     from payment.transfer t where t.id = $1`,
    [transferId],
  );
  if (row === undefined) return null;
  return {
    id: row.id,
    settlementId: row.settlement_id,
    groupId: row.group_id,
    from: row.from_member_id,
    to: row.to_member_id,
    currency: row.currency,
    state: row.state,
    method: row.method,
    failureCode: row.failure_code,
    date: row.date,
    cancelRequested: row.cancel_requested,
    attempts: row.attempts ?? [],
  };
}
