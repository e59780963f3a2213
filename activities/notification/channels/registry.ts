import type { Env } from '../../../config/env.ts';
import type { Channel, ChannelName } from './channel.ts';
import { createEmailChannel } from './email.ts';

/** Makes every channel, once per process. */
export function createChannels(env: Pick<Env, 'SMTP_URL' | 'MAIL_FROM'>): Record<ChannelName, Channel> {
  return { email: createEmailChannel({ smtpUrl: env.SMTP_URL, from: env.MAIL_FROM }) };
}
