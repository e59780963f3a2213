import { Client, Connection } from '@temporalio/client';
import { workflowId } from '../domain/events.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/shared/search-attributes.ts';
import { closeAtEnd } from './support/cleanup.ts';
import { type TwoPhases, type Work, workOf } from './support/history-work.ts';
import { inParallel, type Measurement, type RunOptions, until } from './support/measurement.ts';
import { buildDebts, type Debts, openSettlement, payTransfer } from './support/settling.ts';
import { openSkeletons, type Skeletons } from './support/skeleton.ts';
import { openStand, type Stand } from './support/stand.ts';
import { median, percentile, rounded } from './support/statistics.ts';
import type { BenchGroup } from './support/world.ts';

const ROUNDS = 5;
const GROUPS_A_ROUND = 8;
/** Three members of a group owe the fourth. */
const TRANSFERS = GROUPS_A_ROUND * 3;
const PAYERS_AT_ONCE = 10;
/** While transfers or skeletons run, so many settlements are opened, one after the other... */
const OPENED_A_LEG = 6;
/** ...with this pause, in milliseconds. */
const OPEN_EVERY_MS = 500;
const SMALL_GROUPS = OPENED_A_LEG * 2 * (ROUNDS + 1);
const LIMIT_MS = 60_000;

/** What settling costs beyond the workflow engine. */
export interface SettleResult {
  /** Transfers a second from pay to succeeded, by skeletons of the same work. */
  readonly ratio: number;
  /** 99th percentile of the answer to POST settlements while transfers are being paid. */
  readonly startP99Ms: number;
  readonly transfersPerSecond: number;
}

interface Bench {
  readonly stand: Stand;
  readonly client: Client;
  readonly debts: Debts;
  readonly skeletons: Skeletons;
  /** Settlements opened only for their latency; each has one transfer, which nobody pays. */
  readonly opener: Opener;
}

/**
 * Measures transfers from the payer's wish to succeeded, against a skeleton workflow that does as many activities, timers and
 * waits for signals as a recorded transfer did from that wish on, with empty activities, on the same server. Both wait for the
 * wish when the time begins. Somebody opens settlements during both.
 */
export async function run({ progress }: RunOptions): Promise<Measurement<SettleResult>> {
  const stand = await openStand(progress);
  const debts = await buildDebts(stand, { groups: GROUPS_A_ROUND * (ROUNDS + 1), small: SMALL_GROUPS }, progress);
  const connection = await Connection.connect({ address: stand.platform.urls.temporalAddress });
  closeAtEnd(() => connection.close());
  const client = new Client({ connection, namespace: stand.platform.urls.temporalNamespace });
  progress("starting the skeleton's worker");
  const bench: Bench = { stand, client, debts, skeletons: await openSkeletons(stand, client), opener: createOpener(stand, debts.small) };

  progress('first transfers');
  const first = await planTransfers(bench, 0);
  await paying(bench, first);
  const work = await workOfTransfers(client, first);
  await idling(bench, work);
  bench.opener.forget();
  const rounds: { transfers: number; skeletons: number }[] = [];
  const latencies: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`round ${round} of ${ROUNDS}: transfers`);
    const transfers = await paying(bench, await planTransfers(bench, round));
    latencies.push(...bench.opener.forget());
    progress(`round ${round} of ${ROUNDS}: skeletons`);
    rounds.push({ transfers, skeletons: await idling(bench, work) });
    bench.opener.forget();
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
      'transfers a round': String(TRANSFERS),
      'payers at once': String(PAYERS_AT_ONCE),
      'payment method': 'stripe, by the double',
    },
    table: [
      ['from wish to end', 'median/s', 'slowest/s', 'fastest/s'],
      row(
        'transfers',
        rounds.map(({ transfers }) => transfers),
      ),
      row(
        'skeletons',
        rounds.map(({ skeletons }) => skeletons),
      ),
    ],
    notes: [
      `A transfer before the wish: ${words(work.before)}; from it on: ${words(work.after)}.`,
      `Opening a settlement meanwhile, ${latencies.length} times: median ${median(latencies).toFixed(0)} ms, slowest ${Math.max(...latencies).toFixed(0)} ms.`,
    ],
    result: {
      ratio: rounded(median(rounds.map(({ transfers, skeletons }) => transfers / skeletons)), 3),
      startP99Ms: rounded(percentile(latencies, 0.99), 0),
      transfersPerSecond: rounded(median(rounds.map(({ transfers }) => transfers)), 1),
    },
  };
}

