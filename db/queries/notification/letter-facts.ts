import type { Tx } from '../../transact.ts';
import { amountSql } from '../amount-sql.ts';
import { blocked } from './blocked-sql.ts';

type Query = Tx['query'];

/** Whom a mail goes to. */
export interface Contact {
  readonly email: string;
  readonly emailVerified: boolean;
  readonly displayName: string;
}

/** The address of an active account, or null. */
export async function readContact(query: Query, userId: string): Promise<Contact | null> {
  const [row] = await query<{ email: string; email_verified: boolean; display_name: string }>(
    `select email, email_verified, display_name from user_pub.contact_v1 where user_id = $1 and state = 'active'`,
    [userId],
  );
  return row === undefined ? null : { email: row.email, emailVerified: row.email_verified, displayName: row.display_name };
}

/** Whether the token of a verification mail is still good. */
export async function isLiveMailToken(query: Query, mailTokenId: string): Promise<boolean> {
  const rows = await query('select id from user_pub.mail_token_v1 where id = $1 and used_at is null and expires_at > now()', [mailTokenId]);
  return rows.length > 0;
}

/** An invitation that can still be accepted. */
export interface InvitationFacts {
  readonly email: string;
  readonly groupName: string;
  readonly inviter: string | null;
  readonly expiresAt: Date;
}

/** An invitation that can still be accepted and has an address, or null. */
export async function readInvitation(query: Query, invitationId: string): Promise<InvitationFacts | null> {
  const [row] = await query<{ email: string; group_name: string; inviter: string | null; expires_at: string }>(
    `select i.email, i.group_name, c.display_name as inviter, i.expires_at from expense_pub.invitation_v1 i
     left join user_pub.contact_v1 c on c.user_id = i.created_by
     where i.id = $1 and i.email is not null and i.revoked_at is null and i.expires_at > now() and i.uses < i.max_uses
       and not ${blocked('i.email', 'i.created_by')}`,
    [invitationId],
  );
  return row === undefined
    ? null
    : { email: row.email, groupName: row.group_name, inviter: row.inviter, expiresAt: new Date(row.expires_at) };
}

/** Who asks whom to be a friend, of those requests that still wait for an answer. */
export function readFriendRequests(
  query: Query,
  userId: string,
  friendshipIds: readonly string[],
): Promise<{ id: string; asker: string }[]> {
  return query<{ id: string; asker: string }>(
    `select f.id, c.display_name as asker from user_pub.friendship_v1 f
     join user_pub.contact_v1 c on c.user_id = f.asker_id and c.state = 'active'
     where f.id = any ($2::uuid[]) and f.asked_id = $1 and f.state = 'pending' and not f.unseen order by f.id`,
    [userId, friendshipIds],
  );
}

/** A sum of money in a group, with the words that a letter says of it. */
export interface SumFacts {
  /** The event's subject: what the delivery is about. */
  readonly subjectId: string;
  readonly groupName: string;
  readonly amount: string;
  readonly currency: string;
  /** Description of an expense, or the name of the other party. */
  readonly words: string;
}

/** Expenses that still wait for this user's vote. */
export function readVotes(query: Query, userId: string, expenseIds: readonly string[]): Promise<SumFacts[]> {
  return sums(
    query,
    `select distinct on (x.id) x.id as subject_id, g.name as group_name, ${amountSql('x.total_minor', 'x.currency')} as amount, x.currency, x.description as words
     from expense_pub.expense_v1 x join expense_pub.group_v1 g on g.id = x.group_id
     join expense_pub.approval_v1 a on a.expense_id = x.id and a.outcome = 'waiting'
     join expense_pub.membership_v1 m on m.member_id = any (a.voters) and not m.member_id = any (a.voted) and m.state = 'active' and m.user_id = $1
     where x.id = any ($2::uuid[]) order by x.id`,
    userId,
    expenseIds,
  );
}

