import { v7 as uuidv7 } from 'uuid';
import { type AttemptEvent, type AttemptState, moveAttempt } from '../../../domain/attempt.ts';
import type { DomainEvent } from '../../../domain/events.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { moveTransfer, type TransferEvent, type TransferState } from '../../../domain/transfer.ts';
import { brokenUnique } from '../../errors.ts';
import type { Tx } from '../../transact.ts';

/** Stripe keeps a key for at least 24 hours: within this time sending again under the key is the same as asking. */
export const KEY_KEPT_HOURS = 23;

/** A way to pay as a command needs to know it; made from the gateway's adapter by the route. */
export interface PaymentWay {
  readonly gateway: 'stripe' | 'manual';
  readonly confirmedBy: 'gateway' | 'receiver';
  readonly needsPayoutAccount: boolean;
  /** Whether the gateway can carry this amount. */
  carries(minor: bigint, currency: string): boolean;
}

/** A transfer row that is locked. */
export interface LockedTransfer {
  readonly id: string;
  readonly settlementId: string | null;
  readonly groupId: string;
  readonly from: string;
  readonly to: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly paidMinor: bigint;
  readonly state: TransferState;
  readonly remindedAt: string | null;
}

/** Takes a transfer to change it; attempts and payments of it are only touched under this lock. */
export async function lockTransfer(tx: Tx, transferId: string): Promise<LockedTransfer> {
  const [row] = await tx.query<{
    settlement_id: string | null;
    group_id: string;
    from_member_id: string;
    to_member_id: string;
    currency: string;
    amount_minor: string;
    paid_minor: string;
    state: TransferState;
    reminded_at: string | null;
  }>(
    `select settlement_id, group_id, from_member_id, to_member_id, currency, amount_minor, paid_minor, state, reminded_at
     from payment.transfer where id = $1 for update`,
    [transferId],
  );
  if (row === undefined) throw refusal('not_found', 'There is no such transfer.');
  return {
    id: transferId,
    settlementId: row.settlement_id,
    groupId: row.group_id,
    from: row.from_member_id,
    to: row.to_member_id,
    currency: row.currency,
    amountMinor: BigInt(row.amount_minor),
    paidMinor: BigInt(row.paid_minor),
    state: row.state,
    remindedAt: row.reminded_at,
  };
}

/** What a try to pay is started with. */
export interface StartAttempt {
  readonly way: PaymentWay;
  readonly amountMinor: bigint;
  readonly paymentMethodRef: string | null;
  readonly userId: string;
}

/**
 * Stores a try to pay before anything is sent. The newest one, declined and only different in its payment method, is tried
 * again under its own key; any other needs a new epoch, before which the process cancels the declined one at the gateway.
 *
 * @throws RefusalError receiver_cannot_receive, amount_not_payable, payment_in_progress, wrong_state.
 */
export async function startAttempt(tx: Tx, transfer: LockedTransfer, input: StartAttempt): Promise<void> {
  const { way } = input;
  if (!way.carries(input.amountMinor, transfer.currency))
    throw refusal('amount_not_payable', `${way.gateway} cannot carry this amount of ${transfer.currency}.`, '/amount');
  const destination = way.needsPayoutAccount ? await destinationOf(tx, transfer, way.gateway) : null;
  const receiverConfirms = way.confirmedBy === 'receiver';
  const state = unwrap(moveTransfer(transfer.state, receiverConfirms ? 'pay_manually' : 'pay_by_gateway'));
  if (!(await sendAgain(tx, transfer, input, destination))) await insertAttempt(tx, transfer, input, destination);
  await tx.query(
    `update payment.transfer set state = $2, method = $3, failure_code = null, next_action = null, updated_at = $4, version = version + 1 where id = $1`,
    [transfer.id, state, way.gateway, tx.now],
  );
  if (receiverConfirms) emitTransfer(tx, transfer, 'transfer.confirmation_wanted', input.userId);
}

async function destinationOf(tx: Tx, transfer: LockedTransfer, gateway: string): Promise<string> {
  const [row] = await tx.query<{ account_ref: string }>(
    `select a.account_ref from expense_pub.membership_v1 m join payment.payout_account a on a.user_id = m.user_id and a.gateway = $2
     where m.member_id = $1 and a.charges_enabled`,
    [transfer.to, gateway],
  );
  if (row === undefined) throw refusal('receiver_cannot_receive', 'The receiver has no payout account that can receive money yet.');
  return row.account_ref;
}

