import { continueAsNew, proxyActivities, setHandler } from '@temporalio/workflow';
import type { DueDeliveriesResult, NotificationActivities } from '../../activities/notification/contract.ts';
import { retryNow } from '../shared/messages.ts';
import { RETRY_PROFILES } from '../shared/retry-profiles.ts';
import { show } from '../shared/show.ts';
import { changedBell, handlersDone, shouldRollOver, waitForChange } from '../shared/waiting.ts';
import type { DeliveryInput } from './contract.ts';

const { lookAtDeliveries, reviveDeliveries } = proxyActivities<NotificationActivities>(RETRY_PROFILES.database);
// Tries are counted in the row, with a back-off of minutes; what Temporal retries is only the way to that row.
const { sendLetter } = proxyActivities<NotificationActivities>({
  ...RETRY_PROFILES.channel,
  retry: RETRY_PROFILES.database.retry,
});

/**
 * Sends what is due to one recipient until nothing is pending and no dead letter is worth a look any more.
 *
 * @returns how many messages this run sent.
 */
export async function delivery(input: DeliveryInput): Promise<{ sent: number }> {
  const { recipientId } = input;
  const bell = changedBell();
  let sent = 0;
  setHandler(retryNow, async () => {
    const { revived } = await reviveDeliveries({ recipientId, nowIso: now() });
    bell.ring();
    return `${revived} to be tried again`;
  });
  for (;;) {
    bell.silence();
    const found = await lookAtDeliveries({ recipientId, nowIso: now() });
    for (const { channel, letter, deliveryIds } of found.due) {
      show('sending', `${deliveryIds.length} of ${letter} over ${channel}.`, { nextStepAt: null });
      const summary = `${letter} over ${channel}, ${deliveryIds.length} in one`;
      const { outcome } = await sendLetter.executeWithOptions({ summary }, [{ channel, letter, deliveryIds, nowIso: now() }]);
      if (outcome === 'sent') sent += deliveryIds.length;
    }
    if (shouldRollOver()) {
      await handlersDone();
      await continueAsNew<typeof delivery>(input);
    }
    if (found.due.length > 0) continue;
    const until = found.nextAtIso ?? found.deadUntilIso;
    showWaiting(found);
    if (until === null) {
      await handlersDone();
      // A wish that came while a handler ended is looked at; one that comes later starts a new run.
      if (!bell.rang) return { sent };
    } else {
      await waitForChange(bell, until, found.nextAtIso === null ? 'dead letters are given up' : 'next try');
    }
  }
}

function showWaiting({ nextAtIso, deadUntilIso, dead }: DueDeliveriesResult): void {
  const details: string[] = [];
  if (nextAtIso !== null) details.push(`Tries again at ${nextAtIso}.`);
  if (deadUntilIso !== null) details.push(`${dead} dead letter(s), which update \`retryNow\` revives until ${deadUntilIso}.`);
  const state = nextAtIso !== null ? 'waiting' : dead > 0 ? 'dead_letters' : 'delivered';
  show(state, details.join(' ') || 'Nothing is pending.', { needsAttention: dead > 0, nextStepAt: nextAtIso });
}

function now(): string {
  return new Date().toISOString();
}
