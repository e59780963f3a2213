import { continueAsNew, proxyActivities, setHandler } from '@temporalio/workflow';
import type { NotificationActivities, ReminderStepResult } from '../../activities/notification/contract.ts';
import { stop } from '../shared/messages.ts';
import { RETRY_PROFILES } from '../shared/retry-profiles.ts';
import { show } from '../shared/show.ts';
import { changedBell, handlersDone, shouldRollOver, waitForChange } from '../shared/waiting.ts';
import type { ReminderCadenceInput } from './contract.ts';

const { stepReminder, stopReminder } = proxyActivities<NotificationActivities>(RETRY_PROFILES.database);

/**
 * Reminds one member of the debts in one group at the times of the row's cadence, until the debt is gone, no reminder
 * is left, or somebody stops it.
 *
 * @returns the state in which the reminder ended, and how many were sent.
 */
export async function reminderCadence(input: ReminderCadenceInput): Promise<{ state: string; sent: number }> {
  const { groupId, memberId } = input;
  const bell = changedBell();
  setHandler(stop, async () => {
    const { state } = await stopReminder({ groupId, memberId, nowIso: now() });
    bell.ring();
    return state;
  });
  for (;;) {
    bell.silence();
    const step = await stepReminder({ groupId, memberId, nowIso: now() });
    showStep(step);
    if (step.state === 'stopped' || step.state === 'done' || step.state === 'none') {
      await handlersDone();
      // A reminder that was made anew while this one ended is followed by this run.
      if (bell.rang) continue;
      return { state: step.state, sent: step.sent };
    }
    if (shouldRollOver()) {
      await handlersDone();
      await continueAsNew<typeof reminderCadence>(input);
    }
    await waitForChange(bell, step.nextAtIso, step.state === 'snoozed' ? 'end of the snooze' : `reminder ${step.sent + 1} of ${step.max}`);
  }
}

function showStep({ state, sent, max, nextAtIso, reminderId }: ReminderStepResult): void {
  const next = nextAtIso === null ? '' : ` Next step at ${nextAtIso}.`;
  show(state, `Reminder ${reminderId ?? '-'}: ${sent} of ${max} sent.${next}`, { nextStepAt: nextAtIso });
}

function now(): string {
  return new Date().toISOString();
}
