import { type EntityManager } from '@mikro-orm/postgresql';
import { CompiledQuery, type Transaction } from 'kysely';
import type { DomainEvent } from '../domain/events.ts';
import { isRetryable } from './errors.ts';
import type { ServiceDatabase } from './orm.ts';
import { outboxInsert, type StoredEvent, storedEvent } from './outbox.ts';

/** A deadlock or serialization failure rolls back cleanly, so the command may simply be run again. */
const ATTEMPTS_MAX = 3;

/** The transaction of a command. */
export interface Tx {
  readonly db: ServiceDatabase;
  readonly em: EntityManager;
  /** Time of the transaction; commands use it instead of a clock of their own. */
  readonly now: Date;
  /** Runs SQL with `$1` placeholders in this transaction, after what the ORM still holds back. Timestamps and bigints come as text. */
  readonly query: <Row extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]) => Promise<Row[]>;
  /** Notes an event; it is written with the transaction and its process is woken after the commit. */
  emit(event: DomainEvent): void;
}

/** What a committed transaction gives back. */
export interface Committed<T> {
  readonly value: T;
  /** Events that were written; whoever ran the command wakes their processes at once. */
  readonly events: readonly StoredEvent[];
}

/**
 * Runs a command in one transaction of its service: all of it happens or none.
 *
 * @param work may run again after a deadlock, so it must do nothing outside the transaction.
 * @throws RefusalError of a broken rule, after the rollback.
 */
export async function transact<T>(db: ServiceDatabase, work: (tx: Tx) => Promise<T>): Promise<Committed<T>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(db, work);
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !isRetryable(error)) throw error;
    }
  }
}

async function once<T>(db: ServiceDatabase, work: (tx: Tx) => Promise<T>): Promise<Committed<T>> {
  const events: StoredEvent[] = [];
  const value = await db.orm.em.fork().transactional(async (em) => {
    const query = async <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> => {
      await em.flush();
      const context: Transaction<unknown> = em.getTransactionContext()!;
      const result = await context.executeQuery<Row>(CompiledQuery.raw(text, [...values]));
      return result.rows;
    };
    const emit = (event: DomainEvent): void => {
      events.push(storedEvent(db.service, event));
    };
    const result = await work({ db, em, now: new Date(), query, emit });
    if (events.length > 0) {
      const insert = outboxInsert(db.service, events);
      await query(insert.text, insert.values);
    }
    return result;
  });
  return { value, events };
}

/** Reads outside any transaction, one statement; for queries. Timestamps and bigints come as text. */
export async function read<Row extends object>(db: ServiceDatabase, text: string, values: readonly unknown[] = []): Promise<Row[]> {
  const result = await db.pool.query<Row>(text, [...values]);
  return result.rows;
}
