import { type RefundNews, recordRefundNews } from '../../db/commands/payment/refunds.ts';
import { noticeGatewayEventsSeen } from '../../db/commands/payment/transfer-process.ts';
import { readRefundWork, type RefundWork } from '../../db/queries/payment/refund-work.ts';
import { read } from '../../db/transact.ts';
import { formatAmount } from '../../domain/money.ts';
import { refusal } from '../../domain/refusal.ts';
import { runCommand } from '../edge.ts';
import type { AdvanceDeps } from './advance-transfer.ts';
import type { RefundStep } from './contract.ts';
import type { Gateway, RefundOrder, RefundOutcome } from './gateways/gateway.ts';

/** The failure code of a refund whose answer does not fit what was sent; only a person goes on. */
const MISMATCH = 'gateway_mismatch';

/**
 * Looks at a refund, asks its gateway where something is to be asked, stores the answer, and says what to do next.
 *
 * The order is fixed: the gateway first, under the stored key, then the ledger. What the gateway has given back and the
 * ledger does not have yet is the state `processing`, from which every look goes on.
 *
 * @throws RefusalError not_found.
 */
export async function advanceRefund(deps: AdvanceDeps, input: { refundId: string }): Promise<RefundStep> {
  const work = await readWork(deps, input.refundId);
  const step = stepOf(work);
  if (step !== null) return step;
  await askGateway(deps, work);
  const after = await readWork(deps, input.refundId);
  return stepOf(after) ?? { step: 'wait', kind: after.state === 'unknown' ? 'unknown' : 'gateway', untilIso: null, shown: shownOf(after) };
}

async function readWork(deps: AdvanceDeps, refundId: string): Promise<RefundWork> {
  const work = await readRefundWork((text, values) => read(deps.db, text, values), refundId);
  if (work === null) throw refusal('not_found', 'There is no such refund.');
  return work;
}

/** What follows from the row alone; null where the gateway is to be asked. */
function stepOf(work: RefundWork): RefundStep | null {
  const shown = shownOf(work);
  if (work.state === 'succeeded' || work.state === 'failed' || work.state === 'rejected') return { step: 'ended', shown };
  if (work.state === 'requested') return { step: 'wait', kind: 'person', untilIso: null, shown };
  if (work.gatewayDone) return { step: 'post', posting: postingOf(work), shown };
  if (work.failureCode === MISMATCH) return { step: 'wait', kind: 'operator', untilIso: null, shown };
  return null;
}

async function askGateway(deps: AdvanceDeps, work: RefundWork): Promise<void> {
  const gateway = deps.gateways.find(work.method);
  if (gateway === null) return;
  const order = orderOf(work, gateway);
  // A crash after this leaves it `processing`, and the next look asks under the same key.
  if (work.state === 'approved') await runCommand(deps, (tx) => recordRefundNews(tx, work.id, { event: 'send' }));
  const outcome = await outcomeOf(gateway, order, work);
  const news = newsOf(work, order, outcome);
  if (news !== null) await runCommand(deps, (tx) => recordRefundNews(tx, work.id, news));
  await runCommand(deps, (tx) => noticeGatewayEventsSeen(tx, [work.id]));
}

/** A refund that was sent before is looked for first: listing by payment is certain, so what is not found was not done. */
async function outcomeOf(gateway: Gateway, order: RefundOrder, work: RefundWork): Promise<RefundOutcome> {
  if (!work.sent) return gateway.refund(order);
  const found = await gateway.lookupRefund(order, work.gatewayRef);
  return found.kind === 'not_found' ? gateway.refund(order) : found;
}

function orderOf(work: RefundWork, gateway: Gateway): RefundOrder {
  const amount = gateway.amount(BigInt(work.amountMinor), work.currency);
  if (amount === null || (work.chargeRef === null && gateway.capabilities.confirmedBy === 'gateway'))
    throw new Error('a refund of what the gateway cannot have charged');
  return { reference: work.id, idempotencyKey: work.idempotencyKey, chargeRef: work.chargeRef ?? '', amount };
}

function newsOf(work: RefundWork, order: RefundOrder, outcome: RefundOutcome): RefundNews | null {
  switch (outcome.kind) {
    case 'succeeded':
    case 'processing': {
      const { reference, amount } = outcome.seen;
      if (reference !== work.id || amount.units !== order.amount.units || amount.currency !== order.amount.currency)
        return { event: 'gateway_unknown', gatewayRef: outcome.ref, failureCode: MISMATCH };
      return { event: outcome.kind === 'succeeded' ? 'gateway_succeeded' : 'gateway_processing', gatewayRef: outcome.ref };
    }
    case 'failed':
      return { event: 'gateway_failed', gatewayRef: outcome.ref, failureCode: outcome.failureCode };
    case 'unknown':
      return { event: 'gateway_unknown' };
    case 'not_found':
    case 'later':
      return null;
  }
}

function shownOf(work: RefundWork): RefundStep['shown'] {
  return { groupId: work.groupId, state: work.state, method: work.method, currency: work.currency, failureCode: work.failureCode };
}

function postingOf(work: RefundWork): Extract<RefundStep, { step: 'post' }>['posting'] {
  return {
    refundId: work.id,
    groupId: work.groupId,
    from: work.from,
    to: work.to,
    money: { amount: formatAmount(BigInt(work.amountMinor), work.currency), currency: work.currency },
    date: work.date,
  };
}
