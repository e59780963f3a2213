// Goal: no committed event is lost, skipped, or does its effect twice, whatever dies when.
// Method: real Postgres and a real Temporal server; no worker polls, so what was started and signalled is read from histories.
import assert from 'node:assert/strict';
import { Client as PgClient } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { createLogger } from '../config/logger.ts';
import { temporalAccess, type TemporalAccess } from '../config/temporal.ts';
import { consumeBatch, ensureCursor, type Consumer, type PublishedEvent } from '../db/consume.ts';
import type { ServiceDatabase } from '../db/orm.ts';
import { markDispatched } from '../db/outbox.ts';
import { deleteOldEvents, deleteOldAnswers, outboxLag, undispatched } from '../db/relay.ts';
import { read, transact, type Tx } from '../db/transact.ts';
import { workflowId, type DomainEvent } from '../domain/events.ts';
import { createDispatcher, wake, type Dispatcher } from '../workflows/dispatch.ts';
import { testDatabases, type TestDatabases } from '../test/support/servers.ts';
import { startDevServer, type DevServer } from '../test/support/temporal.ts';
import { until } from '../test/support/until.ts';
import { startRelay, type Relay, type RelayObserver } from './relay.ts';

const logger = createLogger('test', 'silent');

interface Seen extends RelayObserver {
  leads: number;
  failures: number;
}

function observer(): Seen {
  const seen: Seen = {
    leads: 0,
    failures: 0,
    onLead: (_service, leading) => void (seen.leads += leading ? 1 : -1),
    onPublished: () => undefined,
    onWoken: () => undefined,
    onFailed: () => void seen.failures++,
    onHandled: () => undefined,
  };
  return seen;
}

