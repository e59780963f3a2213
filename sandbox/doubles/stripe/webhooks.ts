import { createHmac } from 'node:crypto';
import type { FaultPlan } from './faults.ts';
import { newId } from './ids.ts';
import type { StripeStore } from './store.ts';
import type { Delivery, StripeEvent } from './types.ts';

/** The events that the endpoint is subscribed to. */
const SENT = new Set([
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
  'payment_intent.requires_action',
  'payment_intent.processing',
  'charge.succeeded',
  'charge.refunded',
  'refund.created',
  'refund.updated',
  'account.updated',
]);

/** The endpoint has this long to answer; Stripe's own limit is of the same size. */
const ANSWER_TIMEOUT_MS = 10_000;
/** Back-off doubles from the first to the last; together about a quarter of an hour, then the delivery is given up. */
const RETRY_FIRST_MS = 250;
const RETRY_LAST_MS = 60_000;
const ATTEMPTS_MAX = 24;
/** Deliveries on their way at once. */
const PARALLEL_MAX = 16;
/** A delivery held back to arrive after another one does not wait longer than this. */
const OUT_OF_ORDER_MAX_MS = 3_000;

/** What the sender needs. */
export interface WebhookSenderOptions {
  readonly store: StripeStore;
  readonly faults: FaultPlan;
  /** Where events go; without one they are only listed. */
  readonly url?: string | undefined;
  /** The endpoint's signing secret, used whole, `whsec_` included. */
  readonly secret: string;
  readonly changed: () => void;
}

/** Delivers events to the webhook endpoint, signed, at least once, across restarts. */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #ready: string[] = [];
  readonly #stopping = new AbortController();
  #running = 0;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
  }

  /** Takes up what a former process left undelivered. */
  resume(): void {
    for (const delivery of this.#options.store.deliveries)
      if (delivery.state === 'pending') this.#schedule({ ...delivery, dueAtMs: Date.now() });
  }

  /** Plans the deliveries of events; they are committed together with what the events tell of. */
  plan(events: readonly StripeEvent[]): Delivery[] {
    if (this.#options.url === undefined) return [];
    return events.filter((event) => SENT.has(event.type)).flatMap((event) => this.#deliveriesOf(event));
  }

  /** Sends planned deliveries; to be called once they are committed. */
  start(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#schedule(delivery);
  }

  /** Ends at once; what is not delivered stays pending for the next start. */
  stop(): void {
    this.#stopping.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#ready.length = 0;
  }

  #deliveriesOf(event: StripeEvent): Delivery[] {
    const fault = this.#options.faults.webhook(event.type);
    const now = Date.now();
    if (fault?.kind === 'webhook_late') return [newDelivery(event, now + fault.ms)];
    if (fault?.kind === 'webhook_out_of_order') return [{ ...newDelivery(event, now + OUT_OF_ORDER_MAX_MS), afterAnother: true }];
    if (fault?.kind === 'webhook_twice') return [newDelivery(event, now), newDelivery(event, now)];
    return [newDelivery(event, now)];
  }

  #schedule(delivery: Delivery): void {
    if (this.#stopping.signal.aborted) return;
    const wait = delivery.dueAtMs - Date.now();
    if (wait <= 0) return this.#enqueue(delivery.id);
    this.#timers.set(
      delivery.id,
      setTimeout(() => this.#enqueue(delivery.id), wait),
    );
  }

  #enqueue(id: string): void {
    this.#timers.delete(id);
    this.#ready.push(id);
    this.#drain();
  }

  #drain(): void {
    while (this.#running < PARALLEL_MAX && this.#ready.length > 0) {
      const id = this.#ready.shift() ?? '';
      this.#running += 1;
      void this.#attempt(id).finally(() => {
        this.#running -= 1;
        this.#drain();
      });
    }
  }

  async #attempt(id: string): Promise<void> {
    const { store, changed } = this.#options;
    const delivery = store.delivery(id);
    const event = delivery && store.get('event', delivery.eventId);
    if (!delivery || !event || delivery.state !== 'pending') return;
    const answer = await this.#post(event);
    if (this.#stopping.signal.aborted) return;
    const next = afterAttempt(delivery, answer);
    const written = store.commit({ deliveries: [next] });
    changed();
    await written.catch(() => undefined);
    if (next.state === 'pending') this.#schedule(next);
    if (next.state === 'delivered') this.#releaseHeld(delivery.eventId);
  }

  /** Lets those go that were to arrive after another event. */
  #releaseHeld(deliveredEventId: string): void {
    for (const id of this.#timers.keys()) {
      const held = this.#options.store.delivery(id);
      if (!held?.afterAnother || held.attempts > 0 || held.eventId === deliveredEventId) continue;
      clearTimeout(this.#timers.get(id));
      this.#enqueue(id);
    }
  }

  async #post(event: StripeEvent): Promise<{ readonly status: number | null; readonly error: string | null }> {
    const { url = '', secret } = this.#options;
    const body = JSON.stringify(event, null, 2);
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Stripe/1.0 (sandbox double)',
      'stripe-signature': signature(body, secret),
    };
    try {
      const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
      const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
      await response.body?.cancel();
      return { status: response.status, error: null };
    } catch (error) {
      const cause = error instanceof Error ? ((error.cause as Error | undefined) ?? error) : undefined;
      return { status: null, error: cause?.message || cause?.name || 'no answer' };
    }
  }
}

/**
 * Signs a payload as Stripe does.
 *
 * @param payload the body exactly as sent.
 * @param atSeconds the time that is signed with it.
 * @returns the value of the `Stripe-Signature` header.
 */
export function signature(payload: string, secret: string, atSeconds = Math.floor(Date.now() / 1000)): string {
  const digest = createHmac('sha256', secret).update(`${atSeconds}.${payload}`).digest('hex');
  return `t=${atSeconds},v1=${digest}`;
}

function newDelivery(event: StripeEvent, dueAtMs: number): Delivery {
  return {
    id: newId('whd'),
    eventId: event.id,
    eventType: event.type,
    state: 'pending',
    attempts: 0,
    dueAtMs,
    afterAnother: false,
    lastStatus: null,
    lastError: null,
    lastAt: null,
  };
}

function afterAttempt(delivery: Delivery, answer: { readonly status: number | null; readonly error: string | null }): Delivery {
  const attempts = delivery.attempts + 1;
  const done = answer.status !== null && answer.status >= 200 && answer.status < 300;
  const backOffMs = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** (attempts - 1));
  return {
    ...delivery,
    attempts,
    state: done ? 'delivered' : attempts >= ATTEMPTS_MAX ? 'given_up' : 'pending',
    dueAtMs: Date.now() + backOffMs,
    lastStatus: answer.status,
    lastError: answer.error,
    lastAt: new Date().toISOString(),
  };
}
