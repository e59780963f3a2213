import { countNotificationTraces, eraseRecipient } from '../../db/commands/notification/erasure.ts';
import { NOTIFICATION_EXPORT } from '../../db/queries/notification/export-files.ts';
import { lookAtDeliveries, reviveDeliveries } from '../../db/commands/notification/deliveries.ts';
import { stepReminder, stopLiveReminder } from '../../db/commands/notification/reminder-step.ts';
import type { Tx } from '../../db/transact.ts';
import { activityEdge, runCommand, type ActivityDeps } from '../edge.ts';
import { personActivities } from '../shared/person.ts';
import { announceErasure } from './announce-erasure.ts';
import { createChannels } from './channels/registry.ts';
import type { NotificationActivities } from './contract.ts';
import { sendLetter } from './send-letter.ts';

/** Makes the activities of the notification service. */
export function createNotificationActivities(deps: ActivityDeps): NotificationActivities {
  const channels = createChannels(deps.env);
  const publicUrl = deps.env.PUBLIC_URL?.replace(/\/+$/, '') ?? `http://localhost:${deps.env.PORT}`;
  return activityEdge<NotificationActivities>(
    {
      ...personActivities(deps, { files: NOTIFICATION_EXPORT, erase: eraseRecipient, traces: countNotificationTraces }),
      announceErasure: (input) => announceErasure(deps, channels, publicUrl, input),
      lookAtDeliveries: ({ recipientId, nowIso }) => runCommand(deps, (tx) => lookAtDeliveries(tx, recipientId, new Date(nowIso))),
      sendLetter: (input) => sendLetter(deps, channels, publicUrl, input),
      reviveDeliveries: async ({ recipientId }) => ({ revived: await runCommand(deps, (tx) => reviveDeliveries(tx, recipientId)) }),
      stepReminder: async (input) => {
        const { nextAt, ...step } = await runCommand(deps, (tx) => stepReminder(tx, input, laterOf(tx, input.nowIso)));
        return { ...step, nextAtIso: nextAt === null ? null : nextAt.toISOString() };
      },
      stopReminder: async (input) => ({ state: await runCommand(deps, (tx) => stopLiveReminder(tx, input, laterOf(tx, input.nowIso))) }),
    },
    deps.logger,
  );
}

/** The workflow's time, or ours where the activity had to wait: nobody is reminded at night because Postgres was away by day. */
function laterOf(tx: Tx, nowIso: string): Date {
  const workflowTime = new Date(nowIso);
  return workflowTime > tx.now ? workflowTime : tx.now;
}