/** Opens the settlements of a round. @returns their transfers, once each has a workflow that waits for its payer. */
async function planTransfers({ stand, debts, client, opener }: Bench, round: number): Promise<string[]> {
  const groups = debts.groups.slice(round * GROUPS_A_ROUND, (round + 1) * GROUPS_A_ROUND);
  const settlements = await inParallel(groups, 4, (group) => openSettlement(stand, group));
  const query = `WorkflowType = 'transfer' and ExecutionStatus = 'Running' and ${SEARCH_ATTRIBUTES.processState.name} = 'planned'`;
  await until(
    'the transfers are planned',
    LIMIT_MS,
    async () => (await client.workflow.count(query)).count >= TRANSFERS + opener.opened(),
    250,
  );
  const { rows } = await stand.sql.query<{ id: string }>('select id from payment.transfer where settlement_id = any($1::uuid[])', [
    settlements,
  ]);
  if (rows.length !== TRANSFERS) throw new Error(`${rows.length} transfers were planned, not ${TRANSFERS}`);
  return rows.map(({ id }) => id);
}

/** @returns transfers a second. */
async function paying({ stand, debts, opener }: Bench, transferIds: readonly string[]): Promise<number> {
  return opener.during(async () => {
    const began = performance.now();
    await inParallel(transferIds, PAYERS_AT_ONCE, (id) => payTransfer(stand, debts.owner, id));
    const left = `select 1 from payment.transfer where id = any($1::uuid[]) and state <> 'succeeded' limit 1`;
    await until('the transfers succeed', LIMIT_MS, async () => (await stand.sql.query(left, [transferIds])).rows.length === 0, 20);
    return (1000 * transferIds.length) / (performance.now() - began);
  });
}

/** @returns skeletons a second. */
async function idling({ skeletons, opener }: Bench, work: TwoPhases): Promise<number> {
  const ids = await skeletons.park(TRANSFERS, work);
  return opener.during(async () => {
    const began = performance.now();
    await skeletons.goOn(ids, work, PAYERS_AT_ONCE);
    return (1000 * ids.length) / (performance.now() - began);
  });
}

/** The work of the transfer whose history has the median length. */
async function workOfTransfers(client: Client, transferIds: readonly string[]): Promise<TwoPhases> {
  const histories = await inParallel(
    transferIds,
    5,
    async (id) => (await client.workflow.getHandle(workflowId('transfer', id)).fetchHistory()).events ?? [],
  );
  const middle = histories.toSorted((one, other) => one.length - other.length)[Math.floor(histories.length / 2)];
  if (middle === undefined) throw new Error('no transfer has a history');
  return workOf(middle);
}

/** Opens settlements while something else goes on, and remembers how long the answers took. */
interface Opener {
  during<T>(work: () => Promise<T>): Promise<T>;
  /** How many were opened, ever. */
  opened(): number;
  /** Latencies in milliseconds since the last call. */
  forget(): number[];
}

function createOpener(stand: Stand, groups: readonly BenchGroup[]): Opener {
  let opened = 0;
  let latencies: number[] = [];
  const openOne = async (): Promise<void> => {
    const group = groups[opened];
    if (group === undefined) throw new Error('there are too few groups for so many settlements');
    opened += 1;
    const began = performance.now();
    await openSettlement(stand, group);
    latencies.push(performance.now() - began);
  };
  const openSome = async (): Promise<void> => {
    for (let count = 0; count < OPENED_A_LEG; count += 1) {
      await openOne();
      await new Promise((resolve) => setTimeout(resolve, OPEN_EVERY_MS));
    }
  };
  return {
    async during(work) {
      const [found] = await Promise.all([work(), openSome()]);
      return found;
    },
    opened: () => opened,
    forget() {
      const known = latencies;
      latencies = [];
      return known;
    },
  };
}

function words({ activities, timers, signals }: Work): string {
  return `${activities} activities, ${timers} timers, ${signals} signals`;
}
