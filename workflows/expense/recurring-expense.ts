import { continueAsNew, proxyActivities, setHandler } from '@temporalio/workflow';
import type { ExpenseActivities } from '../../activities/expense/contract.ts';
import { orRefusal } from '../shared/failures.ts';
import { retryNow } from '../shared/messages.ts';
import { RETRY_PROFILES } from '../shared/retry-profiles.ts';
import { show } from '../shared/show.ts';
import { changedBell, handlersDone, shouldRollOver, waitForChange } from '../shared/waiting.ts';
import type { RecurringExpenseInput } from './contract.ts';

const { advanceRecurring } = proxyActivities<ExpenseActivities>(RETRY_PROFILES.database);

type Step = Awaited<ReturnType<ExpenseActivities['advanceRecurring']>>;

/**
 * Records an expense on each slot of its rule, until the rule is paused or ends. Nothing of the schedule is kept here: each look
 * reads the row, so an edit, a skip or another zone of the group counts at once, and what an outage has missed is caught up.
 *
 * @returns the state in which the rule is, and how many slots this process recorded.
 */
export async function recurringExpense(input: RecurringExpenseInput): Promise<{ state: string; recorded: number }> {
  const { ruleId } = input;
  let recorded = input.recorded ?? 0;
  const bell = changedBell();
  setHandler(retryNow, async () => {
    const looked = await orRefusal(advanceRecurring({ ruleId, nowIso: now() }));
    bell.ring();
    if (!looked.ok) return looked.code;
    recorded += looked.value.recorded;
    return looked.value.state;
  });
  for (;;) {
    bell.silence();
    const looked = await orRefusal(advanceRecurring({ ruleId, nowIso: now() }));
    if (!looked.ok) {
      show('gone', 'The rule is not there any more.', { failureCode: looked.code, nextStepAt: null });
      await handlersDone();
      return { state: 'gone', recorded };
    }
    const step = looked.value;
    recorded += step.recorded;
    showStep(step, recorded);
    if (step.state !== 'active') {
      await handlersDone();
      // Who resumed it while this run ended rang here: this run follows.
      if (bell.rang) continue;
      return { state: step.state, recorded };
    }
    if (shouldRollOver()) {
      await handlersDone();
      await continueAsNew<typeof recurringExpense>({ ruleId, recorded });
    }
    await waitForChange(bell, step.nextAtIso, `slot of ${step.nextOn ?? '-'}`);
  }
}

function showStep({ groupId, state, nextOn, nextAtIso, problem }: Step, recorded: number): void {
  const next = nextAtIso === null ? '' : ` Next slot ${nextOn ?? '-'}; next step at ${nextAtIso}.`;
  const halted =
    problem === null
      ? ''
      : ` The slot of ${nextOn ?? '-'} was refused: \`${problem}\`. Who made the rule is told; resuming it tries again.`;
  show(state, `${recorded} slots recorded by this process.${next}${halted}`, { groupId, nextStepAt: nextAtIso, failureCode: problem });
}

function now(): string {
  return new Date().toISOString();
}
