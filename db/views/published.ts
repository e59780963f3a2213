/**
 * The published views: all that one service may read of another. Versioned: a change of meaning is a new view beside
 * the old one, and the old one goes when nobody reads it any more.
 */
export const PUBLISHED_VIEWS = `
create schema user_pub;
create schema expense_pub;
create schema payment_pub;
create schema notification_pub;

create view user_pub.contact_v1 as
  select id as user_id, email, email_key, email_verified_at is not null as email_verified, display_name, locale, time_zone, state from "user".account;
create view user_pub.session_v1 as
  select s.id as session_id, s.account_id as user_id, s.expires_at, s.ended_at, a.state as account_state, a.platform_role
  from "user".session s join "user".account a on a.id = s.account_id;
create view user_pub.mail_token_v1 as
  select id, account_id as user_id, purpose, expires_at, used_at from "user".mail_token;

create view expense_pub.group_v1 as
  select id, name, currency, time_zone, state, policy, version, created_at from expense."group";
create view expense_pub.membership_v1 as
  select m.id as member_id, m.group_id, m.user_id, m.display_name, m.role, m.unit_id, m.weight, m.state, g.state as group_state
  from expense.member m join expense."group" g on g.id = m.group_id;
create view expense_pub.balance_v1 as
  select b.group_id, b.account_id, b.currency, b.net, b.reserved, exists (select 1 from expense.system_account s where s.id = b.account_id) as is_system
  from expense.balance b;
create view expense_pub.invitation_v1 as
  select i.id, i.group_id, i.member_id, i.email, i.role, i.expires_at, i.uses, i.max_uses, i.revoked_at, i.created_by, g.name as group_name
  from expense.invitation i join expense."group" g on g.id = i.group_id;
create view expense_pub.expense_v1 as
  select id, group_id, kind, state, description, total_minor, currency, date, shares, created_by, version, pending_version from expense.expense;
create view expense_pub.approval_v1 as
  select r.expense_id, r.version, r.group_id, r.outcome, r.voters, r.due_at,
    (select coalesce(array_agg(v.member_id), '{}') from expense.approval_vote v where v.expense_id = r.expense_id and v.version = r.version) as voted
  from expense.approval_round r;
create view expense_pub.reservation_v1 as
  select transfer_id, settlement_id, group_id, from_member_id, to_member_id, currency, amount_minor from expense.reservation;

create view payment_pub.settlement_v1 as
  select id, group_id, strategy, currency, method, state, due_at, created_at, ended_at from payment.settlement;
create view payment_pub.transfer_v1 as
  select id, settlement_id, group_id, from_member_id, to_member_id, currency, amount_minor, paid_minor, state, method, failure_code, due_at, updated_at from payment.transfer;
create view payment_pub.payment_v1 as
  select id, transfer_id, group_id, from_member_id, to_member_id, method, amount_minor, currency, refunded_minor, state, created_at from payment.payment;
create view payment_pub.refund_v1 as
  select id, payment_id, group_id, amount_minor, currency, state, approver_member_id, created_at from payment.refund;

create view user_pub.event_v1 as
  select position, id, type, group_id, subject_id, actor_id, data, occurred_at from "user".outbox where position is not null;
create view expense_pub.event_v1 as
  select position, id, type, group_id, subject_id, actor_id, data, occurred_at from expense.outbox where position is not null;
create view payment_pub.event_v1 as
  select position, id, type, group_id, subject_id, actor_id, data, occurred_at from payment.outbox where position is not null;
create view notification_pub.event_v1 as
  select position, id, type, group_id, subject_id, actor_id, data, occurred_at from notification.outbox where position is not null;
`;
