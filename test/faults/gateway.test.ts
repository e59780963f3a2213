// Goal: however the gateway misbehaves, a transfer ends succeeded or failed as the gateway's own journal says, and is charged once.
// Method: the whole platform; Stripe's double is given a seeded fault plan while many transfers are paid and refunded at once.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import type { Platform } from '../../sandbox/platform.ts';
import type { TestUser } from '../support/api.ts';
import { until } from '../support/until.ts';
import {
  allServe,
  assertLedgerAgrees,
  balancesOf,
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
  RECOVERY_MS,
  setFaults,
  sql,
  withTemporal,
} from './support.ts';

const SEEDS = [11, 2_026];
const PAYMENTS = 10;
/** Of the payments of one storm, each so-many-th uses a card that is declined. */
const DECLINED_EACH = 4;
const CARD = 'pm_card_visa';
const DECLINED_CARD = 'pm_card_chargeDeclined';
const FINAL = new Set(['succeeded', 'failed']);

/** Each way in which an answer or an event can go wrong; a request meets one of them with a probability of about three in four. */
const STORM = [
  ...['lost_after', 'lost_before', 'status_500', 'rate_limited', 'status_503'].map((fault) => ({
    match: { path: '/v1/payment_intents', probability: 0.25 },
    fault,
  })),
  ...['lost_after', 'lost_before', 'status_500'].map((fault) => ({ match: { path: '/v1/refunds', probability: 0.25 }, fault })),
  { match: { probability: 0.3 }, fault: 'webhook_twice' },
  { match: { probability: 0.4 }, fault: { kind: 'webhook_late', ms: 1_500 } },
  { match: { probability: 0.5 }, fault: 'webhook_out_of_order' },
];

