import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { continueAsNew, ParentClosePolicy, proxyActivities, setHandler, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import type { ExpenseActivities } from '../../activities/expense/contract.ts';
import type { PaymentActivities, SettlementShown, SettlementStep } from '../../activities/payment/contract.ts';
import { workflowId } from '../../domain/events.ts';
import { orRefusal } from '../shared/failures.ts';
import { retryNow, waitingFor } from '../shared/messages.ts';
import { onQueue, RETRY_PROFILES } from '../shared/retry-profiles.ts';
import { show } from '../shared/show.ts';
import { changedBell, handlersDone, shouldRollOver, waitForChange } from '../shared/waiting.ts';
import { type SettlementInput, transferProcess } from './contract.ts';
import type { transfer } from './transfer.ts';

const payment = proxyActivities<PaymentActivities>(RETRY_PROFILES.database);
const expense = proxyActivities<ExpenseActivities>(onQueue('expense'));

/** Children started at once; the single-node server starts about 50 a second. */
const CHILDREN_AT_ONCE = 20;

/**
 * A plan being paid: reserves and plans, gives each leg a process of its own, tells when it is due, and ends when every
 * leg has. No leg is awaited: each end is a `changed`, and what became of it is in Postgres.
 *
 * @returns the state in which it ended.
 */
export async function settlement(input: SettlementInput): Promise<string> {
  const { settlementId } = input;
  const bell = changedBell();
  const started = new Set<string>();
  let seen = 'started';
  setHandler(waitingFor, () => seen);
  setHandler(retryNow, () => {
    // Whoever asks for a retry may have seen a leg's process missing.
    started.clear();
    bell.ring();
    return seen;
  });

  for (;;) {
    bell.silence();
    const step = await payment.advanceSettlement.executeWithOptions({ summary: 'look at the rows' }, [
      { settlementId, nowIso: new Date().toISOString() },
    ]);
    seen = step.shown.state;
    if (step.step === 'ended') return ended(step.shown);
    if (step.step === 'plan') {
      await plan(settlementId, step);
      continue;
    }
    if (step.step === 'release') {
      await release(settlementId, step);
      continue;
    }
    await startLegs(step.openTransferIds, started);
    showSettlement(
      step.shown,
      `${step.shown.legsOpen} of ${step.shown.legs} transfers are open. Each has a workflow of its own.`,
      step.untilIso,
    );
    if (shouldRollOver() && !bell.rang) {
      await handlersDone();
      await continueAsNew<typeof settlement>(input);
    }
    await waitForChange(bell, step.untilIso, 'due: reminders start');
  }
}

/** Has the expense service reserve and plan. What it refuses for good, such as a deleted group, leaves nothing to settle. */
async function plan(settlementId: string, step: Extract<SettlementStep, { step: 'plan' }>): Promise<void> {
  const { groupId, currencies, strategy, hub } = step;
  showSettlement(step.shown, `Plans ${currencies.join(', ')}.`, null);
  const planned = await orRefusal(
    expense.planSettlement.executeWithOptions({ summary: 'reserve and plan' }, [
      { settlementId, groupId, currencies, strategy, ...(hub === undefined ? {} : { hub }) },
    ]),
  );
  if (!planned.ok) show('planning', `The plan was refused: ${planned.code}.`, { failureCode: planned.code });
  const transfers = planned.ok ? planned.value.transfers : [];
  await payment.storePlan.executeWithOptions({ summary: `store ${transfers.length} transfers` }, [{ settlementId, transfers }]);
}

async function release(settlementId: string, step: Extract<SettlementStep, { step: 'release' }>): Promise<void> {
  const { groupId, transferIds } = step;
  if (transferIds.length > 0)
    await expense.releaseTransfers.executeWithOptions({ summary: `release ${transferIds.length} reservations` }, [
      { groupId, transferIds },
    ]);
  await payment.noteReleased.executeWithOptions({ summary: 'note what is released' }, [{ settlementId, transferIds }]);
}

async function startLegs(transferIds: readonly string[], started: Set<string>): Promise<void> {
  const missing = transferIds.filter((id) => !started.has(id));
  for (let start = 0; start < missing.length; start += CHILDREN_AT_ONCE) {
    await Promise.all(missing.slice(start, start + CHILDREN_AT_ONCE).map(startLeg));
  }
  for (const id of missing) started.add(id);
}

async function startLeg(transferId: string): Promise<void> {
  const input = transferProcess.input(transferId);
  try {
    await startChild<typeof transfer>(transferProcess.process, {
      workflowId: workflowId('transfer', transferId),
      args: [input],
      // A leg outlives its settlement's workflow, which may be terminated or continue as new.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      typedSearchAttributes: transferProcess.attributes(input),
      staticSummary: transferProcess.summary(input),
      staticDetails: transferProcess.details,
    });
  } catch (error) {
    // Somebody paid already, or a former run started it.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

async function ended(shown: SettlementShown): Promise<string> {
  showSettlement(shown, 'Ended.', null);
  await handlersDone();
  return shown.state;
}

function showSettlement(shown: SettlementShown, words: string, nextStepAt: string | null): void {
  show(shown.state, words, { groupId: shown.groupId, nextStepAt });
}