async function sendAgain(tx: Tx, transfer: LockedTransfer, input: StartAttempt, destination: string | null): Promise<boolean> {
  if (input.paymentMethodRef === null || input.way.confirmedBy === 'receiver') return false;
  const rows = await tx.query(
    `update payment.attempt set state = 'sent', tries = tries + 1, payment_method_ref = $6, failure_code = null, sent_at = $7,
       kept_until = $7::timestamptz + interval '${KEY_KEPT_HOURS} hours', updated_at = $7
     where transfer_id = $1 and state = 'declined' and gateway = $2 and amount_minor = $3 and currency = $4 and destination_ref is not distinct from $5
       and gateway_ref is not null and epoch = (select max(epoch) from payment.attempt where transfer_id = $1)
     returning id`,
    [transfer.id, input.way.gateway, input.amountMinor.toString(), transfer.currency, destination, input.paymentMethodRef, tx.now],
  );
  return rows.length > 0;
}

async function insertAttempt(tx: Tx, transfer: LockedTransfer, input: StartAttempt, destination: string | null): Promise<void> {
  const { gateway, confirmedBy } = input.way;
  try {
    await tx.query(
      `insert into payment.attempt (id, transfer_id, epoch, gateway, idempotency_key, amount_minor, currency, state, payment_method_ref, destination_ref, created_by, sent_at, kept_until)
       select $1::uuid, $2::uuid, e.epoch, $3::text, $3::text || ':' || $2::uuid::text || ':' || e.epoch, $4::bigint, $5::text, $6::text, $7::text, $8::text, $9::uuid, $10::timestamptz, $10::timestamptz + interval '${KEY_KEPT_HOURS} hours'
       from (select coalesce(max(epoch), 0) + 1 as epoch from payment.attempt where transfer_id = $2::uuid) e`,
      [
        uuidv7(),
        transfer.id,
        gateway,
        input.amountMinor.toString(),
        transfer.currency,
        confirmedBy === 'receiver' ? 'awaiting_confirmation' : 'created',
        input.paymentMethodRef,
        destination,
        input.userId,
        tx.now,
      ],
    );
  } catch (error) {
    if (brokenUnique(error) === 'attempt_one_open')
      throw refusal('payment_in_progress', 'A payment of this transfer is under way or not yet resolved.');
    throw error;
  }
}

/** News about an attempt that are to be recorded. */
export interface AttemptNews {
  readonly attemptId: string;
  readonly event: AttemptEvent;
  readonly gatewayRef?: string | null;
  readonly failureCode?: string | null;
  readonly nextAction?: { readonly type: string; readonly url?: string; readonly clientSecret?: string } | null;
  /** The try that the news answer, where they are the answer to one. */
  readonly answeredTry?: number;
  /** The try that was under way when the gateway was asked; `answeredTry` where it is not given. */
  readonly askedTry?: number;
}

/** What a try is called that took money although another one had taken its place. */
const UNEXPECTED_PAYMENT = 'unexpected_payment';

const TRANSFER_EVENT: Partial<Record<AttemptState, TransferEvent>> = {
  sent: 'gateway_processing',
  requires_action: 'gateway_processing',
  captured: 'gateway_succeeded',
  declined: 'gateway_failed',
  canceled: 'gateway_failed',
  unknown: 'gateway_unknown',
  quarantined: 'gateway_mismatch',
};

/**
 * Records what the gateway said about an attempt. Both state machines only move forward: news that come twice, late or
 * out of order change nothing.
 */
