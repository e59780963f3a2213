import { continueAsNew, proxyActivities, setHandler } from '@temporalio/workflow';
import type { ExpenseActivities } from '../../activities/expense/contract.ts';
import type { PaymentActivities, PaymentPosting, TransferShown, TransferStep } from '../../activities/payment/contract.ts';
import { orRefusal } from '../shared/failures.ts';
import { retryNow, waitingFor } from '../shared/messages.ts';
import { onQueue, RETRY_PROFILES } from '../shared/retry-profiles.ts';
import { show } from '../shared/show.ts';
import { changedBell, handlersDone, shouldRollOver, waitForChange } from '../shared/waiting.ts';
import type { TransferInput } from './contract.ts';
import { nextLook, waitWords } from './pace.ts';

const gateway = proxyActivities<PaymentActivities>(RETRY_PROFILES.gateway);
const payment = proxyActivities<PaymentActivities>(RETRY_PROFILES.database);
const expense = proxyActivities<ExpenseActivities>(onQueue('expense'));

/**
 * One transfer, from the first try to pay until it is succeeded or cancelled. Every look starts from the row, so a second
 * start, a reset and a termination are harmless; what is sent to a gateway carries the key that the row holds.
 *
 * @returns the state in which it ended.
 */
export async function transfer(input: TransferInput): Promise<string> {
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
    const step = await gateway.advanceTransfer.executeWithOptions({ summary: 'look, and ask the gateway' }, [
      { transferId: input.transferId, nowIso: new Date().toISOString() },
    ]);
    seen = step.shown.state;
    if (step.step === 'ended') {
      // Whoever paid again during the look rang here, and nobody will ring again: the end is a look too old.
      if (bell.rang) continue;
      return ended(step.shown, step.shown.state);
    }
    if (step.step === 'post') {
      const state = await post(step.posting, step.shown);
      if (state === 'succeeded' || state === 'cancelled') return ended(step.shown, state);
      if (state !== null) continue;
    }
    const wait = step.step === 'post' ? REFUSED_BY_LEDGER : step;
    looks = wait.kind === kind ? looks + 1 : 0;
    kind = wait.kind;
    const next = nextLook(wait.kind, looks, wait.untilIso, Date.now());
    showTransfer(step.shown, waitWords(wait.kind, next), next.needsAttention, next.atIso);
    if (shouldRollOver() && !bell.rang) {
      await handlersDone();
      await continueAsNew<typeof transfer>(input);
    }
    // A ring during the look asks for another one at once; a change begins the pauses anew.
    if ((await waitForChange(bell, next.atIso, waitWords(wait.kind, { ...next, atIso: null }))) === 'changed') looks = 0;
  }
}

/** The ledger refuses for good what the payer has paid: nobody but a person can go on. */
const REFUSED_BY_LEDGER: Pick<Extract<TransferStep, { step: 'wait' }>, 'kind' | 'untilIso'> = { kind: 'operator', untilIso: null };

/** Posts to the ledger, then makes it a payment. @returns the transfer's state, or null when the ledger refused. */
async function post(posting: PaymentPosting, shown: TransferShown): Promise<string | null> {
  const posted = await orRefusal(expense.postTransfer.executeWithOptions({ summary: 'post to the ledger' }, [posting]));
  if (!posted.ok) {
    show(shown.state, `The ledger refused the posting: ${posted.code}.`, { failureCode: posted.code, needsAttention: true });
    return null;
  }
  const { transferId, paymentId } = posting;
  const done = await payment.completePayment.executeWithOptions({ summary: 'make it a payment' }, [{ transferId, paymentId }]);
  return done.state;
}

async function ended(shown: TransferShown, state: string): Promise<string> {
  showTransfer({ ...shown, state }, 'Ended.', false, null);
  await handlersDone();
  return state;
}

function showTransfer(shown: TransferShown, words: string, needsAttention: boolean, nextStepAt: string | null): void {
  const { groupId, settlementId, method, currency, failureCode } = shown;
  show(shown.state, words, { groupId, settlementId, paymentMethod: method, currency, failureCode, needsAttention, nextStepAt });
}