describe('relay', function () {
  this.timeout(60_000);
  let databases: TestDatabases;
  let db: ServiceDatabase;
  let server: DevServer;
  let temporal: TemporalAccess;
  let dispatcher: Dispatcher;
  const relays: Relay[] = [];

  before(async () => {
    [databases, server] = await Promise.all([testDatabases(), startDevServer()]);
    db = databases.expense;
    temporal = temporalAccess(server.address, server.namespace);
    dispatcher = createDispatcher({ client: temporal.client, markDispatched: () => Promise.resolve() });
  });
  afterEach(async () => {
    await Promise.all(relays.splice(0).map((relay) => relay.stop()));
  });
  after(async () => {
    await dispatcher.close();
    await Promise.all([temporal.close(), databases.close(), server.stop()]);
  });

  const start = (seen: RelayObserver, consumers: readonly Consumer[] = [], database = db): Relay => {
    const relay = startRelay({ db: database, url: databases.url, client: temporal.client, dispatcher, logger, consumers, observer: seen });
    relays.push(relay);
    return relay;
  };
  const emit = (...events: DomainEvent[]): Promise<unknown> =>
    transact(db, async (tx) => {
      for (const event of events) tx.emit(event);
      await Promise.resolve();
    });
  const positionOf = async (subjectId: string): Promise<string | null> => {
    const rows = await read<{ position: string | null }>(db, 'select position::text from expense.outbox where subject_id = $1', [
      subjectId,
    ]);
    return rows[0]?.position ?? null;
  };
  const published = (subjectId: string): Promise<string> => until('a position', () => positionOf(subjectId));
  /** Lets the relay take over at once what a route would have had two seconds for. */
  const dueNow = (): Promise<unknown> => db.pool.query(`update expense.outbox set dispatch_after = now() where dispatch_after > now()`);
  const signals = async (id: string): Promise<number> => {
    const { events } = await server.client.workflow.getHandle(id).fetchHistory();
    return (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes).length;
  };

  it('sequencer, an earlier event that commits late, gets the later position', async () => {
    const [early, late] = [uuidv7(), uuidv7()];
    const other = new PgClient({ connectionString: databases.url });
    await other.connect();
    await other.query('begin');
    await other.query('insert into expense.outbox (id, type, subject_id) values ($1, $2, $3)', [uuidv7(), 'expense.posted', early]);
    await emit(posted(late));
    start(observer());

    const latePosition = await published(late);
    assert.equal(await positionOf(early), null);
    await other.query('commit');
    await other.end();

    assert.ok(BigInt(await published(early)) > BigInt(latePosition));
  });

  it('sequencer, many writers at once, gives every event one position in the order of its writing', async () => {
    start(observer());
    const subjects = Array.from({ length: 300 }, () => uuidv7());
    await Promise.all(subjects.map((subject) => emit(posted(subject), posted(subject))));

    const rows = await until('all positions', async () => {
      const found = await read<{ seq: string; position: string | null; subject_id: string }>(
        db,
        'select seq, position, subject_id from expense.outbox where subject_id = any($1::uuid[]) order by position',
        [subjects],
      );
      return found.length === 600 && found.every((row) => row.position !== null) && found;
    });

    assert.equal(new Set(rows.map((row) => row.position)).size, 600);
    for (const subject of subjects) {
      const [first, second] = rows.filter((row) => row.subject_id === subject);
      assert.ok(BigInt(first!.seq) < BigInt(second!.seq), 'two events of one transaction keep their order');
    }
  });

  it('two relays, only one leads; when its connection is cut, the other takes over', async () => {
    const [first, second] = [observer(), observer()];
    start(first);
    await until('a leader', () => Promise.resolve(first.leads === 1));
    start(second);
    const before = uuidv7();
    await emit(posted(before));
    await published(before);
    assert.equal(second.leads, 0);

    await cutLeader(databases.url);

    await until('one leader again', () => Promise.resolve(first.leads + second.leads === 1));
    const after = uuidv7();
    await emit(posted(after));
    await published(after);
    assert.equal(first.leads + second.leads, 1);
  });

  it('relay, an event that nobody dispatched, wakes its process and marks it', async () => {
    const groupId = uuidv7();
    await emit(created(groupId), created(groupId));
    await dueNow();
    start(observer());

    await until('the mark', async () => (await undispatched(db, 100)).length === 0);
    const description = await server.client.workflow.getHandle(workflowId('groupLifecycle', groupId)).describe();
    assert.equal(description.type, 'groupLifecycle');
    assert.equal(description.taskQueue, 'safesplitx-expense');
    assert.equal(await signals(description.workflowId), 1, 'events of one process share one wake-up');
    assert.equal(await description.staticSummary(), `Lifecycle of group ${groupId}`);
  });

  it('relay, killed between wake-up and mark, wakes again and starts nothing twice', async () => {
    const groupId = uuidv7();
    await emit(created(groupId));
    // What a relay that died before its mark had done.
    await wake(server.client, { process: 'groupLifecycle', key: groupId });
    const { runId } = await server.client.workflow.getHandle(workflowId('groupLifecycle', groupId)).describe();
    await dueNow();
    start(observer());

    await until('the mark', async () => (await undispatched(db, 100)).length === 0);
    const again = await server.client.workflow.getHandle(workflowId('groupLifecycle', groupId)).describe();
    assert.equal(again.runId, runId);
    assert.equal(await signals(again.workflowId), 2);
  });

  it('dispatcher, right after a commit, wakes and marks, so that the relay finds nothing', async () => {
    const groupId = uuidv7();
    const own = createDispatcher({ client: temporal.client, markDispatched: (_service, ids) => markDispatched(db, ids) });
    const { events } = await transact(db, (tx) => {
      tx.emit(created(groupId));
      return Promise.resolve();
    });

    own.dispatch(events);
    await own.close();

    assert.equal(own.counts.woken, 1);
    const rows = await read<{ dispatched_at: string | null }>(db, 'select dispatched_at from expense.outbox where group_id = $1', [
      groupId,
    ]);
    assert.notEqual(rows[0]!.dispatched_at, null);
  });

  it('dispatcher, more than it may have in flight, leaves the rest to the relay', async () => {
    const own = createDispatcher({ client: temporal.client, markDispatched: () => Promise.resolve(), limits: { inFlightMax: 2 } });
    const { events } = await transact(db, (tx) => {
      for (let index = 0; index < 5; index++) tx.emit(created(uuidv7()));
      return Promise.resolve();
    });

    own.dispatch(events);
    await own.close();

    assert.deepEqual({ ...own.counts }, { woken: 2, failed: 0, skipped: 3, inFlight: 0 });
    await markDispatched(
      db,
      events.map(({ id }) => id),
    );
  });

  it('Temporal away and back, dispatch fails quietly and quickly, the relay makes up for it', async () => {
    const groupId = uuidv7();
    const seen = observer();
    await server.hold();
    const own = createDispatcher({
      client: temporal.client,
      markDispatched: (_service, ids) => markDispatched(db, ids),
      limits: { deadlineMs: 500 },
    });
    const { events } = await transact(db, (tx) => {
      tx.emit(created(groupId));
      return Promise.resolve();
    });
    own.dispatch(events);
    await own.close();
    assert.equal(own.counts.failed, 1);
    assert.equal(await temporal.isUp(), false);
    await dueNow();
    start(seen);
    await until('a failure', () => Promise.resolve(seen.failures > 0));
    assert.equal((await undispatched(db, 100)).length, 1);

    await server.release();

    await until('the mark', async () => (await undispatched(db, 100)).length === 0, 30_000);
    assert.equal(await signals(workflowId('groupLifecycle', groupId)), 1);
  });

  it('relay, an event that cannot be dispatched, does not stand in the way of the others', async () => {
    const groupId = uuidv7();
    const poison = uuidv7();
    await db.pool.query(
      `insert into expense.outbox (id, type, subject_id, process, process_key, dispatch_after) values ($1, 'group.created', $1, 'reminderCadence', 'no-such-key', now() - interval '1 hour')`,
      [poison],
    );
    await emit(created(groupId));
    await dueNow();
    start(observer());

    await until('the other', async () => (await undispatched(db, 100)).length === 0);
    assert.equal(await signals(workflowId('groupLifecycle', groupId)), 1);
    await markDispatched(db, [poison]);
  });

  describe('consumer', () => {
    /** Notes what it sees in the transaction of its cursor, so a repetition or a gap would show in the table. */
    const follower = (name: string, handle: (events: readonly PublishedEvent[], tx: Tx) => Promise<void>): Consumer => ({
      name,
      service: 'notification',
      source: 'expense',
      types: ['expense.posted'],
      handle,
    });
    const note = async (events: readonly PublishedEvent[], tx: Tx): Promise<void> => {
      await tx.query('insert into notification.seen_by_test (id, name) select unnest($1::uuid[]), $2', [
        events.map(({ id }) => id),
        'follower',
      ]);
    };
    const seenIds = async (): Promise<string[]> =>
      (await read<{ id: string }>(databases.notification, 'select id from notification.seen_by_test order by id')).map(({ id }) => id);

    before(async () => {
      const owner = new PgClient({ connectionString: databases.url });
      await owner.connect();
      await owner.query('create table notification.seen_by_test (id uuid, name text)');
      await owner.query('grant all on notification.seen_by_test to safesplitx_notification');
      await owner.end();
    });

    it('fails now and then while others write, neither skips nor repeats', async () => {
      let calls = 0;
      const flaky = follower('flaky', async (events, tx) => {
        await note(events, tx);
        // After its effect: what the transaction wrote has to go with it.
        if (++calls % 2 === 1) throw new Error('a fault of this test');
      });
      start(observer());
      start(observer(), [flaky], databases.notification);
      // Two feeders of one consumer, as two worker processes are.
      start(observer(), [flaky], databases.notification);
      const subjects = Array.from({ length: 200 }, () => uuidv7());
      for (let at = 0; at < subjects.length; at += 20) {
        await Promise.all(subjects.slice(at, at + 20).map((subject) => emit(posted(subject), created(subject))));
      }

      const rows = await read<{ id: string }>(db, `select id from expense.outbox where type = 'expense.posted'`);
      await until('all events', async () => (await seenIds()).length >= rows.length, 30_000);
      assert.deepEqual(await seenIds(), rows.map(({ id }) => id).sort());
    });

    it('two at once, the second gives way while the first is at work', async () => {
      start(observer());
      const subject = uuidv7();
      await emit(posted(subject));
      await published(subject);
      const [entered, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const slow = follower('slow', async () => {
        entered.resolve();
        await gate.promise;
      });
      await ensureCursor(databases.notification, slow);

      const first = consumeBatch(databases.notification, slow);
      await entered.promise;
      const second = await consumeBatch(databases.notification, { ...slow, handle: () => Promise.reject(new Error('called')) });
      gate.resolve();

      assert.equal(second.handled, 0);
      assert.ok((await first).handled > 0);
    });

    it('nothing of its types, passes over it without being called', async () => {
      start(observer());
      const subject = uuidv7();
      await emit(created(subject));
      await published(subject);
      const silent = { ...follower('silent', () => Promise.reject(new Error('called'))), types: ['adjustment.posted' as const] };
      await ensureCursor(databases.notification, silent);

      const first = await consumeBatch(databases.notification, silent);
      const second = await consumeBatch(databases.notification, silent);

      assert.deepEqual(first, { handled: 0, more: false, emitted: [] });
      assert.deepEqual(second, { handled: 0, more: false, emitted: [] });
    });

    it('more events than a batch, comes back for the rest and stops at the head', async () => {
      start(observer());
      const subjects = Array.from({ length: 501 }, () => uuidv7());
      await emit(...subjects.map((subject) => ({ type: 'adjustment.posted' as const, subjectId: subject, data: {} })));
      await published(subjects.at(-1)!);
      const got: string[] = [];
      const counting: Consumer = {
        ...follower('counting', async (events) => {
          got.push(...events.map(({ subjectId }) => subjectId));
          await Promise.resolve();
        }),
        types: ['adjustment.posted'],
      };
      await ensureCursor(databases.notification, counting);

      const first = await consumeBatch(databases.notification, counting);
      const second = await consumeBatch(databases.notification, counting);

      assert.deepEqual([first.handled, first.more, second.handled, second.more], [500, true, 1, false]);
      assert.deepEqual(got, subjects);
    });
  });

  it('retention, rows past their time, deletes those that nobody needs', async () => {
    const old = Date.now() - 8 * 86_400_000;
    const [done, unpublishedRow, undispatchedRow] = [oldId(old), oldId(old), oldId(old)];
    await db.pool.query(
      `insert into expense.outbox (id, type, subject_id, position, process, process_key) values
        ($1, 'expense.posted', $1::uuid, -1, null, null), ($2, 'expense.posted', $2, null, null, null), ($3, 'group.created', $3, -2, 'groupLifecycle', $3::uuid::text)`,
      [done, unpublishedRow, undispatchedRow],
    );
    await db.pool.query(
      `insert into expense.idempotency (user_id, key, method, path, request_hash, created_at) values
        ($1, 'old', 'POST', '/', '', now() - interval '31 days'), ($1, 'new', 'POST', '/', '', now() - interval '29 days')`,
      [uuidv7()],
    );

    assert.equal(await deleteOldEvents(db, 100), 1);
    assert.equal(await deleteOldAnswers(db, 100), 1);
    const left = await read<{ id: string }>(db, 'select id from expense.outbox where id = any($1::uuid[])', [
      [done, unpublishedRow, undispatchedRow],
    ]);
    assert.deepEqual(left.map(({ id }) => id).sort(), [unpublishedRow, undispatchedRow].sort());
    const lag = await outboxLag(db);
    assert.equal(lag.unpublished, 1);
  });
});

function posted(subjectId: string): DomainEvent {
  return { type: 'expense.posted', subjectId, groupId: subjectId, data: { version: 1 } };
}

function created(groupId: string): DomainEvent {
  return { type: 'group.created', subjectId: groupId, groupId, data: {} };
}

function oldId(epochMs: number): string {
  return uuidv7({ msecs: epochMs });
}

/** Ends the connection that holds the relay's lock, as a network or a kill of its process would. */
async function cutLeader(url: string): Promise<void> {
  const client = new PgClient({ connectionString: url });
  await client.connect();
  const { rowCount } = await client.query(
    `select pg_terminate_backend(l.pid) from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and a.datname = current_database() and a.application_name = 'safesplitx-expense-relay'`,
  );
  await client.end();
  assert.equal(rowCount, 1);
}
