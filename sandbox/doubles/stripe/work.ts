import { newId, nowSeconds } from './ids.ts';
import type { Change, StripeStore } from './store.ts';
import type { Delivery, Effect, KeyRecord, Kind, ObjectKinds, StoredObject, StripeEvent } from './types.ts';

/** The version that events are written in; the SDK's pinned one is echoed in answers. */
export const API_VERSION = '2026-10-28.endive';

/** The request that work is done for; absent when the double acts by itself (a page, a bank's later answer). */
export interface WorkOrigin {
  readonly requestId: string | null;
  readonly idempotencyKey: string | null;
}

/** Collects what one request changes, visible to itself at once and to others only when it is committed. */
export class Work {
  readonly origin: WorkOrigin;
  readonly #store: StripeStore;
  readonly #puts = new Map<string, StoredObject>();
  readonly #effects: Effect[] = [];
  readonly #events: StripeEvent[] = [];

  constructor(store: StripeStore, origin: WorkOrigin) {
    this.#store = store;
    this.origin = origin;
  }

  /** Reads one object, as this work has left it. */
  get<K extends Kind>(kind: K, id: string): ObjectKinds[K] | undefined {
    const own = this.#puts.get(id);
    return own?.object === kind ? (own as ObjectKinds[K]) : this.#store.get(kind, id);
  }

  /** All objects of a kind as they were before this work, oldest first. */
  list<K extends Kind>(kind: K): readonly ObjectKinds[K][] {
    return this.#store.list(kind);
  }

  /** What this work has written under an id. */
  written(id: string): StoredObject | undefined {
    return this.#puts.get(id);
  }

  /** Writes an object whole. @returns the object. */
  put<T extends StoredObject>(object: T): T {
    this.#puts.set(object.id, object);
    return object;
  }

  /** Writes a line of the journal: money moves now. */
  effect(effect: Omit<Effect, 'seq' | 'at' | 'idempotencyKey'> & { readonly idempotencyKey?: string | null }): void {
    this.#effects.push({
      seq: this.#store.effects.length + this.#effects.length + 1,
      at: new Date().toISOString(),
      ...effect,
      idempotencyKey: effect.idempotencyKey ?? this.origin.idempotencyKey,
    });
  }

  /**
   * Tells the world what happened, with the object as it is now.
   *
   * @param account the connected account concerned, for events of Connect.
   */
  event(type: string, object: StoredObject, extra: { readonly account?: string; readonly previous?: object } = {}): void {
    this.#events.push({
      id: newId('evt'),
      object: 'event',
      ...(extra.account === undefined ? {} : { account: extra.account }),
      api_version: API_VERSION,
      created: nowSeconds(),
      data: { object: withoutPrivate(object), ...(extra.previous === undefined ? {} : { previous_attributes: extra.previous }) },
      livemode: false,
      pending_webhooks: 0,
      request: { id: this.origin.requestId, idempotency_key: this.origin.idempotencyKey },
      type,
    });
  }

  /** The events of this work, in order. */
  get events(): readonly StripeEvent[] {
    return this.#events;
  }

  /** Everything as one change for {@link StripeStore.commit}. */
  change(deliveries: readonly Delivery[], key?: KeyRecord): Change {
    const puts = [...this.#puts.values(), ...this.#events];
    return { puts, effects: this.#effects, deliveries, ...(key === undefined ? {} : { key }) };
  }
}

/** Leaves out the fields that only the double itself may see (their names begin with `_`). */
export function withoutPrivate(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !name.startsWith('_')));
}
