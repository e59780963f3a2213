// Goal: Postgres may end at any moment: callers hear 503 with Retry-After, nothing acknowledged is lost, and a repetition does a thing once.
// Method: the whole platform under load from several writers; Postgres is killed with -9 and stopped in good order.
import assert from 'node:assert/strict';
import type { Platform } from '../../sandbox/platform.ts';
import type { TestAnswer } from '../support/api.ts';
import { until } from '../support/until.ts';
import {
  allServe,
  assertLedgerAgrees,
  balancesOf,
  debtOf,
  type FaultGroup,
  faultPlatform,
  journalOf,
  killPart,
  newGroup,
  onboard,
  openSettlement,
  owe,
  patiently,
  payByCard,
  pidOf,
  reaches,
  RECOVERY_MS,
  sql,
} from './support.ts';

const WRITERS = 6;
/** Acknowledged before the fault, so that it hits a running load; and after it, so that the load has come back. */
const BEFORE = 60;
const AFTER = 60;
/** Held this long, so that requests meet a database that is away and not only a lost connection. */
const REFUSED_WHILE_HELD = 10;

describe('faults, Postgres is restarted', function () {
  this.timeout(240_000);
  let platform: Platform;

  before(async () => {
    platform = await faultPlatform();
    await allServe(platform);
  });

  it('killed with -9 under load, nothing acknowledged is lost and nothing is written twice', async () => {
    const load = await startLoad();
    await until('load runs', async () => load.acknowledged.size >= BEFORE, RECOVERY_MS);
    const pid = pidOf(platform, 'postgres');
    killPart(platform, 'postgres');
    await until(
      'started again',
      async () => platform.children().some(({ name, pid: now }) => name === 'postgres' && now !== pid),
      RECOVERY_MS,
    );
    await load.endAfterMore(AFTER);
    await load.verify();
  });

  it('stopped in good order under load, callers hear 503 until it is back', async () => {
    const load = await startLoad();
    await until('load runs', async () => load.acknowledged.size >= BEFORE, RECOVERY_MS);
    const heard = load.refusals.length;
    await platform.hold('postgres');
    try {
      await until('refusals', async () => load.refusals.length >= heard + REFUSED_WHILE_HELD, RECOVERY_MS);
      const ready = await fetch(`${platform.urls.apiUrl}/readyz`);
      assert.deepEqual([ready.status, ready.headers.get('retry-after') !== null], [503, true]);
      assert.equal((await fetch(`${platform.urls.apiUrl}/livez`)).status, 200);
    } finally {
      await platform.release('postgres');
    }
    await load.endAfterMore(AFTER);
    await load.verify();
  });

  it('killed while a card is charged, the transfer ends succeeded and is charged once', async () => {
    const group = await newGroup(platform.urls.apiUrl, 2);
    const [receiver, payer] = group.users as [FaultGroup['users'][number], FaultGroup['users'][number]];
    await onboard(receiver);
    await owe(group, '17.00');
    const { settlementId, transferId } = await openSettlement(group);
    const paid = await payByCard(payer, transferId);
    assert.equal(paid.status, 202, JSON.stringify(paid.body));
    killPart(platform, 'postgres');
    await until('a look at the transfer', async () => (await payer.call('GET', `/v1/transfers/${transferId}`)).status === 200, RECOVERY_MS);
    await reaches(payer, `/v1/transfers/${transferId}`, 'succeeded');
    await reaches(payer, `/v1/settlements/${settlementId}`, 'settled');
    assert.equal((await journalOf(platform)).byReference[`transfer=${transferId}`]?.charges, 1);
    assert.ok(Object.values(await balancesOf(group)).every((net) => net === '0.00'));
  });

  interface Load {
    /** Ids that the API answered 201 for. */
    readonly acknowledged: Set<string>;
    readonly refusals: TestAnswer[];
    /** Lets the writers go on for so many more, then waits until each has its last answer. */
    endAfterMore(count: number): Promise<void>;
    verify(): Promise<void>;
  }

  /** Writers record expenses of 0.01 in groups of their own, each under one key until it is answered. */
  async function startLoad(): Promise<Load> {
    const groups = await Promise.all(Array.from({ length: WRITERS }, () => newGroup(platform.urls.apiUrl, 2)));
    const acknowledged = new Set<string>();
    const refusals: TestAnswer[] = [];
    let goOn = true;
    const writers = groups.map(async ({ groupId, users, members }) => {
      while (goOn) {
        const expense = debtOf(members[0]!, members[1]!, '0.01');
        const met = await patiently(users[0]!, `/v1/groups/${groupId}/expenses`, expense, (refusal) => refusals.push(refusal));
        assert.equal(met.cuts, 0, 'the API itself stays');
        assert.equal(met.answer.status, 201, JSON.stringify(met.answer.body));
        acknowledged.add(expense['id'] as string);
      }
    });
    const ended = Promise.all(writers);
    // A writer that fails early must fail the test and not the process.
    ended.catch(() => undefined);
    return {
      acknowledged,
      refusals,
      async endAfterMore(count) {
        const enough = acknowledged.size + count;
        await Promise.race([ended, until('load has come back', async () => acknowledged.size >= enough, RECOVERY_MS)]);
        goOn = false;
        await ended;
      },
      async verify() {
        assert.ok(refusals.length > 0, 'the fault was felt');
        for (const refusal of refusals) assertAway(refusal);
        const written = await Promise.all(groups.map((group) => assertHolds(group, acknowledged)));
        assert.equal(sum(written), acknowledged.size, 'each acknowledged expense is there');
        await assertLedgerAgrees(platform);
      },
    };
  }

  /** Looks whether a group holds acknowledged expenses only, each posted once. @returns how many. */
  async function assertHolds(group: FaultGroup, acknowledged: ReadonlySet<string>): Promise<number> {
    const rows = await sql<{ id: string; postings: string }>(
      platform,
      `select e.id, (select count(*) from expense.posting p where p.source_id = e.id) as postings from expense.expense e where e.group_id = $1`,
      [group.groupId],
    );
    for (const { id, postings } of rows) {
      assert.deepEqual([acknowledged.has(id), postings], [true, '1'], id);
      assert.equal((await group.users[1]!.call('GET', `/v1/expenses/${id}`)).body.state, 'posted');
    }
    assert.equal((await balancesOf(group))[group.members[0]!], (rows.length / 100).toFixed(2));
    return rows.length;
  }
});

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** The one way in which a request may be refused meanwhile. */
function assertAway({ status, headers, body }: TestAnswer): void {
  assert.equal(status, 503);
  assert.equal(headers.get('content-type'), 'application/problem+json');
  assert.match(headers.get('retry-after') ?? '', /^\d+$/);
  assert.equal(body.code, 'database_unavailable', JSON.stringify(body));
}
