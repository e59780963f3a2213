import { openBareServer } from './support/bare-server.ts';
import { openLoadGenerator } from './support/load.ts';
import type { LoadJob, LoadResult } from './support/load-messages.ts';
import type { Measurement, RunOptions } from './support/measurement.ts';
import { caughtUp, relayLag, type RelayLag } from './support/relay-lag.ts';
import { openStand } from './support/stand.ts';
import { median, rounded } from './support/statistics.ts';
import { buildWorld } from './support/world.ts';

const GROUPS = 500;
const USERS = 50;
const ROUNDS = 5;
const CLIENTS = [1, 10, 50] as const;
const WARM_UP_MS = 500;
const MEASURE_MS = 3_000;
/** Before the first round, at the highest load: both servers' code is compiled, their tables are in memory. */
const FIRST_MS = 6_000;

/** What recording an expense costs beside the bare server; the figures are those at 50 clients. */
export interface RecordResult {
  /** Requests a second of the API, by those of the bare server. */
  readonly ratio: number;
  readonly p99Ratio: number;
  readonly ratePerSecond: number;
  /** The same ratio at each number of clients. */
  readonly ratios: Readonly<Record<string, number>>;
  /** Events that the relay had still to publish or consumers to read when the last round of the API ended. */
  readonly lagAtEnd: RelayLag;
}

interface Round {
  readonly api: LoadResult;
  readonly bare: LoadResult;
}

/** Measures POST expense through the whole API against bench/bare.mjs, in rounds that take turns. */
export async function run({ progress }: RunOptions): Promise<Measurement<RecordResult>> {
  const stand = await openStand(progress);
  const world = await buildWorld(stand, { users: USERS, groups: GROUPS }, progress);
  const bare = await openBareServer(stand);
  const load = openLoadGenerator();
  const toApi = { origin: stand.platform.urls.apiUrl, traffic: { kind: 'expenses', groups: world.groups } } as const;
  const toBare = { origin: bare.origin, traffic: { kind: 'bare', groups: GROUPS, token: bare.token } } as const;
  let lag: RelayLag = { unpublished: 0, undispatched: 0, unread: 0 };
  let behindMs = 0;
  const leg = async (target: Pick<LoadJob, 'origin' | 'traffic'>, clients: number, measureMs: number): Promise<LoadResult> => {
    await caughtUp(stand);
    return load.run({ ...target, clients, warmUpMs: WARM_UP_MS, measureMs });
  };
  for (const target of [toApi, toBare]) await leg(target, 50, FIRST_MS);

  const rounds = new Map<number, Round[]>(CLIENTS.map((clients) => [clients, []]));
  for (const clients of CLIENTS) {
    for (let round = 1; round <= ROUNDS; round += 1) {
      progress(`${clients} clients, round ${round} of ${ROUNDS}`);
      const api = await leg(toApi, clients, MEASURE_MS);
      lag = await relayLag(stand);
      behindMs = await caughtUp(stand);
      rounds.get(clients)?.push({ api, bare: await leg(toBare, clients, MEASURE_MS) });
    }
  }
  const at50 = rounds.get(50) ?? [];
  return {
    settings: {
      ...stand.settings,
      'bare pool': '16',
      groups: `${GROUPS} of four, made through commands`,
      generator: 'one process, undici, connections kept open',
    },
    table: tableOf(rounds),
    notes: [
      `Relay at the end of the last round: ${lag.unpublished} events unpublished, ${lag.unread} unread by a consumer; caught up ${(behindMs / 1000).toFixed(1)} s later.`,
    ],
    result: {
      ratio: rounded(median(at50.map(ratioOf)), 3),
      p99Ratio: rounded(median(at50.map(({ api, bare: other }) => api.p99Ms / other.p99Ms)), 2),
      ratePerSecond: rounded(median(at50.map(({ api }) => api.ratePerSecond)), 0),
      ratios: Object.fromEntries([...rounds].map(([clients, list]) => [clients, rounded(median(list.map(ratioOf)), 3)])),
      lagAtEnd: lag,
    },
  };
}

function ratioOf({ api, bare }: Round): number {
  return api.ratePerSecond / bare.ratePerSecond;
}

function tableOf(rounds: ReadonlyMap<number, readonly Round[]>): string[][] {
  const table = [['clients', 'server', 'requests/s', 'p50 ms', 'p95 ms', 'p99 ms', 'ratio', 'p99 ratio']];
  for (const [clients, list] of rounds) {
    for (const server of ['api', 'bare'] as const) {
      const of = (pick: (result: LoadResult) => number): string => median(list.map((round) => pick(round[server]))).toFixed(1);
      const ratios =
        server === 'bare'
          ? ['', '']
          : [median(list.map(ratioOf)).toFixed(2), median(list.map((round) => round.api.p99Ms / round.bare.p99Ms)).toFixed(2)];
      table.push([
        String(clients),
        server,
        of((r) => r.ratePerSecond),
        of((r) => r.p50Ms),
        of((r) => r.p95Ms),
        of((r) => r.p99Ms),
        ...ratios,
      ]);
    }
  }
  return table;
}
