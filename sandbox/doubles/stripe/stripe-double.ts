import type { LiveTopic } from '../live-updates.ts';
import { outcomeOf } from './cards.ts';
import { fail, succeed } from './charging.ts';
import { FaultPlan } from './faults.ts';
import { RequestLog } from './request-log.ts';
import { StripeStore } from './store.ts';
import type { KeyRecord, PaymentIntent, PaymentMethod } from './types.ts';
import { WebhookSender } from './webhooks.ts';
import { Work } from './work.ts';

/** How long a test bank account takes to say yes or no. */
const BANK_ANSWER_MS = 1_500;

/** What the double of Stripe is made of. */
export interface StripeDoubleOptions {
  /** Where the files are kept. */
  readonly folder: string;
  readonly webhookUrl?: string | undefined;
  readonly webhookSecret: string;
  readonly changed: (topic: LiveTopic) => void;
}

/** The double's parts together: state, faults, webhooks, and the one way to make a change. */
export class StripeDouble {
  readonly store: StripeStore;
  readonly faults = new FaultPlan();
  readonly webhooks: WebhookSender;
  readonly requests: RequestLog;
  readonly changed: (topic: LiveTopic) => void;
  /** Where the double listens; known once it does. */
  baseUrl = '';
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: StripeDoubleOptions) {
    this.changed = options.changed;
    this.store = new StripeStore(options.folder);
    this.requests = new RequestLog(() => this.changed('requests'));
    this.webhooks = new WebhookSender({
      store: this.store,
      faults: this.faults,
      url: options.webhookUrl,
      secret: options.webhookSecret,
      changed: () => this.changed('webhooks'),
    });
  }

  /** Takes up what a former process left undone: undelivered events and banks' answers. */
  resume(): void {
    this.webhooks.resume();
    for (const intent of this.store.list('payment_intent')) if (intent.status === 'processing') this.#awaitBank(intent);
  }

  /**
   * Commits work with its events' deliveries and the answer kept under a key.
   *
   * @returns a promise that resolves when all of it is on the disk; only then is anything delivered.
   */
  async commit(work: Work, key?: KeyRecord): Promise<void> {
    const deliveries = this.webhooks.plan(work.events);
    const change = work.change(deliveries, key);
    await this.store.commit(change);
    this.webhooks.start(deliveries);
    for (const object of change.puts ?? [])
      if (object.object === 'payment_intent' && object.status === 'processing') this.#awaitBank(object);
    this.changed('payments');
    if (deliveries.length > 0) this.changed('webhooks');
  }

  /** Stops timers and deliveries and closes the files. */
  async close(): Promise<void> {
    this.webhooks.stop();
    for (const timer of this.#timers) clearTimeout(timer);
    await this.store.close();
  }

  #awaitBank(intent: PaymentIntent): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#bankAnswers(intent.id).catch(() => undefined);
    }, BANK_ANSWER_MS);
    this.#timers.add(timer);
  }

  async #bankAnswers(intentId: string): Promise<void> {
    const work = new Work(this.store, { requestId: null, idempotencyKey: null });
    const intent = work.get('payment_intent', intentId);
    const method: PaymentMethod | undefined = intent?.payment_method ? work.get('payment_method', intent.payment_method) : undefined;
    if (!intent || !method || intent.status !== 'processing') return;
    const outcome = outcomeOf(method);
    if (outcome.kind !== 'processing' || outcome.atLast === null) return;
    if (outcome.atLast === 'succeeds') succeed(work, intent, method);
    else
      fail(work, intent, method, {
        kind: 'declined',
        code: 'payment_method_provider_decline',
        message: 'The bank account has been closed.',
      });
    await this.commit(work);
  }
}