/** Transfers of settlements that this user, or a member for whom they act, still has to pay. */
export function readPayments(query: Query, userId: string, settlementIds: readonly string[]): Promise<SumFacts[]> {
  return sums(
    query,
    transferSql('t.settlement_id', 'from_member_id', 'to_member_id', `t.state in ('planned', 'failed')`),
    userId,
    settlementIds,
  );
}

/** Of these transfers, those that this user still has to pay. */
export function readUnpaidTransfers(query: Query, userId: string, transferIds: readonly string[]): Promise<SumFacts[]> {
  return sums(query, transferSql('t.id', 'from_member_id', 'to_member_id', `t.state in ('planned', 'failed')`), userId, transferIds);
}

/** Of these transfers, those whose arrival this user still has to confirm. */
export function readConfirmations(query: Query, userId: string, transferIds: readonly string[]): Promise<SumFacts[]> {
  return sums(query, transferSql('t.id', 'to_member_id', 'from_member_id', `t.state = 'awaiting_confirmation'`), userId, transferIds);
}

/** Refunds that still wait for a decision. */
export function readRefunds(query: Query, userId: string, refundIds: readonly string[]): Promise<SumFacts[]> {
  return sums(
    query,
    `select r.id as subject_id, g.name as group_name, ${amountSql('r.amount_minor', 'r.currency')} as amount, r.currency, o.display_name as words
     from payment_pub.refund_v1 r join expense_pub.group_v1 g on g.id = r.group_id
     join payment_pub.payment_v1 y on y.id = r.payment_id join expense_pub.membership_v1 o on o.member_id = y.from_member_id
     where r.id = any ($2::uuid[]) and r.state = 'requested' and $1::uuid is not null order by r.id`,
    userId,
    refundIds,
  );
}

/** A budget as a letter speaks of it. */
export interface BudgetFacts {
  readonly id: string;
  readonly groupId: string;
  readonly groupName: string;
  readonly category: string | null;
  readonly period: string;
}

/** Of these budgets, those that still stand in a group of which this user is a member. */
export function readBudgets(query: Query, userId: string, budgetIds: readonly string[]): Promise<BudgetFacts[]> {
  return query<BudgetFacts>(
    `select b.id, b.group_id as "groupId", g.name as "groupName", b.category, b.period
     from expense_pub.budget_v1 b join expense_pub.group_v1 g on g.id = b.group_id and g.state <> 'deleted'
     join expense_pub.membership_v1 m on m.group_id = b.group_id and m.user_id = $1 and m.state = 'active'
     where b.id = any ($2::uuid[])`,
    [userId, budgetIds],
  );
}

/** The name of a group, or null. */
export async function readGroupName(query: Query, groupId: string): Promise<string | null> {
  const [row] = await query<{ name: string }>('select name from expense_pub.group_v1 where id = $1', [groupId]);
  return row?.name ?? null;
}

async function sums(query: Query, text: string, userId: string, ids: readonly string[]): Promise<SumFacts[]> {
  const rows = await query<{ subject_id: string; group_name: string; amount: string; currency: string; words: string }>(text, [
    userId,
    ids,
  ]);
  return rows.map((row) => ({
    subjectId: row.subject_id,
    groupName: row.group_name,
    amount: row.amount,
    currency: row.currency,
    words: row.words,
  }));
}

/** @param mine the column of who has to act; the other one gives the name. */
function transferSql(subject: string, mine: string, other: string, condition: string): string {
  return `select ${subject} as subject_id, g.name as group_name, ${amountSql('t.amount_minor - t.paid_minor', 't.currency')} as amount, t.currency, o.display_name as words
    from payment_pub.transfer_v1 t join expense_pub.group_v1 g on g.id = t.group_id
    join expense_pub.membership_v1 o on o.member_id = t.${other}
    join expense_pub.membership_v1 p on p.member_id = t.${mine}
    where ${subject} = any ($2::uuid[]) and ${condition} and exists (select 1 from expense_pub.membership_v1 m where m.group_id = t.group_id
      and m.user_id = $1 and m.state = 'active' and (m.member_id = p.member_id or (p.user_id is null and m.role in ('owner', 'admin'))))
    order by t.id`;
}