export async function recordAttemptNews(tx: Tx, transferId: string, told: AttemptNews): Promise<void> {
  const transfer = await lockTransfer(tx, transferId);
  const [attempt] = await tx.query<{ state: AttemptState; tries: number; newest: boolean }>(
    `select state, tries, epoch = (select max(epoch) from payment.attempt where transfer_id = $2) as newest from payment.attempt where id = $1 and transfer_id = $2`,
    [told.attemptId, transferId],
  );
  if (attempt === undefined) throw refusal('not_found', 'There is no such attempt.');
  if (isOutdated(told, attempt.tries)) return;
  // Another try stands in its place, so its money has nowhere to go: it is never posted instead of the other.
  const isUnexpected = told.event === 'gateway_succeeded' && !attempt.newest && attempt.state !== 'succeeded';
  const news: AttemptNews = isUnexpected ? { ...told, event: 'gateway_mismatch', failureCode: UNEXPECTED_PAYMENT } : told;
  const moved = moveAttempt(attempt.state, news.event);
  const next = moved.ok ? moved.value : attempt.state;
  await tx.query(
    `update payment.attempt set state = $2, gateway_ref = coalesce(gateway_ref, $3), failure_code = case when $2 in ('captured', 'succeeded') then null else coalesce($4, failure_code) end,
       answered_try = greatest(answered_try, $5), captured_on = case when $2 = 'captured' then coalesce(captured_on, $6::timestamptz::date) else captured_on end, updated_at = $6
     where id = $1`,
    [news.attemptId, next, news.gatewayRef ?? null, news.failureCode ?? null, news.answeredTry ?? 0, tx.now],
  );
  // A declined try that is being put away beside a newer one says nothing about the transfer, unless it took money after all.
  const concerns = attempt.newest || next === 'captured' || next === 'quarantined';
  const event = TRANSFER_EVENT[next];
  if (!concerns || event === undefined || (next === attempt.state && news.nextAction === undefined)) return;
  await moveTransferOn(tx, transfer, event, news);
  // A transfer that has succeeded stays so; that money came twice has to be seen all the same.
  if (next === 'quarantined' && transfer.state === 'succeeded') emitTransfer(tx, transfer, 'transfer.quarantined');
}

/**
 * Whether news of an earlier try come after the next one was sent, as from a worker that hung: they say nothing about
 * that. Money that moved, and the gateway's own word that nothing ever will, count whenever they come.
 */
function isOutdated(news: AttemptNews, tries: number): boolean {
  if (news.event === 'gateway_succeeded' || news.event === 'gateway_mismatch') return false;
  if (news.event === 'gateway_canceled' && news.gatewayRef != null) return false;
  return (news.askedTry ?? news.answeredTry ?? tries) < tries;
}

async function moveTransferOn(tx: Tx, transfer: LockedTransfer, event: TransferEvent, news: AttemptNews): Promise<void> {
  const moved = moveTransfer(transfer.state, event);
  if (!moved.ok) return;
  const failed = moved.value === 'failed' || moved.value === 'quarantined';
  await tx.query(
    `update payment.transfer set state = $2, failure_code = $3, next_action = $4, updated_at = $5, version = version + 1 where id = $1`,
    [
      transfer.id,
      moved.value,
      failed ? (news.failureCode ?? null) : null,
      moved.value === 'processing' && news.nextAction != null ? JSON.stringify(news.nextAction) : null,
      tx.now,
    ],
  );
  if (moved.value === 'processing' && news.nextAction != null) emitTransfer(tx, transfer, 'transfer.action_required');
  if (moved.value === transfer.state) return;
  if (moved.value === 'unknown') emitTransfer(tx, transfer, 'transfer.unknown');
  if (moved.value === 'quarantined') emitTransfer(tx, transfer, 'transfer.quarantined');
  if (moved.value === 'failed')
    tx.emit({
      type: 'transfer.failed',
      subjectId: transfer.id,
      groupId: transfer.groupId,
      data: { settlementId: transfer.settlementId, failureCode: news.failureCode ?? 'failed' },
    });
}

type PlainTransferEvent = Exclude<Extract<DomainEvent['type'], `transfer.${string}`>, 'transfer.failed'>;

/** Emits an event of a transfer that carries nothing but its settlement. */
export function emitTransfer(
  tx: Tx,
  transfer: Pick<LockedTransfer, 'id' | 'groupId' | 'settlementId'>,
  type: PlainTransferEvent,
  actorId?: string,
): void {
  tx.emit({
    type,
    subjectId: transfer.id,
    groupId: transfer.groupId,
    ...(actorId === undefined ? {} : { actorId }),
    data: { settlementId: transfer.settlementId },
  });
}
