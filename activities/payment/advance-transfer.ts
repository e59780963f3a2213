import { type AttemptNews, recordAttemptNews } from '../../db/commands/payment/attempts.ts';
import { cancelUnpaidLeg, noticeConfirmationOverdue, noticeGatewayEventsSeen } from '../../db/commands/payment/transfer-process.ts';
import { type AttemptWork, readTransferWork, type TransferWork } from '../../db/queries/payment/transfer-work.ts';
import { read } from '../../db/transact.ts';
import { formatAmount } from '../../domain/money.ts';
import { refusal } from '../../domain/refusal.ts';
import { type ActivityDeps, runCommand } from '../edge.ts';
import type { PaymentPosting, TransferShown, TransferStep } from './contract.ts';
import type { Charge, ChargeOutcome, Gateway, Seen } from './gateways/gateway.ts';
import type { Gateways } from './gateways/registry.ts';
import { type Decision, decideTransfer, isKeyKept } from './transfer-decision.ts';

/** Most decisions of one look; a look that needs more has a mistake, and the next one goes on. */
const DECISIONS_MAX = 8;

/** What the activity works with besides the usual. */
export type AdvanceDeps = ActivityDeps & { readonly gateways: Gateways; readonly returnUrl: string };

/**
 * Looks at a transfer, asks its gateway where something is to be asked, stores the answer, and says what to do next.
 *
 * @throws RefusalError not_found when there is no such transfer.
 */
export async function advanceTransfer(deps: AdvanceDeps, input: { transferId: string; nowIso: string }): Promise<TransferStep> {
  const asked = new Set<string>();
  for (let count = 0; count < DECISIONS_MAX; count++) {
    const work = await readTransferWork((text, values) => read(deps.db, text, values), input.transferId);
    if (work === null) throw refusal('not_found', 'There is no such transfer.');
    const decision = decideTransfer(work, input.nowIso, asked);
    const step = stepOf(work, decision);
    if (step !== null) return step;
    await carryOut(deps, work, decision, input.nowIso, asked);
  }
  throw new Error('a look at a transfer did not come to an end');
}

function stepOf(work: TransferWork, decision: Decision): TransferStep | null {
  const shown = shownOf(work);
  if (decision.do === 'ended') return { step: 'ended', shown };
  if (decision.do === 'wait') return { step: 'wait', kind: decision.kind, untilIso: decision.untilIso, shown };
  if (decision.do === 'post') return { step: 'post', posting: postingOf(work, decision.attempt), shown };
  return null;
}

function shownOf(work: TransferWork): TransferShown {
  const { groupId, settlementId, state, method, currency, failureCode } = work;
  return { groupId, settlementId, state, method, currency, failureCode };
}

function postingOf(work: TransferWork, attempt: AttemptWork): PaymentPosting {
  return {
    paymentId: attempt.id,
    transferId: work.id,
    groupId: work.groupId,
    from: work.from,
    to: work.to,
    money: { amount: formatAmount(BigInt(attempt.amountMinor), work.currency), currency: work.currency },
    date: work.settlementId === null ? work.date : (attempt.capturedOn ?? work.date),
  };
}

async function carryOut(deps: AdvanceDeps, work: TransferWork, decision: Decision, nowIso: string, asked: Set<string>): Promise<void> {
  switch (decision.do) {
    case 'cancelLeg':
      return runCommand(deps, (tx) => cancelUnpaidLeg(tx, work.id));
    case 'noticeOverdue':
      return runCommand(deps, (tx) => noticeConfirmationOverdue(tx, work.id));
    case 'seen':
      return runCommand(deps, (tx) => noticeGatewayEventsSeen(tx, decision.attemptIds));
    case 'send':
    case 'ask':
    case 'cancel': {
      asked.add(decision.attempt.id);
      const news = await askGateway(deps, work, decision, nowIso);
      if (news !== null) await runCommand(deps, (tx) => recordAttemptNews(tx, work.id, news));
      return;
    }
    case 'ended':
    case 'wait':
    case 'post':
      return;
  }
}

