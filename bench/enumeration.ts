import { randomUUID } from 'node:crypto';
import type { Measurement, RunOptions } from './support/measurement.ts';
import { openStand, type Stand } from './support/stand.ts';
import { median, rounded } from './support/statistics.ts';

/** Requests of each kind, one after the other. */
const TIMES = 400;
const FIRST = 20;

/** What the time of an answer tells about who has an account. */
export interface EnumerationResult {
  /** Median time of a refused sign-in at an account, by that at an address without one. */
  readonly loginRatio: number;
  /** The same of asking for a mail that resets the password. */
  readonly forgotRatio: number;
}

/** Measures refused sign-ins and forgotten passwords of known and unknown addresses, each kind in turn with the others. */
export async function run({ progress }: RunOptions): Promise<Measurement<EnumerationResult>> {
  const stand = await openStand(progress);
  const known = `${randomUUID()}@example.com`;
  await stand.call({ method: 'POST', path: '/v1/auth/register', body: { email: known, password: randomUUID(), displayName: 'Ana' } });
  const kinds = {
    'sign-in, known': () => post(stand, '/v1/auth/login', { email: known, password: randomUUID() }),
    'sign-in, unknown': () => post(stand, '/v1/auth/login', { email: `${randomUUID()}@example.com`, password: randomUUID() }),
    'forgotten, known': () => post(stand, '/v1/auth/password/forgot', { email: known }),
    'forgotten, unknown': () => post(stand, '/v1/auth/password/forgot', { email: `${randomUUID()}@example.com` }),
  };
  const tookMs: Record<string, number[]> = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
  for (let time = -FIRST; time < TIMES; time += 1) {
    if (time % 50 === 0) progress(`request ${Math.max(0, time)} of ${TIMES}`);
    // In another order each time, so that none always comes after the same one.
    for (const [kind, ask] of Object.entries(kinds).toSorted(() => Math.random() - 0.5)) {
      const ms = await ask();
      if (time >= 0) tookMs[kind]?.push(ms);
    }
  }
  const middle = (kind: keyof typeof kinds): number => median(tookMs[kind] ?? []);
  return {
    settings: { ...stand.settings, 'requests of each kind': String(TIMES) },
    table: [['asked', 'median ms'], ...Object.keys(kinds).map((kind) => [kind, middle(kind as keyof typeof kinds).toFixed(2)])],
    result: {
      loginRatio: rounded(middle('sign-in, known') / middle('sign-in, unknown'), 3),
      forgotRatio: rounded(middle('forgotten, known') / middle('forgotten, unknown'), 3),
    },
  };
}

/** @returns how long the answer took, in milliseconds, whatever it was. */
async function post(stand: Stand, path: string, body: object): Promise<number> {
  const started = performance.now();
  const answer = await fetch(stand.platform.urls.apiUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await answer.arrayBuffer();
  return performance.now() - started;
}
