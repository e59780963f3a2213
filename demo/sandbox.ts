import type { Client } from './client.ts';
import { waitFor } from './waiting.ts';

/** One effect in the journal of the Stripe double. */
export interface JournalEntry {
  readonly seq: number;
  readonly at: string;
  readonly effect: 'charge' | 'refund' | 'reversal';
  readonly id: string;
  readonly paymentIntent: string;
  /** In Stripe's smallest unit of the currency. */
  readonly amount: number;
  /** Lower case, as Stripe writes it. */
  readonly currency: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Waits for the mail that asks this address to be verified, and takes the token out of it. */
export function verificationToken(sandbox: Client, address: string): Promise<string> {
  return waitFor(`the verification mail to ${address}`, async () => {
    const { body } = await sandbox.send<{ data: { text: string }[] }>('GET', `/_sandbox/mails?to=${encodeURIComponent(address)}`);
    for (const { text } of body.data) {
      const [, token] = /^Token: (\S+)/m.exec(text) ?? [];
      if (token !== undefined) return token;
    }
    return undefined;
  });
}

/** Does on the onboarding page what a click does. */
export async function finishOnboarding(sandbox: Client, url: string): Promise<void> {
  await sandbox.send('POST', url);
}

/** What the gateway did for some transfers, in its order. */
export async function journalOf(sandbox: Client, transferIds: ReadonlySet<string>): Promise<JournalEntry[]> {
  const { body } = await sandbox.send<{ entries: JournalEntry[] }>('GET', '/_sandbox/journal');
  return body.entries.filter(({ metadata }) => transferIds.has(metadata['transfer'] ?? ''));
}
