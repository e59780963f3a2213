import { continueAsNew, proxyActivities, setHandler } from '@temporalio/workflow';
import type { ExpenseActivities } from '../../activities/expense/contract.ts';
import type { PaymentActivities, RefundPosting, RefundShown } from '../../activities/payment/contract.ts';
import { orRefusal } from '../shared/failures.ts';
import { retryNow, waitingFor } from '../shared/messages.ts';
import { onQueue, RETRY_PROFILES } from '../shared/retry-profiles.ts';
import { show } from '../shared/show.ts';
import { changedBell, handlersDone, shouldRollOver, waitForChange } from '../shared/waiting.ts';
import type { RefundInput } from './contract.ts';
import { nextLook, waitWords } from './pace.ts';

const gateway = proxyActivities<PaymentActivities>(RETRY_PROFILES.gateway);
const payment = proxyActivities<PaymentActivities>(RETRY_PROFILES.database);
const expense = proxyActivities<ExpenseActivities>(onQueue('expense'));

/**
 * Money going back: approval, the gateway's refund, the reversal in the ledger. What the gateway has given back cannot be
 * taken again, so there is no way back from there, only on: a ledger that refuses is shown to operators.
 *
 * @returns the state in which it ended.
 */
export async function refund(input: RefundInput): Promise<string> {
  const bell = changedBell();
  let seen = 'started';
  let looks = 0;
  setHandler(waitingFor, () => seen);
  setHandler(retryNow, () => {
    looks = 0;
    bell.ring();
    return seen;
  });

  for (let kind: string | null = null; ;) {
    bell.silence();
    const step = await gateway.advanceRefund.executeWithOptions({ summary: 'look, and ask the gateway' }, [
      { refundId: input.refundId, nowIso: new Date().toISOString() },
    ]);
    seen = step.shown.state;
    if (step.step === 'ended') return ended(step.shown, step.shown.state);
    if (step.step === 'post') {
      const state = await post(step.posting, step.shown);
      if (state !== null) return ended(step.shown, state);
    }
    const waitKind = step.step === 'post' ? 'operator' : step.kind;
    looks = waitKind === kind ? looks + 1 : 0;
    kind = waitKind;
    const next = nextLook(waitKind, looks, null, Date.now());
    showRefund(step.shown, waitWords(waitKind, next), next.needsAttention, next.atIso);
    if (shouldRollOver() && !bell.rang) {
      await handlersDone();
      await continueAsNew<typeof refund>(input);
    }
    if ((await waitForChange(bell, next.atIso, waitWords(waitKind, { ...next, atIso: null }))) === 'changed') looks = 0;
  }
}

/** Reverses in the ledger, then ends the refund. @returns its state, or null when the ledger refused. */
async function post(posting: RefundPosting, shown: RefundShown): Promise<string | null> {
  const posted = await orRefusal(expense.postRefund.executeWithOptions({ summary: 'reverse in the ledger' }, [posting]));
  if (!posted.ok) {
    show(shown.state, `The money went back, and the ledger refused the reversal: ${posted.code}.`, {
      failureCode: posted.code,
      needsAttention: true,
    });
    return null;
  }
  const done = await payment.completeRefund.executeWithOptions({ summary: 'end the refund' }, [{ refundId: posting.refundId }]);
  return done.state;
}

async function ended(shown: RefundShown, state: string): Promise<string> {
  showRefund({ ...shown, state }, 'Ended.', false, null);
  await handlersDone();
  return state;
}

function showRefund(shown: RefundShown, words: string, needsAttention: boolean, nextStepAt: string | null): void {
  const { groupId, method, currency, failureCode } = shown;
  show(shown.state, words, { groupId, paymentMethod: method, currency, failureCode, needsAttention, nextStepAt });
}
