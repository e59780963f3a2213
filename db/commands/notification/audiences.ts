import type { Audience } from '../../../domain/notices.ts';
import { moneySql } from '../../queries/amount-sql.ts';
import { blocked } from '../../queries/notification/blocked-sql.ts';

/** Parts of the settlement's transfers that are still to be paid. */
const UNPAID = `t.state in ('planned', 'failed')`;

/** An instant as the API writes all of them: RFC 3339 in UTC, with Z. */
const instant = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/**
 * How each audience is found: SQL over the batch's rows `e` of that audience, through published views alone. Each
 * gives the row's ordinal, the user, data for the inbox (ids, amounts, states) and whether a mail is meant for them.
 */
export const AUDIENCE_SQL: Record<Audience, string> = {
  account: `select e.ordinal, e.subject_id as user_id, e.data, true as mail from e where e.audience = 'account'`,
  invited: `select e.ordinal, i.id, '{}'::jsonb, true from e join expense_pub.invitation_v1 i on i.id = e.subject_id
    where e.audience = 'invited' and (e.data ->> 'mail')::boolean and i.email is not null and not ${blocked('i.email', 'i.created_by')}`,
  sharers: sharers('sharers', 'true'),
  otherSharers: sharers('otherSharers', 'm.member_id <> x.created_by'),
  mentioned: `select e.ordinal, m.user_id, e.data - 'memberIds', true
    from e join expense_pub.comment_v1 c on c.id = (e.data ->> 'commentId')::uuid
    join expense_pub.membership_v1 m on m.group_id = e.group_id and e.data -> 'memberIds' ? m.member_id::text and m.user_id is not null and m.state = 'active'
    where e.audience = 'mentioned'`,
  commentWatchers: `select e.ordinal, m.user_id, e.data - 'memberIds', true
    from e join expense_pub.comment_v1 c on c.id = (e.data ->> 'commentId')::uuid join expense_pub.expense_v1 x on x.id = e.subject_id
    join expense_pub.membership_v1 m on m.group_id = x.group_id and m.user_id is not null and m.state = 'active'
      and not e.data -> 'memberIds' ? m.member_id::text
      and (m.member_id = x.created_by or x.shares @> jsonb_build_array(jsonb_build_object('memberId', m.member_id))
        or exists (select from expense_pub.comment_v1 o where o.expense_id = x.id and o.author_member_id = m.member_id))
    where e.audience = 'commentWatchers'`,
  voters: `select e.ordinal, m.user_id, e.data - 'memberIds' || jsonb_build_object('dueAt', ${instant('a.due_at')}), true
    from e join expense_pub.approval_v1 a on a.expense_id = e.subject_id and a.version = (e.data ->> 'version')::int and a.outcome = 'waiting'
    join expense_pub.membership_v1 m on m.member_id = any (a.voters) and not m.member_id = any (a.voted) and m.user_id is not null and m.state = 'active'
    where e.audience = 'voters'`,
  expenseCreator: `select e.ordinal, m.user_id, e.data, true
    from e join expense_pub.expense_v1 x on x.id = e.subject_id
    join expense_pub.membership_v1 m on m.member_id = x.created_by and m.user_id is not null and m.state = 'active'
    where e.audience = 'expenseCreator'`,
  groupMembers: `select e.ordinal, m.user_id, e.data, true
    from e join expense_pub.membership_v1 m on m.group_id = e.group_id and m.user_id is not null and m.state = 'active'
    where e.audience = 'groupMembers'`,
  // A placeholder without an account joins silently: who adds fifty of them tells nobody fifty times.
  othersOfMember: `select e.ordinal, m.user_id, '{}'::jsonb, true
    from e join expense_pub.membership_v1 m on m.group_id = e.group_id and m.user_id is not null and m.state = 'active' and m.member_id <> e.subject_id
    where e.audience = 'othersOfMember' and e.data ->> 'userId' is not null`,
  settlementParties: settlement('settlementParties', 'true'),
  settlementPayers: settlement('settlementPayers', `${UNPAID} and p.pays`),
  transferPayer: transfer('transferPayer', ['from_member_id']),
  transferReceiver: transfer('transferReceiver', ['to_member_id']),
  transferParties: transfer('transferParties', ['from_member_id', 'to_member_id']),
  transferWatchers: `${transfer('transferWatchers', ['from_member_id', 'to_member_id'])}
    union all select e.ordinal, m.user_id, ${transferData()}, true
    from e join payment_pub.transfer_v1 t on t.id = e.subject_id
    join expense_pub.membership_v1 m on m.group_id = t.group_id and m.role = 'owner' and m.state = 'active' and m.user_id is not null
    where e.audience = 'transferWatchers'`,
  refundApprover: `select e.ordinal, m.user_id, ${refundData()}, true
    from e join payment_pub.refund_v1 r on r.id = e.subject_id and r.state = 'requested' ${acting('r.approver_member_id')}
    where e.audience = 'refundApprover'`,
  refundParties: `select e.ordinal, m.user_id, ${refundData()}, true
    from e join payment_pub.refund_v1 r on r.id = e.subject_id join payment_pub.payment_v1 y on y.id = r.payment_id
    cross join lateral unnest(array[y.from_member_id, y.to_member_id]) as p (member_id) ${acting('p.member_id')}
    where e.audience = 'refundParties'`,
  exportAsker: `select e.ordinal, m.user_id, e.data - 'userId', e.data ->> 'state' = 'done'
    from e join expense_pub.membership_v1 m on m.group_id = e.group_id and m.user_id::text = e.data ->> 'userId' and m.state = 'active'
    where e.audience = 'exportAsker'`,
  ruleMaker: `select e.ordinal, m.user_id, e.data - 'memberId', true
    from e join expense_pub.membership_v1 m on m.group_id = e.group_id and m.user_id is not null and m.state = 'active'
      and (m.member_id::text = e.data ->> 'memberId' or m.role = 'owner')
    where e.audience = 'ruleMaker'`,
  askedFriend: `select e.ordinal, f.asked_id, jsonb_build_object('userId', f.asker_id), (e.data ->> 'mail')::boolean
    from e join user_pub.friendship_v1 f on f.id = e.subject_id and f.state = 'pending' and not f.unseen
    where e.audience = 'askedFriend' and e.data ->> 'askedId' is not null`,
  askingFriend: `select e.ordinal, f.asker_id, jsonb_build_object('userId', f.asked_id), true
    from e join user_pub.friendship_v1 f on f.id = e.subject_id and f.state = 'accepted'
    where e.audience = 'askingFriend'`,
};

