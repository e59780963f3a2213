import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { linkedToken } from '../../config/opaque-tokens.ts';
import type { TestAnswer, TestApi, TestUser } from './api.ts';
import { createGroup, join } from './groups.ts';
import { formOf, ONE_PIXEL } from './pictures.ts';

/** One resource of every kind that a path names, in a group of four: what runs over all operations asks with these. */
export interface OneOfEach {
  /** By path parameter, such as `groupId`. */
  readonly params: Readonly<Record<string, string>>;
  readonly owner: TestUser;
  /** Payer of the transfer and the payment; the owner receives. */
  readonly debtor: TestUser;
  readonly memberIds: { readonly owner: string; readonly debtor: string; readonly guest: string };
}

/** Makes one of each, through the API where no process is needed for it, else as rows. */
export async function oneOfEach(api: TestApi, owner: TestUser, debtor: TestUser): Promise<OneOfEach> {
  const post = async (user: TestUser, path: string, body?: unknown): Promise<TestAnswer['body']> => {
    const answer = await user.call('POST', path, body, { 'idempotency-key': uuidv7() });
    assert.ok(answer.status < 300, `${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as TestAnswer['body'];
  };
  const group = await createGroup(owner);
  const groupId = group.id as string;
  const at = `/v1/groups/${groupId}`;
  const memberIds = {
    owner: group.myMemberId as string,
    debtor: await join(owner, groupId, debtor, { role: 'contributor' }),
    guest: (await post(owner, `${at}/members`, { displayName: 'Guest' })).id as string,
  };
  const [twin, other] = [
    await post(owner, `${at}/members`, { displayName: 'Twin' }),
    await post(owner, `${at}/members`, { displayName: 'Twin' }),
  ];
  await post(owner, `${at}/members/${twin.id as string}/merge`, { intoMemberId: other.id });
  const preset = await post(owner, `${at}/presets`, { name: 'Rent', split: { method: 'equal', among: [memberIds.owner] } });
  const merge = await api.deps.databases.expense!.pool.query<{ id: string }>('select id from expense.member_merge where group_id = $1', [
    groupId,
  ]);
  const invitation = await post(owner, `${at}/invitations`, { role: 'viewer', maxUses: 100 });
  const expense = await post(owner, `${at}/expenses`, {
    description: 'Dinner',
    total: { amount: '90.00', currency: 'EUR' },
    date: '2026-11-20',
    payers: [{ memberId: memberIds.owner, amount: '90.00' }],
    split: { method: 'equal', among: [memberIds.owner, memberIds.debtor, memberIds.guest] },
  });
  const receipt = await post(owner, `/v1/expenses/${expense.id}/receipts`, formOf(ONE_PIXEL));
  const recurring = await post(owner, `${at}/recurring`, {
    expense: {
      description: 'Rent',
      total: { amount: '900.00', currency: 'EUR' },
      payers: [{ memberId: memberIds.owner, amount: '900.00' }],
      split: { method: 'equal', among: [memberIds.owner, memberIds.debtor] },
    },
    every: { n: 1, unit: 'month' },
    start: '2099-01-31',
  });
  const comment = await post(owner, `/v1/expenses/${expense.id}/comments`, { text: 'Was this with tip?' });
  const category = await post(owner, `${at}/categories`, { name: 'Ski passes', parent: 'travel' });
  const transfer = await post(debtor, `${at}/payments`, {
    from: memberIds.debtor,
    to: memberIds.owner,
    money: { amount: '5.00', currency: 'EUR' },
    method: 'manual',
  });
  const settlement = await post(owner, `${at}/settlements`, {});
  const imported = await post(owner, `${at}/imports`, { format: 'auto', content: 'x' });
  const exported = await post(owner, `${at}/exports`, {});
  const cadence = { firstAfterDays: 3, everyDays: 7, max: 5, escalate: ['inApp'] };
  const reminder = await post(owner, `${at}/reminders`, { memberId: memberIds.debtor, cadence });
  const application = await post(owner, '/v1/oauth/applications', {
    name: 'Robot',
    redirectUris: ['https://robot.example/back'],
    scopes: ['profile:read'],
    kind: 'public',
  });
  const token = await post(owner, '/v1/me/tokens', { name: 'Script', scopes: ['profile:read'] });
  const { payment, notification, user } = api.deps.databases;
  const [paymentId, refundId, notificationId, sessionId, attemptId] = [uuidv7(), uuidv7(), uuidv7(), uuidv7(), uuidv7()];
  await payment!.pool.query(
    `insert into payment.attempt (id, transfer_id, epoch, gateway, idempotency_key, amount_minor, currency, state)
     values ($1::uuid, $2, 99, 'manual', $1::uuid::text, 500, 'EUR', 'succeeded')`,
    [attemptId, transfer.id],
  );
  await payment!.pool.query(
    `insert into payment.payment (id, transfer_id, attempt_id, group_id, from_member_id, to_member_id, method, amount_minor, currency)
     values ($1, $2, $3, $4, $5, $6, 'manual', 500, 'EUR')`,
    [paymentId, transfer.id, attemptId, groupId, memberIds.debtor, memberIds.owner],
  );
  await payment!.pool.query(
    `insert into payment.refund (id, payment_id, group_id, amount_minor, currency, reason, idempotency_key, requested_by, approver_member_id)
     values ($1::uuid, $2, $3, 100, 'EUR', 'too much', $1::uuid::text, $4, $5)`,
    [refundId, paymentId, groupId, debtor.userId, memberIds.owner],
  );
  await notification!.pool.query(
    `insert into notification.notification (id, user_id, type, group_id, subject_id, event_id) values ($1, $2, 'expense.posted', $3, $4, $5)`,
    [notificationId, owner.userId, groupId, expense.id, uuidv7()],
  );
  await user!.pool.query(`insert into "user".session (id, account_id, expires_at) values ($1, $2, now() + interval '1 day')`, [
    sessionId,
    owner.userId,
  ]);
  const authorizationId = uuidv7();
  await user!.pool.query(
    `insert into "user".session (id, account_id, kind, scopes, application_id, expires_at)
     values ($1, $2, 'application', '{profile:read}', $3, now() + interval '1 day')`,
    [authorizationId, owner.userId, application.id],
  );
  const identityId = uuidv7();
  await user!.pool.query(
    `insert into "user".identity (id, account_id, provider, issuer, subject) values ($1::uuid, $2, 'sandbox', 'https://op.example', $1::uuid::text)`,
    [identityId, owner.userId],
  );
  const friendId = uuidv7();
  await user!.pool.query(
    `insert into "user".friendship (id, asker_id, asked_email, asked_key, asked_id) values ($1::uuid, $2, $1::uuid::text, $1::uuid::text, $3)`,
    [friendId, debtor.userId, owner.userId],
  );
  await user!.pool.query('insert into "user".block (account_id, blocked_id) values ($1, $2)', [owner.userId, debtor.userId]);
  const requestId = uuidv7();
  await user!.pool.query(
    `insert into "user".data_request (id, account_id, kind, state, ended_at) values ($1, $2, 'export', 'done', now())`,
    [requestId, owner.userId],
  );
  const params = {
    friendId,
    identityId,
    requestId,
    erasureToken: linkedToken(api.deps.secrets, 'erasure', requestId),
    provider: 'sandbox',
    authorizationId,
    groupId,
    memberId: memberIds.guest,
    presetId: preset.id as string,
    mergeId: merge.rows[0]!.id,
    invitationId: invitation.id as string,
    token: invitation.token as string,
    expenseId: expense.id as string,
    categoryId: category.id as string,
    recurringId: recurring.id as string,
    commentId: comment.id as string,
    receiptId: receipt.id as string,
    transferId: transfer.id as string,
    settlementId: settlement.id as string,
    importId: imported.id as string,
    exportId: exported.id as string,
    paymentId,
    refundId,
    reminderId: reminder.id as string,
    notificationId,
    sessionId,
    tokenId: token.id as string,
    userId: debtor.userId,
    applicationId: application.id as string,
    gateway: 'stripe',
  };
  return { params, owner, debtor, memberIds };
}

/**
 * The path of an operation with its parameters filled in.
 *
 * @throws Error naming a parameter for which there is no resource: then {@link oneOfEach} has to make one.
 */
export function filledPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replaceAll(/:(\w+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`there is no ${name} in test/support/one-of-each.ts`);
    return value;
  });
}
