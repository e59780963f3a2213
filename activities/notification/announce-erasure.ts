import { openErasureLetter } from '../../db/commands/notification/deliveries.ts';
import { type ActivityDeps, runCommand } from '../edge.ts';
import type { Channel, ChannelName } from './channels/channel.ts';
import type { NotificationActivities } from './contract.ts';
import { sendLetter } from './send-letter.ts';

/**
 * Writes the last letter to a person and tries to send it, here and now: once the account is a pseudonym there is no address to
 * send it to. A second call tries again where it has not gone out.
 */
export async function announceErasure(
  deps: ActivityDeps,
  channels: Readonly<Record<ChannelName, Channel>>,
  publicUrl: string,
  { requestId, userId, nowIso }: Parameters<NotificationActivities['announceErasure']>[0],
): Promise<{ outcome: string }> {
  const deliveryId = await runCommand(deps, (tx) => openErasureLetter(tx, requestId, userId));
  if (deliveryId === null) return { outcome: 'nothing' };
  const { outcome } = await sendLetter(deps, channels, publicUrl, {
    channel: 'email',
    letter: 'erasure-asked',
    deliveryIds: [deliveryId],
    nowIso,
  });
  return { outcome };
}
