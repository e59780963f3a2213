// Goal: each letter says what is still to be done, to whom it concerns, and nothing once it is done.
// Method: rows as the services leave them in a real Postgres; the letters are written by the real queries.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { generateSecrets } from '../../../config/secrets.ts';
import type { TriedDelivery } from '../../../db/commands/notification/deliveries.ts';
import { read } from '../../../db/transact.ts';
import type { LetterName } from '../../../domain/notices.ts';
import { buildGroup, buildMember, buildUser, type BuiltUser } from '../../../test/support/factories.ts';
import { testDatabases, type TestDatabases } from '../../../test/support/servers.ts';
import type { Letter } from './letter.ts';
import { WRITERS } from './writers.ts';

describe('letters', function () {
  this.timeout(60_000);
  let databases: TestDatabases;

  before(async () => {
    databases = await testDatabases();
  });
  after(() => databases.close());

  interface World {
    readonly groupId: string;
    readonly payer: BuiltUser;
    readonly payerId: string;
    readonly ownerUserId: string;
    readonly ownerId: string;
    readonly guestId: string;
  }
  const world = async (): Promise<World> => {
    const group = await buildGroup(databases, { withoutAccount: 1 });
    const payer = await buildUser(databases, { name: 'Pia' });
    const { memberId: payerId } = await buildMember(databases, group.groupId, payer.userId);
    const [owner, guest] = group.members;
    return { groupId: group.groupId, payer, payerId, ownerUserId: group.owner.userId, ownerId: owner!.memberId, guestId: guest!.memberId };
  };
  const transfer = async (
    { groupId }: World,
    from: string,
    to: string,
    fields: Record<string, unknown> = {},
  ): Promise<{ id: string; settlementId: string }> => {
    const [id, settlementId] = [uuidv7(), (fields['settlementId'] as string | undefined) ?? uuidv7()];
    const { pool } = databases.payment;
    await pool.query(
      `insert into payment.settlement (id, group_id, strategy, method, due_at) values ($1, $2, 'minimal', 'manual', now()) on conflict do nothing`,
      [settlementId, groupId],
    );
    await pool.query(
      `insert into payment.transfer (id, settlement_id, group_id, from_member_id, to_member_id, currency, amount_minor, paid_minor, state, method, date, due_at)
       values ($1, $2, $3, $4, $5, $6, 1234, $7, $8, 'manual', '2026-11-20', now())`,
      [id, settlementId, groupId, from, to, fields['currency'] ?? 'EUR', fields['paid'] ?? 0, fields['state'] ?? 'planned'],
    );
    return { id, settlementId };
  };
  const write = (
    name: LetterName,
    recipientId: string,
    subjectIds: readonly string[],
    extra: Partial<TriedDelivery> = {},
  ): Promise<Letter | null> =>
    WRITERS[name](
      {
        query: <Row extends object>(text: string, values?: readonly unknown[]) => read<Row>(databases.notification, text, values),
        secrets: generateSecrets(),
        publicUrl: 'https://split.example',
      },
      subjectIds.map((subjectId, index) => ({ id: String(index), recipientId, subjectId, groupId: null, data: {}, ...extra })),
    );

  it('a settlement, with two legs to pay and one paid, asks for what is left of the two', async () => {
    const at = await world();
    const { settlementId } = await transfer(at, at.payerId, at.ownerId, { paid: 34 });
    await transfer(at, at.payerId, at.guestId, { settlementId, currency: 'JPY', state: 'failed' });
    await transfer(at, at.payerId, at.guestId, { settlementId, currency: 'USD', state: 'succeeded' });

    const letter = await write('settlement-payment', at.payer.userId, [settlementId]);

    assert.equal(letter?.to, at.payer.email);
    assert.equal(letter?.subject, '2 payments are due');
    assert.deepEqual(
      letter?.items?.map((item) => item.split(' to ')[0]),
      ['12.00 EUR', '1234 JPY'],
    );
    assert.equal(letter?.link, `https://split.example/v1/settlements/${settlementId}`);
    assert.equal(await write('settlement-payment', at.ownerUserId, [settlementId]), null);
  });

  it('a payment to a member without an account, asks the owner to confirm it, and nobody else', async () => {
    const at = await world();
    const { id } = await transfer(at, at.payerId, at.guestId, { state: 'awaiting_confirmation' });
    assert.match((await write('transfer-confirmation', at.ownerUserId, [id]))?.items?.[0] ?? '', /^12\.34 EUR from Member/);
    assert.equal(await write('transfer-confirmation', at.payer.userId, [id]), null);
  });

  it('what was done meanwhile, is left out, and the last of it suppresses the letter', async () => {
    const at = await world();
    const [open, done] = [await transfer(at, at.payerId, at.ownerId), await transfer(at, at.payerId, at.ownerId, { state: 'cancelled' })];
    const letter = await write('transfer-reminder', at.payer.userId, [open.id, done.id]);
    assert.deepEqual(letter?.deliveryIds, ['0']);
    assert.equal(await write('transfer-reminder', at.payer.userId, [done.id]), null);
  });

  it('a refund, asked for, waits for its approver; once decided for nobody', async () => {
    const at = await world();
    const { id } = await transfer(at, at.payerId, at.ownerId, { state: 'succeeded', paid: 1234 });
    const [attemptId, paymentId, refundId] = [uuidv7(), uuidv7(), uuidv7()];
    await databases.payment.pool.query(
      `insert into payment.attempt (id, transfer_id, epoch, gateway, idempotency_key, amount_minor, currency, state)
       values ($1, $2, 1, 'manual', $3, 1234, 'EUR', 'succeeded')`,
      [attemptId, id, uuidv7()],
    );
    await databases.payment.pool.query(
      `insert into payment.payment (id, transfer_id, attempt_id, group_id, from_member_id, to_member_id, method, amount_minor, currency, refunded_minor, state)
       values ($1, $2, $6, $3, $4, $5, 'manual', 1234, 'EUR', 0, 'succeeded')`,
      [paymentId, id, at.groupId, at.payerId, at.ownerId, attemptId],
    );
    await databases.payment.pool.query(
      `insert into payment.refund (id, payment_id, group_id, amount_minor, currency, reason, idempotency_key, approver_member_id)
       values ($1, $2, $3, 234, 'EUR', 'too much', $4, $5)`,
      [refundId, paymentId, at.groupId, uuidv7(), at.ownerId],
    );
    assert.match((await write('refund-approval', at.ownerUserId, [refundId]))?.items?.[0] ?? '', /^2\.34 EUR back to /);
    await databases.payment.pool.query(`update payment.refund set state = 'rejected' where id = $1`, [refundId]);
    assert.equal(await write('refund-approval', at.ownerUserId, [refundId]), null);
  });

  it('a debt reminder, of two in one look, says what the later one found', async () => {
    const at = await world();
    const extra = { groupId: at.groupId, data: { amounts: [{ amount: '5.00', currency: 'EUR' }] } };
    const letter = await write('debt-reminder', at.payer.userId, ['r', 'r'], extra);
    assert.equal(letter?.subject, 'You owe 5.00 EUR in Test group');
    assert.deepEqual(letter?.deliveryIds, ['0', '1']);
  });

  it('friend requests, of two in one look, name both; blocked, withdrawn or accepted, none', async () => {
    const [asked, ...askers] = await Promise.all(['Ada', 'Bob', 'Cy'].map((name) => buildUser(databases, { name })));
    const ids = await Promise.all(
      askers.map(async (asker) => {
        const id = uuidv7();
        await databases.user.pool.query(
          `insert into "user".friendship (id, asker_id, asked_email, asked_key, asked_id) values ($1, $2, $3, $3, $4)`,
          [id, asker.userId, asked!.email, asked!.userId],
        );
        return id;
      }),
    );
    const letter = await write('friend-request', asked!.userId, ids);
    assert.deepEqual([letter?.to, letter?.subject], [asked!.email, '2 people ask to be your friends']);
    assert.deepEqual(letter?.items?.toSorted(), ['Bob', 'Cy']);
    await databases.user.pool.query('update "user".friendship set unseen = true where id = $1', [ids[0]]);
    const rest = await write('friend-request', asked!.userId, ids);
    assert.deepEqual(
      [rest?.subject, rest?.deliveryIds, rest?.link],
      ['Cy asks to be your friend', ['1'], `https://split.example/v1/friends/${ids[1]}`],
    );
    await databases.user.pool.query(`update "user".friendship set state = 'withdrawn' where id = $1`, [ids[1]]);
    assert.equal(await write('friend-request', asked!.userId, ids), null);
  });

  it('an invitation, to somebody who has blocked who made it meanwhile, is not sent', async () => {
    const { groupId, payer, ownerUserId } = await world();
    const id = uuidv7();
    await databases.expense.pool.query(
      `insert into expense.invitation (id, group_id, email, role, created_by, expires_at, max_uses) values ($1, $2, $3, 'viewer', $4, now() + interval '1 day', 1)`,
      [id, groupId, payer.email, ownerUserId],
    );
    assert.equal((await write('invitation', id, [id]))?.to, payer.email);
    await databases.user.pool.query('insert into "user".block (account_id, blocked_id) values ($1, $2)', [payer.userId, ownerUserId]);
    assert.equal(await write('invitation', id, [id]), null);
  });

  it('an address that lost its proof, or an account that ended, gets nothing', async () => {
    const at = await world();
    const { id } = await transfer(at, at.payerId, at.ownerId);
    await databases.user.pool.query(`update "user".account set email_verified_at = null where id = $1`, [at.payer.userId]);
    assert.equal(await write('transfer-reminder', at.payer.userId, [id]), null);
  });
});
