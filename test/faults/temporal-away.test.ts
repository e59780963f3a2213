// Goal: without Temporal nothing is refused, and what was asked for happens once it is back.
// Method: the whole platform; its Temporal server is stopped while people go on working, then started again.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Platform } from '../../sandbox/platform.ts';
import type { TestAnswer } from '../support/api.ts';
import {
  allServe,
  assertLedgerAgrees,
  balancesOf,
  debtOf,
  type FaultGroup,
  faultPlatform,
  journalOf,
  newGroup,
  onboard,
  openSettlement,
  owe,
  payByCard,
  post,
  reaches,
  runReaches,
  withTemporal,
} from './support.ts';

/** How long Temporal is away. */
const AWAY_MS = 30_000;
/** A command does not wait for Temporal, which is given 2 s in the background. */
const ANSWER_MS = 1_000;
const PAUSE_MS = 150;

describe('faults, Temporal is away', function () {
  this.timeout(240_000);
  let platform: Platform;
  const tookMs: number[] = [];

  before(async () => {
    platform = await faultPlatform();
    await allServe(platform);
  });

  /** Notes how long a command took, and that it was not refused. */
  async function accepted(what: string, status: number, command: () => Promise<TestAnswer>): Promise<TestAnswer['body']> {
    const began = performance.now();
    const answer = await command();
    tookMs.push(performance.now() - began);
    assert.equal(answer.status, status, `${what}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  it('expenses, votes, settlements, payments, refunds and reminders are taken, and go on when it returns', async () => {
    const { apiUrl } = platform.urls;
    const approval = { mode: 'above', above: { amount: '50.00', currency: 'EUR' } };
    const [expenses, paying, opening, refunding] = (await Promise.all([
      newGroup(apiUrl, 2, { policy: { approval } }),
      newGroup(apiUrl, 2),
      newGroup(apiUrl, 2),
      newGroup(apiUrl, 2, { policy: { refundApproval: 'none' } }),
    ])) as [FaultGroup, FaultGroup, FaultGroup, FaultGroup];
    const [owner, voter] = expenses.users as [FaultGroup['users'][number], FaultGroup['users'][number]];
    const record = (amount: string): Promise<TestAnswer> =>
      post(owner, `/v1/groups/${expenses.groupId}/expenses`, debtOf(expenses.members[0]!, expenses.members[1]!, amount));
    for (const group of [paying, opening, refunding]) await owe(group, '40.00');
    for (const group of [paying, refunding]) await onboard(group.users[0]!);
    const { settlementId, transferId } = await openSettlement(paying);
    const returning = await openSettlement(refunding);
    await payByCard(refunding.users[1]!, returning.transferId);
    const paid = await reaches(refunding.users[1]!, `/v1/transfers/${returning.transferId}`, 'succeeded');
    const waiting = (await record('60.00')).body.id as string;
    const cadence = { firstAfterDays: 2, everyDays: 7, max: 3, escalate: ['inApp'] };
    const remind = { memberId: expenses.members[1], cadence };
    let asked: Record<'pending' | 'opened' | 'refund' | 'reminder', string>;
    let recorded = 0;
    const expense = async (): Promise<void> => {
      await accepted('expense', 201, () => record('1.00'));
      recorded += 1;
    };

    await platform.hold('temporal');
    const until = Date.now() + AWAY_MS;
    try {
      await expense();
      const pending = await accepted('pending expense', 202, () => record('70.00'));
      await accepted('vote', 200, () => voter.call('POST', `/v1/expenses/${waiting}/approve`));
      const opened = await accepted('settlement', 202, () => post(opening.users[0]!, `/v1/groups/${opening.groupId}/settlements`, {}));
      await accepted('payment', 202, () => payByCard(paying.users[1]!, transferId));
      const refund = await accepted('refund', 202, () =>
        post(refunding.users[1]!, `/v1/payments/${paid.payments[0].id}/refunds`, { amount: '5.00', reason: 'Too much.' }),
      );
      const reminder = await accepted('reminder', 201, () => post(owner, `/v1/groups/${expenses.groupId}/reminders`, remind));
      while (Date.now() < until) {
        await expense();
        await delay(PAUSE_MS);
      }
      const ready = await fetch(`${apiUrl}/readyz`);
      assert.equal(ready.status, 200);
      assert.equal(((await ready.json()) as { parts: { temporal: string } }).parts.temporal, 'down');
      asked = { pending: pending.id, opened: opened.id, refund: refund.id, reminder: reminder.workflowId };
    } finally {
      await platform.release('temporal');
    }

    await reaches(opening.users[0]!, `/v1/settlements/${asked.opened}`, 'collecting');
    await reaches(paying.users[0]!, `/v1/settlements/${settlementId}`, 'settled');
    await reaches(refunding.users[1]!, `/v1/refunds/${asked.refund}`, 'succeeded');
    await withTemporal(platform, async (client) => {
      await runReaches(client, `expense-approval/${asked.pending}`, 'RUNNING');
      await runReaches(client, `expense-approval/${waiting}`, 'COMPLETED');
      await runReaches(client, asked.reminder, 'RUNNING');
    });
    assert.equal((await balancesOf(expenses))[expenses.members[0]!], `${60 + recorded}.00`);
    const median = tookMs.sort((one, other) => one - other)[Math.floor(tookMs.length / 2)] ?? 0;
    assert.ok(median < ANSWER_MS, `half of the commands took more than ${median.toFixed(0)} ms`);
    const journal = await journalOf(platform);
    assert.deepEqual(journal.chargedTwice, []);
    assert.equal(journal.byReference[`transfer=${transferId}`]?.charges, 1);
    assert.equal(journal.byReference[`refund=${asked.refund}`]?.refunds, 1);
    await assertLedgerAgrees(platform);
  });
});