async function askGateway(
  deps: AdvanceDeps,
  work: TransferWork,
  decision: Extract<Decision, { do: 'send' | 'ask' | 'cancel' }>,
  nowIso: string,
): Promise<AttemptNews | null> {
  const { attempt } = decision;
  const gateway = deps.gateways.find(attempt.gateway);
  // Taken out of the configuration while a payment was under way: it waits until somebody puts it back.
  if (gateway === null) return null;
  const charge = chargeOf(work, attempt, gateway, deps.returnUrl);
  if (charge === null) return { attemptId: attempt.id, event: 'gateway_canceled', failureCode: 'amount_not_payable' };
  const outcome = await outcomeOf(gateway, charge, attempt, decision.do, nowIso);
  return newsOf(attempt, charge, outcome, decision.do);
}

function chargeOf(work: TransferWork, attempt: AttemptWork, gateway: Gateway, returnUrl: string): Charge | null {
  const amount = gateway.amount(BigInt(attempt.amountMinor), work.currency);
  if (amount === null) return null;
  return {
    reference: attempt.id,
    transferId: work.id,
    idempotencyKey: attempt.idempotencyKey,
    amount,
    destination: attempt.destinationRef,
    paymentMethod: attempt.paymentMethodRef,
    returnUrl,
  };
}

async function outcomeOf(
  gateway: Gateway,
  charge: Charge,
  attempt: AttemptWork,
  wanted: 'send' | 'ask' | 'cancel',
  nowIso: string,
): Promise<ChargeOutcome> {
  if (wanted === 'send') return send(gateway, charge, attempt);
  // Without the gateway's id there is nothing to cancel yet: first it has to be found.
  if (wanted === 'cancel' && attempt.gatewayRef !== null) return gateway.cancel(charge, attempt.gatewayRef);
  const found = await gateway.lookup(charge, attempt.gatewayRef);
  const isAnswer = attempt.tries === 1 || attempt.tries === attempt.answeredTry || found.kind !== 'declined';
  if (found.kind !== 'not_found' && isAnswer) return found;
  // What the search does not find may not be indexed yet, and an earlier decline does not answer a later try: while the
  // key is kept, sending under it is the certain way to ask.
  return isKeyKept(attempt, nowIso) && attempt.tries > attempt.answeredTry ? send(gateway, charge, attempt) : found;
}

function send(gateway: Gateway, charge: Charge, attempt: AttemptWork): Promise<ChargeOutcome> {
  return attempt.tries > 1 && attempt.gatewayRef !== null
    ? gateway.confirmAgain(charge, attempt.gatewayRef, attempt.tries)
    : gateway.charge(charge);
}

function newsOf(attempt: AttemptWork, charge: Charge, outcome: ChargeOutcome, wanted: 'send' | 'ask' | 'cancel'): AttemptNews | null {
  const news = { attemptId: attempt.id, answeredTry: attempt.tries, askedTry: attempt.tries };
  if ('seen' in outcome) {
    if (isMismatch(charge, outcome.seen) || (attempt.gatewayRef !== null && attempt.gatewayRef !== outcome.ref))
      return { ...news, event: 'gateway_mismatch', gatewayRef: outcome.ref, failureCode: 'gateway_mismatch' };
  }
  switch (outcome.kind) {
    case 'succeeded':
      return { ...news, event: 'gateway_succeeded', gatewayRef: outcome.ref };
    case 'processing':
      return { ...news, event: 'gateway_processing', gatewayRef: outcome.ref };
    case 'requires_action':
      // Asking again must not write again while nothing changed.
      if (attempt.state === 'requires_action') return null;
      return { ...news, event: 'gateway_requires_action', gatewayRef: outcome.ref, nextAction: outcome.nextAction };
    case 'declined':
      return { ...news, event: 'gateway_declined', gatewayRef: outcome.ref, failureCode: outcome.failureCode };
    case 'canceled':
      return {
        ...news,
        event: 'gateway_canceled',
        gatewayRef: outcome.ref,
        failureCode: wanted === 'cancel' ? 'not_completed' : 'canceled',
      };
    case 'refused':
      return { ...news, event: 'gateway_canceled', failureCode: outcome.failureCode };
    case 'not_found':
      return { ...news, event: 'gateway_canceled', failureCode: 'never_arrived' };
    case 'later':
      return null;
    case 'unknown':
      return { attemptId: attempt.id, event: 'gateway_timed_out', askedTry: attempt.tries };
  }
}

function isMismatch(charge: Charge, seen: Seen): boolean {
  return (
    seen.reference !== charge.reference ||
    seen.amount.units !== charge.amount.units ||
    seen.amount.currency !== charge.amount.currency ||
    seen.destination !== charge.destination
  );
}
