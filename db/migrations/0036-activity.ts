import { Migration } from '@mikro-orm/migrations';

/** Indexes by which a group's activity is read, and who opened a settlement and asked for a refund. */
export class Activity extends Migration {
  override up(): void {
    this.addSql(`
create index expense_version_group on expense.expense_version (group_id, at);
create index approval_round_group on expense.approval_round (group_id, closed_at);
create index refund_group on payment.refund (group_id, created_at);
`);
    this.addSql(`
create or replace view payment_pub.settlement_v1 as
  select id, group_id, strategy, currency, method, state, due_at, created_at, ended_at, created_by from payment.settlement;
create or replace view payment_pub.refund_v1 as
  select id, payment_id, group_id, amount_minor, currency, state, approver_member_id, created_at, requested_by, ended_at from payment.refund;
`);
  }
}
