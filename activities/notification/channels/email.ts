// oxlint-disable-next-line no-restricted-imports -- this is its adapter.
import { createTransport } from 'nodemailer';
import type { Channel, Message, SendResult } from './channel.ts';

/** Connections to the mail server; a burst waits for one of them. */
const CONNECTIONS_MAX = 3;
const CONNECT_TIMEOUT_MS = 8_000;
const GREETING_TIMEOUT_MS = 8_000;
/** Silence of the server in a session. */
const SILENCE_TIMEOUT_MS = 20_000;
/** All of it together, below an activity's 45 s. */
const SEND_TIMEOUT_MS = 40_000;
/** Shorter than a mail server keeps an idle session, so that we do not write into one that it has just closed. */
const IDLE_TIMEOUT_MS = 10_000;

/**
 * Replies that say something of the mailbox or the message and will not change (RFC 5321, 4.2.3 and RFC 7504). The
 * other 5xx, such as 530 and 535, speak of us, and somebody may mend that.
 */
const FINAL_REPLIES: ReadonlySet<number> = new Set([521, 550, 551, 552, 553, 554, 556]);

/** What the mail channel needs. */
export interface EmailOptions {
  /** `smtp://user:password@host:port`; without it every mail waits for one. */
  readonly smtpUrl: string | undefined;
  /** Sender of every mail. */
  readonly from: string;
}

/** Mail over SMTP. The key becomes the Message-ID, by which a receiving server or reader recognises a second copy. */
export function createEmailChannel(options: EmailOptions): Channel {
  const { smtpUrl, from } = options;
  if (smtpUrl === undefined) {
    return { name: 'email', send: () => Promise.resolve({ outcome: 'retry', code: 'smtp_not_configured' }), close: () => undefined };
  }
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: CONNECTIONS_MAX,
    // Tries are counted by the caller; the pool's own would go out unseen.
    maxRequeues: 0,
    idleTimeout: IDLE_TIMEOUT_MS,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: GREETING_TIMEOUT_MS,
    socketTimeout: SILENCE_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? 'localhost';
  return {
    name: 'email',
    async send(message: Message): Promise<SendResult> {
      const messageId = `<${message.key}@${domain}>`;
      try {
        await transport.sendMail({
          from,
          // As an object, so that no character of an address or name can begin a second recipient.
          to: { name: '', address: message.to },
          subject: message.subject,
          text: message.text,
          html: message.html,
          messageId,
          signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
          headers: { 'Auto-Submitted': 'auto-generated', ...message.headers },
        });
        return { outcome: 'sent', providerRef: messageId };
      } catch (error) {
        return resultOf(error);
      }
    },
    close: () => transport.close(),
  };
}

function resultOf(error: unknown): SendResult {
  const { responseCode, code, command } = error as { responseCode?: unknown; code?: unknown; command?: unknown };
  if (typeof responseCode === 'number') {
    const final = FINAL_REPLIES.has(responseCode) && command !== 'CONN' && command !== 'AUTH PLAIN';
    return { outcome: final ? 'refused' : 'retry', code: `smtp_${responseCode}` };
  }
  // An address that cannot be written into an envelope at all.
  if (code === 'EENVELOPE') return { outcome: 'refused', code: 'address_invalid' };
  return { outcome: 'retry', code: typeof code === 'string' ? `smtp_${code.toLowerCase()}` : 'smtp_failed' };
}
