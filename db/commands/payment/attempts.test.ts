// Goal: whatever order news of several tries arrive in, no money is dropped, counted twice or able to block its transfer.
// Method: the commands on real Postgres, with the tries of a transfer made as the API makes them and the gateway's news told by hand.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { type TestDatabases, testDatabases } from '../../../test/support/servers.ts';
import { transact } from '../../transact.ts';
import { type AttemptNews, lockTransfer, type PaymentWay, recordAttemptNews, startAttempt } from './attempts.ts';
import { completePayment } from './transfer-process.ts';

const CARD: PaymentWay = { gateway: 'stripe', confirmedBy: 'gateway', needsPayoutAccount: false, carries: () => true };
const CASH: PaymentWay = { gateway: 'manual', confirmedBy: 'receiver', needsPayoutAccount: false, carries: () => true };

describe('tries of a transfer', () => {
  let databases: TestDatabases;
  before(async () => {
    databases = await testDatabases();
  });
  after(() => databases.close());

  async function openTransfer(minor = 1000): Promise<string> {
    const id = uuidv7();
    await databases.payment.pool.query(
      `insert into payment.transfer (id, group_id, from_member_id, to_member_id, currency, amount_minor, method, date, due_at)
       values ($1, $2, $3, $4, 'EUR', $5, 'stripe', current_date, now())`,
      [id, uuidv7(), uuidv7(), uuidv7(), minor],
    );
    return id;
  }

  const pay = (transferId: string, way: PaymentWay, amountMinor = 1000n): Promise<unknown> =>
    transact(databases.payment, async (tx) => {
      const paymentMethodRef = way === CARD ? 'pm_card_visa' : null;
      await startAttempt(tx, await lockTransfer(tx, transferId), { way, amountMinor, paymentMethodRef, userId: uuidv7() });
    });

  /** @returns the types of events that were written. */
  const tell = async (transferId: string, epoch: number, news: Omit<AttemptNews, 'attemptId'>): Promise<string[]> => {
    const [attempt] = (await attemptsOf(transferId)).filter((one) => one.epoch === epoch);
    const { events } = await transact(databases.payment, (tx) => recordAttemptNews(tx, transferId, { attemptId: attempt!.id, ...news }));
    return events.map(({ event }) => event.type);
  };

  const attemptsOf = async (transferId: string): Promise<{ id: string; epoch: number; state: string; tries: number }[]> =>
    (
      await databases.payment.pool.query<{ id: string; epoch: number; state: string; tries: number }>(
        'select id, epoch, state, tries from payment.attempt where transfer_id = $1 order by epoch',
        [transferId],
      )
    ).rows;

  const states = async (transferId: string): Promise<string[]> => {
    const { rows } = await databases.payment.pool.query<{ state: string }>('select state from payment.transfer where id = $1', [
      transferId,
    ]);
    return [rows[0]!.state, ...(await attemptsOf(transferId)).map((attempt) => attempt.state)];
  };

  const declined = { event: 'gateway_declined', gatewayRef: 'pi_1', failureCode: 'card_declined', answeredTry: 1 } as const;
  const captured = { event: 'gateway_succeeded', gatewayRef: 'pi_1', answeredTry: 1 } as const;

  it('card that takes the money after all, beside cash that waits for its receiver, is quarantined with the transfer', async () => {
    const transferId = await openTransfer();
    await pay(transferId, CARD);
    await tell(transferId, 1, declined);
    await pay(transferId, CASH);

    const told = await tell(transferId, 1, captured);

    assert.deepEqual(await states(transferId), ['quarantined', 'quarantined', 'awaiting_confirmation']);
    assert.deepEqual(told, ['transfer.quarantined']);
  });

  it('older card that takes the money while a newer one is in flight, is not posted in its place', async () => {
    const transferId = await openTransfer();
    await pay(transferId, CARD, 1000n);
    await tell(transferId, 1, declined);
    await pay(transferId, CARD, 400n);

    await tell(transferId, 1, captured);
    await tell(transferId, 2, { ...captured, gatewayRef: 'pi_2' });

    assert.deepEqual(await states(transferId), ['quarantined', 'quarantined', 'captured']);
  });

  it('older card that takes the money after the transfer has succeeded, is quarantined and told of', async () => {
    const transferId = await openTransfer();
    await pay(transferId, CARD, 1000n);
    await tell(transferId, 1, declined);
    await pay(transferId, CASH, 1000n);
    await databases.payment.pool.query(`update payment.attempt set state = 'captured' where transfer_id = $1 and epoch = 2`, [transferId]);
    await databases.payment.pool.query(`update payment.transfer set state = 'processing' where id = $1`, [transferId]);
    const second = (await attemptsOf(transferId))[1]!;
    await transact(databases.payment, (tx) => completePayment(tx, transferId, second.id));

    const told = await tell(transferId, 1, captured);

    assert.deepEqual(await states(transferId), ['succeeded', 'quarantined', 'succeeded']);
    assert.deepEqual(told, ['transfer.quarantined']);
    assert.deepEqual(await tell(transferId, 1, captured), [], 'told once');
  });

  it('declined card of an older try is not sent again in place of a new one', async () => {
    const transferId = await openTransfer();
    await pay(transferId, CARD, 500n);
    await tell(transferId, 1, declined);
    await pay(transferId, CARD, 1000n);
    await tell(transferId, 2, { ...declined, gatewayRef: 'pi_2' });

    await pay(transferId, CARD, 500n);

    assert.deepEqual(
      (await attemptsOf(transferId)).map(({ epoch, state, tries }) => [epoch, state, tries]),
      [
        [1, 'declined', 1],
        [2, 'declined', 1],
        [3, 'created', 1],
      ],
    );
  });

  it('decline of an earlier try, told late, does not end the try that is in flight', async () => {
    const transferId = await openTransfer();
    await pay(transferId, CARD);
    await tell(transferId, 1, declined);
    await pay(transferId, CARD);
    assert.deepEqual(await states(transferId), ['processing', 'sent']);

    await tell(transferId, 1, { ...declined, answeredTry: 1 });
    assert.deepEqual(await states(transferId), ['processing', 'sent']);

    await tell(transferId, 1, { ...declined, answeredTry: 2 });
    assert.deepEqual(await states(transferId), ['failed', 'declined']);
  });
});
