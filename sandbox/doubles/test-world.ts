import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Stripe from 'stripe';
import { startDoubles, type RunningDoubles } from './doubles.ts';
import { listen, readBody } from './http.ts';

/** A webhook as the endpoint received it. */
export interface ReceivedWebhook {
  readonly body: string;
  readonly signature: string;
}

/** Doubles in a private folder with the vendors' SDKs and an endpoint that keeps what it is sent. */
export interface TestWorld {
  readonly doubles: RunningDoubles;
  readonly stripe: Stripe;
  readonly received: readonly ReceivedWebhook[];
  readonly dataDir: string;
  /** The endpoint answers this from now on. */
  answerWith: (status: number) => void;
  /** Stops the doubles and opens a new world on the same folder. */
  restart: (whileDown?: () => void) => Promise<TestWorld>;
  close: () => Promise<void>;
}

/** Starts a world of its own; the caller closes it. */
export async function openWorld(dataDir?: string): Promise<TestWorld> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'doubles-')));
  const received: ReceivedWebhook[] = [];
  let status = 200;
  const endpoint = await listen(0, async (request, response) => {
    const body = await readBody(request);
    if (status < 300) received.push({ body, signature: String(request.headers['stripe-signature']) });
    response.writeHead(status).end();
  });
  const doubles = await startDoubles({
    dataDir: folder,
    webhookUrl: `http://127.0.0.1:${endpoint.port}/hooks`,
    webhookSecret: 'whsec_test',
  });
  const close = async () => {
    await doubles.stop();
    await endpoint.close();
  };
  return {
    doubles,
    stripe: sdkFor(doubles.stripePort),
    received,
    dataDir: folder,
    answerWith: (next) => {
      status = next;
    },
    restart: async (whileDown) => {
      await close();
      whileDown?.();
      return openWorld(folder);
    },
    close: async () => {
      await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The vendor's SDK, pointed at a double. */
export function sdkFor(port: number, maxNetworkRetries = 2): Stripe {
  return new Stripe('sk_test_sandbox', { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries, telemetry: false });
}

/** The type of a received event. */
export function typeOf(webhook: ReceivedWebhook): string {
  return (JSON.parse(webhook.body) as { type: string }).type;
}

/**
 * Waits for something that comes by itself.
 *
 * @throws Error when it has not come within 5 s.
 */
export async function eventually<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error('it did not come within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Sends JSON to the sandbox's own API. */
export async function control(doubles: RunningDoubles, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(`${doubles.sandboxUrl}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return (await response.json()) as Record<string, unknown>;
}

/** A connected account that has finished onboarding. */
export async function onboardedAccount(world: TestWorld): Promise<Stripe.Account> {
  const account = await world.stripe.accounts.create({ type: 'express', country: 'DE', capabilities: { transfers: { requested: true } } });
  const link = await world.stripe.accountLinks.create({
    account: account.id,
    type: 'account_onboarding',
    return_url: 'http://127.0.0.1/back',
    refresh_url: 'http://127.0.0.1/again',
  });
  await fetch(link.url, { method: 'POST', redirect: 'manual' });
  return world.stripe.accounts.retrieve(account.id);
}

/** Parameters of a destination charge with a card. */
export function chargeTo(destination: string, reference: string, card = 'pm_card_visa', amount = 1234): Stripe.PaymentIntentCreateParams {
  return {
    amount,
    currency: 'eur',
    confirm: true,
    payment_method: card,
    allowed_payment_method_types: ['card'],
    transfer_data: { destination },
    metadata: { transfer: reference },
  };
}
