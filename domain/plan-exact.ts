import { join } from 'node:path';
import { DurableLog } from '../durable-log.ts';
import type { Delivery, Effect, KeyRecord, Kind, ObjectKinds, StoredObject } from './types.ts';

/** Stripe keeps keys for at least 24 hours, then forgets them. */
const KEY_LIFETIME_MS = 24 * 3_600_000;
/** Older events leave the list; Stripe keeps 30 days, the double a number. */
const EVENTS_MAX = 5_000;
/** Below this number of lines rewriting the file at start is not worth it. */
const COMPACT_LINES = 2_000;

/** Everything that one request changes: one line of the file, so that it is there whole or not at all. */
export interface Change {
  readonly puts?: readonly StoredObject[];
  readonly effects?: readonly Effect[];
  readonly key?: KeyRecord;
  readonly deliveries?: readonly Delivery[];
}

/** The double's state: in memory for reading, in two append-only files for keeping. */
export class StripeStore {
  readonly #objects = new Map<Kind, Map<string, StoredObject>>();
  readonly #keys = new Map<string, KeyRecord>();
  readonly #deliveries = new Map<string, Delivery>();
  readonly #effects: Effect[] = [];
  readonly #charged = new Set<string>();
  readonly #state: DurableLog<Change>;
  readonly #journal: DurableLog<Effect>;
  #lines = 0;

  /**
   * Opens the files `stripe.jsonl` (state) and `effects.jsonl` (journal) and completes the journal by what a crash kept out of it.
   *
   * @param folder where both are kept.
   */
  constructor(folder: string) {
    const journalled: Effect[] = [];
    this.#journal = DurableLog.open<Effect>(join(folder, 'effects.jsonl'), (effect) => journalled.push(effect));
    for (const effect of journalled) this.#addEffect(effect);
    this.#state = DurableLog.open<Change>(join(folder, 'stripe.jsonl'), (change) => {
      this.#lines += 1;
      this.#apply(change);
    });
    // The state's line comes first: an effect in it that the journal lacks was cut off between the two writes.
    for (const effect of this.#effects.slice(journalled.length)) void this.#journal.append(effect).catch(() => undefined);
    this.#compact();
  }

  /** Reads one object. */
  get<K extends Kind>(kind: K, id: string): ObjectKinds[K] | undefined {
    return this.#objects.get(kind)?.get(id) as ObjectKinds[K] | undefined;
  }

  /** Reads an object of any kind by its id. */
  find(id: string): StoredObject | undefined {
    for (const objects of this.#objects.values()) {
      const found = objects.get(id);
      if (found) return found;
    }
    return undefined;
  }

  /** All objects of a kind, oldest first. */
  list<K extends Kind>(kind: K): readonly ObjectKinds[K][] {
    return [...(this.#objects.get(kind)?.values() ?? [])] as ObjectKinds[K][];
  }

  /** The answer kept under a key, unless it is older than Stripe keeps it. */
  key(key: string): KeyRecord | undefined {
    const record = this.#keys.get(key);
    return record && record.atMs > Date.now() - KEY_LIFETIME_MS ? record : undefined;
  }

  /** All money that moved, in order. */
  get effects(): readonly Effect[] {
    return this.#effects;
  }

  /** All deliveries, oldest first. */
  get deliveries(): readonly Delivery[] {
    return [...this.#deliveries.values()];
  }

  /** Reads one delivery as it stands. */
  delivery(id: string): Delivery | undefined {
    return this.#deliveries.get(id);
  }

  /**
   * Makes a change: at once in memory, then in the files.
   *
   * @returns a promise that resolves when the change is on the disk.
   * @throws Error when an intent would be charged twice: the double itself would be wrong.
   */
  async commit(change: Change): Promise<void> {
    this.#apply(change);
    await this.#state.append(change);
    await Promise.all((change.effects ?? []).map((effect) => this.#journal.append(effect)));
  }

  /** Resolves when all that was changed so far is on the disk, so that no answer shows what a crash could undo. */
  async settled(): Promise<void> {
    await this.#state.settled();
    await this.#journal.settled();
  }

  /** Writes what is waiting and closes the files. */
  async close(): Promise<void> {
    await this.#state.close();
    await this.#journal.close();
  }

  #apply(change: Change): void {
    for (const effect of change.effects ?? []) this.#addEffect(effect);
    for (const object of change.puts ?? []) this.#kind(object.object).set(object.id, object);
    if (change.key) this.#keys.set(change.key.key, change.key);
    for (const delivery of change.deliveries ?? []) this.#deliveries.set(delivery.id, delivery);
    this.#trimEvents();
  }

  #addEffect(effect: Effect): void {
    if (effect.seq <= this.#effects.length) return; // read from the journal already
    if (effect.seq !== this.#effects.length + 1) throw new Error(`the effect journal has a gap before ${effect.seq}`);
    if (effect.effect === 'charge') {
      if (this.#charged.has(effect.paymentIntent)) throw new Error(`${effect.paymentIntent} would be charged twice`);
      this.#charged.add(effect.paymentIntent);
    }
    this.#effects.push(effect);
  }

  #kind(kind: Kind): Map<string, StoredObject> {
    const present = this.#objects.get(kind);
    if (present) return present;
    const made = new Map<string, StoredObject>();
    this.#objects.set(kind, made);
    return made;
  }

  #trimEvents(): void {
    const events = this.#kind('event');
    while (events.size > EVENTS_MAX) events.delete(events.keys().next().value ?? '');
    for (const [id, delivery] of this.#deliveries) {
      if (this.#deliveries.size <= EVENTS_MAX && events.has(delivery.eventId)) break;
      this.#deliveries.delete(id);
    }
  }

  /** At start only: one line for each object in place of one for each change. */
  #compact(): void {
    const objects = [...this.#objects.values()].flatMap((kind) => [...kind.values()]);
    const keys = [...this.#keys.keys()].flatMap((key) => this.key(key) ?? []);
    const size = objects.length + keys.length + this.#deliveries.size + this.#effects.length;
    if (this.#lines < COMPACT_LINES || this.#lines < 2 * size) return;
    const lines: Change[] = objects.map((object) => ({ puts: [object] }));
    for (const key of keys) lines.push({ key });
    for (const delivery of this.#deliveries.values()) lines.push({ deliveries: [delivery] });
    for (const effect of this.#effects) lines.push({ effects: [effect] });
    this.#state.rewrite(lines);
  }
}