/** Joins `m`: the member, or for one without an account those who act for them. */
function acting(member: string): string {
  return `join expense_pub.membership_v1 party on party.member_id = ${member}
    join expense_pub.membership_v1 m on m.group_id = party.group_id and m.state = 'active' and m.user_id is not null
      and (m.member_id = party.member_id or (party.user_id is null and m.role in ('owner', 'admin')))`;
}

function sharers(audience: Audience, condition: string): string {
  return `select e.ordinal, m.user_id,
      e.data || jsonb_build_object('total', ${moneySql('x.total_minor', 'x.currency')}, 'paid', s.part -> 'paid', 'owed', s.part -> 'owed'), true
    from e join expense_pub.expense_v1 x on x.id = e.subject_id
    cross join lateral jsonb_array_elements(x.shares) as s (part)
    join expense_pub.membership_v1 m on m.member_id = (s.part ->> 'memberId')::uuid and m.user_id is not null and m.state = 'active'
    where e.audience = '${audience}' and ${condition}`;
}

/** One row per user: all that they pay and all that they receive in the settlement. */
function settlement(audience: Audience, condition: string): string {
  const leg = `jsonb_build_object('transferId', t.id, 'money', ${moneySql('t.amount_minor - t.paid_minor', 't.currency')})`;
  return `select e.ordinal, m.user_id, e.data || jsonb_build_object(
      'toPay', coalesce(jsonb_agg(${leg} order by t.id) filter (where p.pays), '[]'),
      'toReceive', coalesce(jsonb_agg(${leg} order by t.id) filter (where not p.pays), '[]')), bool_or(p.pays and ${UNPAID})
    from e join payment_pub.transfer_v1 t on t.settlement_id = e.subject_id
    cross join lateral (values (t.from_member_id, true), (t.to_member_id, false)) as p (member_id, pays) ${acting('p.member_id')}
    where e.audience = '${audience}' and ${condition} group by e.ordinal, e.data, m.user_id`;
}

function transfer(audience: Audience, members: readonly string[]): string {
  return `select e.ordinal, m.user_id, ${transferData()}, true
    from e join payment_pub.transfer_v1 t on t.id = e.subject_id
    cross join lateral unnest(array[${members.map((member) => `t.${member}`).join(', ')}]) as p (member_id) ${acting('p.member_id')}
    where e.audience = '${audience}'`;
}

function transferData(): string {
  return `e.data || jsonb_build_object('fromMemberId', t.from_member_id, 'toMemberId', t.to_member_id, 'money', ${moneySql('t.amount_minor', 't.currency')}, 'method', t.method)`;
}

function refundData(): string {
  return `e.data || jsonb_build_object('money', ${moneySql('r.amount_minor', 'r.currency')}, 'state', r.state)`;
}
