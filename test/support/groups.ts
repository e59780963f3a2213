import assert from 'node:assert/strict';
import type { TestAnswer, TestApi, TestUser } from './api.ts';

/** Creates a group through the API. @returns its answer's body. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies of every shape.
export async function createGroup(owner: TestUser, fields: Record<string, unknown> = {}): Promise<any> {
  const answer = await owner.call('POST', '/v1/groups', { name: 'Trip', currency: 'EUR', ...fields });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

/** Lets a person join through an invitation. @returns their member id. */
export async function join(owner: TestUser, groupId: string, guest: TestUser, fields: Record<string, unknown> = {}): Promise<string> {
  const invitation = await owner.call('POST', `/v1/groups/${groupId}/invitations`, fields);
  assert.equal(invitation.status, 201, JSON.stringify(invitation.body));
  const accepted = await guest.call('POST', `/v1/invitations/${invitation.body.token}/accept`);
  assert.equal(accepted.status, 200, JSON.stringify(accepted.body));
  return accepted.body.myMemberId as string;
}

/** Two people and the group that they are in. */
export interface Pair {
  /** The owner. */
  readonly ana: TestUser;
  /** An admin. */
  readonly ben: TestUser;
  readonly groupId: string;
  readonly anaId: string;
  readonly benId: string;
}

/** Makes a group of two new people: its owner and an admin. */
export async function pairInGroup(api: TestApi, fields: Record<string, unknown> = {}): Promise<Pair> {
  const [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
  const group = await createGroup(ana, fields);
  return { ana, ben, groupId: group.id, anaId: group.myMemberId, benId: await join(ana, group.id, ben, { role: 'admin' }) };
}

/** Gives two members of a group a balance, as recording an expense does. */
export async function postDebt(api: TestApi, groupId: string, creditor: string, debtor: string, minor = 100): Promise<void> {
  const pool = api.deps.databases.expense!.pool;
  await pool.query(
    `insert into expense.balance (group_id, account_id, currency, net)
     select $1::uuid, a.id, 'EUR', a.net from unnest($2::uuid[], $3::bigint[]) as a (id, net) order by 1, 2
     on conflict (group_id, account_id, currency) do update set net = balance.net + excluded.net`,
    [groupId, [creditor, debtor], [minor, -minor]],
  );
}

/** Status and code of a refusal, to compare both at once. */
export function refusalOf(answer: TestAnswer): [number, string | undefined] {
  return [answer.status, (answer.body as { code?: string } | undefined)?.code];
}
