import { Client, Connection } from '@temporalio/client';
import { v7 as uuidv7 } from 'uuid';
import { createGroup } from '../db/commands/expense/groups.ts';
import { openDatabase, type ServiceDatabase } from '../db/orm.ts';
import { markDispatched } from '../db/outbox.ts';
import { transact } from '../db/transact.ts';
import { workflowId } from '../domain/events.ts';
import { groupLifecycleProcess } from '../workflows/expense/contract.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/shared/search-attributes.ts';
import { TASK_QUEUES } from '../workflows/shared/task-queues.ts';
import { closeAtEnd } from './support/cleanup.ts';
import { inParallel, type Measurement, type RunOptions, until } from './support/measurement.ts';
import { caughtUp } from './support/relay-lag.ts';
import { openStand, type Stand } from './support/stand.ts';
import { median, rounded } from './support/statistics.ts';
import { register } from './support/world.ts';

/** Workflows of one round and side. */
const COUNT = 100;
const ROUNDS = 5;
/** The relay's own number of calls at once, see workers/relay/process-waker.ts. */
const CONCURRENCY = 50;
const COMMANDS_AT_ONCE = 8;
const LIMIT_MS = 60_000;

/** What the way over the outbox costs. */
export interface RelayResult {
  /** Workflows started a second from the outbox, by those of a loop that only starts them. */
  readonly ratio: number;
  readonly ratePerSecond: number;
}

interface Bench {
  readonly stand: Stand;
  readonly db: ServiceDatabase;
  readonly client: Client;
  readonly userId: string;
}

/**
 * Measures how fast the relay turns events in the outbox into started workflows, against a bare loop of starts of the same
 * workflow type with the same options at the same concurrency, on the same server and worker, in rounds that take turns.
 *
 * Both sides begin with groups that were made by the command and whose process nobody has woken. On the relay's side their
 * events become due at one moment; on the other they are marked as done and the loop starts the workflows.
 */
export async function run({ progress }: RunOptions): Promise<Measurement<RelayResult>> {
  const stand = await openStand(progress);
  const { userId } = await register(stand, 'Ana');
  const db = await openDatabase('expense', stand.platform.urls.databaseUrl, COMMANDS_AT_ONCE);
  closeAtEnd(() => db.close());
  const connection = await Connection.connect({ address: stand.platform.urls.temporalAddress });
  closeAtEnd(() => connection.close());
  const client = new Client({ connection, namespace: stand.platform.urls.temporalNamespace });
  const bench: Bench = { stand, db, client, userId };
  progress('first starts');
  await leg(bench, startByRelay);
  await leg(bench, startInLoop);
  const rounds: { relay: number; loop: number }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`round ${round} of ${ROUNDS}: relay`);
    const relay = await leg(bench, startByRelay);
    progress(`round ${round} of ${ROUNDS}: loop of starts`);
    rounds.push({ relay, loop: await leg(bench, startInLoop) });
  }
  const row = (name: string, rates: readonly number[]): string[] => [
    name,
    median(rates).toFixed(1),
    Math.min(...rates).toFixed(1),
    Math.max(...rates).toFixed(1),
  ];
  return {
    settings: {
      ...stand.settings,
      'workflow type': groupLifecycleProcess.process,
      'calls at once': String(CONCURRENCY),
      'workflows a round': String(COUNT),
    },
    table: [
      ['starts', 'median/s', 'slowest/s', 'fastest/s'],
      row(
        'outbox and relay',
        rounds.map(({ relay }) => relay),
      ),
      row(
        'bare loop',
        rounds.map(({ loop }) => loop),
      ),
    ],
    result: {
      ratio: rounded(median(rounds.map(({ relay, loop }) => relay / loop)), 3),
      ratePerSecond: rounded(median(rounds.map(({ relay }) => relay)), 1),
    },
  };
}

/** One side of one round. @returns starts a second. */
async function leg(bench: Bench, start: (bench: Bench, groups: readonly Made[]) => Promise<void>): Promise<number> {
  const groups = await makeGroups(bench);
  await until('the events are published and read', LIMIT_MS, async () => (await unseen(bench)) === 0);
  const began = performance.now();
  await start(bench, groups);
  const seconds = (performance.now() - began) / 1000;
  await allParked(bench, groups.length);
  return groups.length / seconds;
}

interface Made {
  readonly groupId: string;
  readonly eventIds: readonly string[];
}

/** Groups whose processes wait to be woken, but not now. */
function makeGroups({ db, userId }: Bench): Promise<Made[]> {
  return inParallel(Array.from({ length: COUNT }), COMMANDS_AT_ONCE, async () => {
    const groupId = uuidv7();
    const { events } = await transact(db, (tx) => createGroup(tx, { userId }, { id: groupId, name: 'Group', currency: 'EUR' }));
    const eventIds = events.map(({ id }) => id);
    const { rowCount } = await db.pool.query(
      `update expense.outbox set dispatch_after = now() + interval '1 hour' where id = any($1::uuid[]) and dispatched_at is null`,
      [eventIds],
    );
    if (rowCount !== eventIds.length) throw new Error('the relay was faster than it may be: an event was dispatched within its grace');
    return { groupId, eventIds };
  });
}

async function startByRelay({ db }: Bench, groups: readonly Made[]): Promise<void> {
  const ids = groups.flatMap(({ eventIds }) => eventIds);
  await db.pool.query('update expense.outbox set dispatch_after = now() where id = any($1::uuid[])', [ids]);
  await until(
    'the relay wakes the processes',
    LIMIT_MS,
    async () => {
      const { rows } = await db.pool.query<{ left: string }>(
        'select count(*) as left from expense.outbox where id = any($1::uuid[]) and dispatched_at is null',
        [ids],
      );
      return rows[0]?.left === '0';
    },
    20,
  );
}

async function startInLoop({ db, client }: Bench, groups: readonly Made[]): Promise<void> {
  await markDispatched(
    db,
    groups.flatMap(({ eventIds }) => eventIds),
  );
  const definition = groupLifecycleProcess;
  await inParallel(groups, CONCURRENCY, async ({ groupId }) => {
    const input = definition.input(groupId);
    await client.workflow.start(definition.process, {
      workflowId: workflowId(definition.process, groupId),
      taskQueue: TASK_QUEUES[definition.service],
      args: [input],
      typedSearchAttributes: definition.attributes(input),
      staticSummary: definition.summary(input),
      staticDetails: definition.details,
    });
  });
}

let expected = 0;

/** Waits until every workflow started so far has done its first work and waits, so that one leg does not run into the next. */
async function allParked({ client, stand }: Bench, more: number): Promise<void> {
  expected += more;
  const query = `WorkflowType = '${groupLifecycleProcess.process}' and ${SEARCH_ATTRIBUTES.processState.name} = 'active'`;
  await until('the workflows wait', LIMIT_MS, async () => (await client.workflow.count(query)).count >= expected, 250);
  await caughtUp(stand);
}

/** Events of the service that are not published, or not read by their consumers. */
async function unseen({ stand: { sql } }: Bench): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(
    `select (select count(*) from expense.outbox where position is null)
       + (select coalesce(sum(greatest((select max(position) from expense.outbox) - c.position, 0)), 0)
          from notification.consumer_cursor c where c.source = 'expense') as count`,
  );
  return Number(rows[0]?.count);
}