describe('faults, the gateway misbehaves', function () {
  this.timeout(240_000);
  let platform: Platform;
  let group: FaultGroup;
  let receiver: TestUser;
  let payer: TestUser;

  before(async () => {
    platform = await faultPlatform();
    await allServe(platform);
    group = await newGroup(platform.urls.apiUrl, 2, { policy: { refundApproval: 'none' } });
    [receiver, payer] = group.users as [TestUser, TestUser];
    await onboard(receiver);
  });
  afterEach(() => setFaults(platform, []));

  for (const fault of ['lost_after', 'lost_before', 'status_500', 'rate_limited'] as const) {
    it(`every answer is ${fault} for a while, the transfer is paid once`, async () => {
      const own = await newGroup(platform.urls.apiUrl, 2);
      await onboard(own.users[0]!);
      await owe(own, '9.00');
      const { settlementId, transferId } = await openSettlement(own);
      // More often than the SDK tries again by itself, so that the process resolves it.
      await setFaults(platform, [{ match: { path: '/v1/payment_intents', times: 3 }, fault }]);
      await payByCard(own.users[1]!, transferId);
      await reaches(own.users[1]!, `/v1/settlements/${settlementId}`, 'settled');
      const journal = await journalOf(platform);
      assert.equal(journal.byReference[`transfer=${transferId}`]?.charges, 1);
      assert.ok(Object.values(await balancesOf(own)).every((net) => net === '0.00'));
    });
  }

  for (const seed of SEEDS) {
    it(`a storm of faults over payments and refunds at once, seed ${seed}: states and money agree`, async () => {
      await setFaults(platform, STORM, seed);
      const before = await netOf(payer);
      const transfers = await Promise.all(Array.from({ length: PAYMENTS }, (_, index) => pay(isDeclined(index) ? DECLINED_CARD : CARD)));
      await calmAfterFirst(transfers, 'transfers', 'transfer');
      const ended = await Promise.all(transfers.map((id) => endOf('transfers', id)));

      for (const [index, transfer] of ended.entries()) assert.equal(transfer.state, isDeclined(index) ? 'failed' : 'succeeded');
      const paid = ended.filter((transfer) => transfer.state === 'succeeded');
      await setFaults(platform, STORM, seed + 1);
      const refunds = await Promise.all(paid.map((transfer) => refund(transfer.payments[0].id as string)));
      await calmAfterFirst(refunds, 'refunds', 'refund');
      const refunded = await Promise.all(refunds.map((id) => endOf('refunds', id)));
      for (const { state } of refunded) assert.equal(state, 'succeeded');

      const journal = await journalOf(platform);
      assert.deepEqual(journal.chargedTwice, []);
      for (const { id, state } of ended)
        assert.equal(journal.byReference[`transfer=${id}`]?.charges ?? 0, state === 'succeeded' ? 1 : 0, id);
      for (const { id } of refunded) assert.equal(journal.byReference[`refund=${id}`]?.refunds, 1);
      // Each payment of 5.00 counts for the payer, and each refund of 2.00 counts back.
      assert.equal((await netOf(payer)) - before, paid.length * 3);
      await assertLedgerAgrees(platform);
      await allEventsHandled();
    });
  }

  const isDeclined = (index: number): boolean => index % DECLINED_EACH === DECLINED_EACH - 1;

  async function pay(paymentMethodId: string): Promise<string> {
    const made = await post(payer, `/v1/groups/${group.groupId}/payments`, {
      id: uuidv7(),
      from: group.members[1],
      to: group.members[0],
      money: { amount: '5.00', currency: 'EUR' },
      method: 'stripe',
      paymentMethodId,
    });
    assert.equal(made.status, 202, JSON.stringify(made.body));
    return made.body.id as string;
  }

  async function refund(paymentId: string): Promise<string> {
    const asked = await post(payer, `/v1/payments/${paymentId}/refunds`, { amount: '2.00', reason: 'Too much.' });
    assert.equal(asked.status, 202, JSON.stringify(asked.body));
    return asked.body.id as string;
  }

  /** The storm lasts until half are through it; those still open are asked about once more as an operator does, and then end. */
  async function calmAfterFirst(ids: readonly string[], kind: 'transfers' | 'refunds', process: string): Promise<void> {
    const open = async (): Promise<string[]> => {
      const states = await Promise.all(ids.map(async (id) => ({ id, state: await stateOf(kind, id) })));
      return states.filter(({ state }) => !FINAL.has(state)).map(({ id }) => id);
    };
    await until(`half of the ${kind} ended`, async () => (await open()).length <= ids.length / 2, RECOVERY_MS);
    await setFaults(platform, []);
    await withTemporal(platform, async (client) => {
      for (const id of await open())
        await client.workflow
          .getHandle(`${process}/${id}`)
          .executeUpdate('retryNow')
          // It may have ended meanwhile.
          .catch(() => undefined);
    });
  }

  async function stateOf(kind: string, id: string): Promise<string> {
    return (await payer.call('GET', `/v1/${kind}/${id}`)).body.state as string;
  }

  async function endOf(kind: string, id: string): Promise<TestBody> {
    return until(
      `${kind}/${id} has ended`,
      async () => {
        const { body } = await payer.call('GET', `/v1/${kind}/${id}`);
        return FINAL.has(body.state as string) ? (body as TestBody) : null;
      },
      RECOVERY_MS,
    );
  }

  async function netOf(user: TestUser): Promise<number> {
    return Number((await balancesOf(group))[group.members[group.users.indexOf(user)]!] ?? '0');
  }

  /** Events that come twice, late and out of order are each stored once and leave nothing to look at. */
  async function allEventsHandled(): Promise<void> {
    const webhooks = await until(
      'webhooks have arrived',
      async () => {
        const { data } = (await (await fetch(`${platform.urls.sandboxUrl}/_sandbox/webhooks?limit=1000`)).json()) as {
          data: { state: string }[];
        };
        return data.every(({ state }) => state !== 'pending') ? data : null;
      },
      RECOVERY_MS,
    );
    assert.ok(webhooks.length > 0);
    assert.deepEqual(await sql(platform, `select id from payment.transfer where state in ('quarantined', 'unknown', 'disputed')`), []);
  }
});

type TestBody = Awaited<ReturnType<typeof reaches>>;
