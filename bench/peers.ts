import { openIHateMoney, type IHateMoney } from './support/ihatemoney.ts';
import { openLoadGenerator } from './support/load.ts';
import type { LoadJob, LoadResult } from './support/load-messages.ts';
import { type Measurement, type RunOptions } from './support/measurement.ts';
import { caughtUp } from './support/relay-lag.ts';
import { openStand, type Stand } from './support/stand.ts';
import { median, rounded } from './support/statistics.ts';
import { buildWorld, makeGroup, register, type BenchGroup } from './support/world.ts';

const GROUPS = 100;
const USERS = 20;
const BILLS = 10_000;
const BULK = 500;
const ROUNDS = 3;
/** Clients at which each is asked; the best of them is its saturation. */
const PEER_CLIENTS = [2, 4, 8] as const;
const OUR_CLIENTS = [50, 200] as const;
const WARM_UP_MS = 500;
const MEASURE_MS = 3_000;
/** Before the first round: compilers of both sides are warm after it, and processes of the groups have begun. */
const FIRST_MS = 10_000;
/** The peer takes most of a second for one balance. */
const BALANCE_MS = 5_000;

/** How often what a peer does fits into the time in which we do it. */
export interface PeersResult {
  /** Our bills a second, by those of I Hate Money, each at its own saturation. */
  readonly recordTimes: number;
  /** The median time of its balances over 10,000 bills, by ours. */
  readonly balancesTimes: number;
}

/** The most that a server did, and with how many clients. */
interface Saturation {
  readonly rate: number;
  readonly clients: number;
}

/** Measures bills a second and balances over 10,000 bills beside I Hate Money, both over HTTP, in rounds that take turns. */
export async function run({ progress }: RunOptions): Promise<Measurement<PeersResult>> {
  const peer = await openIHateMoney(progress);
  const stand = await openStand(progress);
  const world = await buildWorld(stand, { users: USERS, groups: GROUPS }, progress);
  const load = openLoadGenerator();
  const ours = { origin: stand.platform.urls.apiUrl, traffic: { kind: 'expenses', groups: world.groups } } as const;
  const leg = async (target: Pick<LoadJob, 'origin' | 'traffic' | 'clients'>, measureMs = MEASURE_MS): Promise<LoadResult> => {
    await caughtUp(stand);
    return load.run({ ...target, warmUpMs: WARM_UP_MS, measureMs });
  };
  const saturation = async (target: Pick<LoadJob, 'origin' | 'traffic'>, numbers: readonly number[]): Promise<Saturation> => {
    const found: Saturation[] = [];
    for (const clients of numbers) found.push({ rate: (await leg({ ...target, clients })).ratePerSecond, clients });
    return found.reduce((most, one) => (one.rate > most.rate ? one : most));
  };
  await leg({ ...ours, clients: OUR_CLIENTS[0] }, FIRST_MS);
  const records: { ours: Saturation; theirs: Saturation }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`bills, round ${round} of ${ROUNDS}`);
    const here = await saturation(ours, OUR_CLIENTS);
    records.push({ ours: here, theirs: await saturation({ origin: peer.origin, traffic: billsOf(peer) }, PEER_CLIENTS) });
  }
  const group = await longGroup(stand, progress);
  progress(`I Hate Money: ${BILLS} bills`);
  await peer.fill(BILLS);
  const read = { kind: 'read', path: `/v1/groups/${group.groupId}/balances`, token: group.token } as const;
  const statistics = { kind: 'read', path: '/api/projects/bench/statistics', token: peer.token } as const;
  const balances: { ours: number; theirs: number }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`balances, round ${round} of ${ROUNDS}`);
    const { p50Ms } = await leg({ origin: ours.origin, traffic: read, clients: 1 });
    const theirs = await leg({ origin: peer.origin, traffic: statistics, clients: 1 }, BALANCE_MS);
    balances.push({ ours: p50Ms, theirs: theirs.p50Ms });
  }
  return {
    settings: {
      ...stand.settings,
      'I Hate Money': peer.version,
      clients: `here the best of ${OUR_CLIENTS.join(', ')}; there of ${PEER_CLIENTS.join(', ')}`,
    },
    table: [
      ['what', 'here', 'I Hate Money', 'times'],
      ...records.map((one, index) => [
        `bills/s, round ${index + 1}`,
        `${one.ours.rate.toFixed(0)} (${one.ours.clients} clients)`,
        `${one.theirs.rate.toFixed(1)} (${one.theirs.clients} clients)`,
        (one.ours.rate / one.theirs.rate).toFixed(1),
      ]),
      ...balances.map((one, index) => [
        `balances over ${BILLS.toLocaleString('en')}, p50 ms, round ${index + 1}`,
        one.ours.toFixed(2),
        one.theirs.toFixed(0),
        (one.theirs / one.ours).toFixed(0),
      ]),
    ],
    result: {
      recordTimes: rounded(median(records.map((one) => one.ours.rate / one.theirs.rate)), 1),
      balancesTimes: rounded(median(balances.map((one) => one.theirs / one.ours)), 0),
    },
  };
}

function billsOf({ token }: IHateMoney): LoadJob['traffic'] {
  const owers = [1, 2, 3, 4].map((id) => `payed_for=${id}`).join('&');
  const body = `date=2026-11-20&what=Dinner+at+the+harbour&payer=1&${owers}&amount=12.34&bill_type=Expense&original_currency=EUR`;
  return { kind: 'form', path: '/api/projects/bench/bills', token, body };
}

/** A group with as many expenses as the peer gets bills. */
async function longGroup(stand: Stand, progress: (text: string) => void): Promise<BenchGroup> {
  const group = await makeGroup(stand, await register(stand, 'Ana'), GROUPS);
  const { groupId, token, memberIds } = group;
  for (let done = 0; done < BILLS; done += BULK) {
    progress(`recording: ${done} of ${BILLS} expenses`);
    const expenses = Array.from({ length: BULK }, (_, index) => {
      const amount = `${1 + ((done + index) % 200)}.00`;
      const payers = [{ memberId: memberIds[(done + index) % memberIds.length], amount }];
      const total = { amount, currency: 'EUR' };
      return { description: 'Dinner', total, date: '2026-11-20', payers, split: { method: 'equal', among: memberIds } };
    });
    await stand.call({ method: 'POST', path: `/v1/groups/${groupId}/expenses/bulk`, token, body: { expenses } });
  }
  return group;
}
