import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { openLoadGenerator } from './support/load.ts';
import type { LoadResult } from './support/load-messages.ts';
import type { Measurement, RunOptions } from './support/measurement.ts';
import { openStand, type Stand } from './support/stand.ts';
import { median, percentile, rounded } from './support/statistics.ts';
import { makeGroup, register } from './support/world.ts';

const SIGN_INS_PER_SECOND = 20;
const READERS = 4;
const ROUNDS = 7;
const WARM_UP_MS = 500;
const MEASURE_MS = 4_000;
const FIRST_MS = 3_000;

/** What sign-ins cost whoever reads meanwhile. */
export interface SigninResult {
  /** p99 of GET balances while 20 people a second sign in, by that without. */
  readonly readsP99Ratio: number;
}

/** Measures reads with and without sign-ins beside them, in rounds that take turns. */
export async function run({ progress }: RunOptions): Promise<Measurement<SigninResult>> {
  const stand = await openStand(progress);
  const user = await register(stand, 'Ana');
  const { groupId, token } = await makeGroup(stand, user, 0);
  const account = { email: `${randomUUID()}@example.com`, password: randomUUID() };
  await stand.call({ method: 'POST', path: '/v1/auth/register', body: { ...account, displayName: 'Ben' } });
  const load = openLoadGenerator();
  const traffic = { kind: 'read', path: `/v1/groups/${groupId}/balances`, token } as const;
  const read = (measureMs = MEASURE_MS): Promise<LoadResult> =>
    load.run({ origin: stand.platform.urls.apiUrl, clients: READERS, warmUpMs: WARM_UP_MS, measureMs, traffic });
  progress('first load');
  await read(FIRST_MS);
  const rounds: { alone: LoadResult; beside: LoadResult }[] = [];
  const signInMs: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`round ${round} of ${ROUNDS}`);
    const alone = await read();
    const ending = new AbortController();
    const signingIn = signIn(stand, account, ending.signal);
    const beside = await read();
    ending.abort();
    signInMs.push(...(await signingIn));
    rounds.push({ alone, beside });
  }
  const row = (name: string, results: readonly LoadResult[]): string[] => [
    name,
    median(results.map((result) => result.p50Ms)).toFixed(2),
    median(results.map((result) => result.p99Ms)).toFixed(2),
    median(results.map((result) => result.ratePerSecond)).toFixed(0),
  ];
  return {
    settings: { ...stand.settings, readers: String(READERS), 'sign-ins a second': String(SIGN_INS_PER_SECOND) },
    table: [
      ['reads', 'p50 ms', 'p99 ms', 'requests/s'],
      row(
        'alone',
        rounds.map(({ alone }) => alone),
      ),
      row(
        'beside sign-ins',
        rounds.map(({ beside }) => beside),
      ),
    ],
    notes: [
      `${signInMs.length} sign-ins, the median took ${median(signInMs).toFixed(0)} ms, the p99 ${percentile(signInMs, 0.99).toFixed(0)} ms`,
    ],
    result: { readsP99Ratio: rounded(median(rounds.map(({ alone, beside }) => beside.p99Ms / alone.p99Ms)), 3) },
  };
}

/** Signs in at a fixed pace, whether the one before is done or not. @returns how long each took, in milliseconds. */
async function signIn(stand: Stand, body: object, signal: AbortSignal): Promise<number[]> {
  const tookMs: number[] = [];
  const running: Promise<void>[] = [];
  const began = performance.now();
  for (let turn = 0; !signal.aborted; turn += 1) {
    const started = performance.now();
    running.push(
      stand.call({ method: 'POST', path: '/v1/auth/login', body }).then(() => {
        tookMs.push(performance.now() - started);
      }),
    );
    await delay(Math.max(0, began + ((turn + 1) * 1_000) / SIGN_INS_PER_SECOND - performance.now()));
  }
  await Promise.all(running);
  return tookMs;
}
