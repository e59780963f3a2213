import { Migration } from '@mikro-orm/migrations';

/** What the processes of the payment service note in their rows: tries, deadlines that were told, releases, reminders. */
export class PaymentProcess extends Migration {
  override up(): void {
    this.addSql(SQL);
  }
}

const SQL = `
alter table payment.settlement add column hub_member_id uuid null, add column due_noticed_at timestamptz null;
create index settlement_open on payment.settlement (id) where ended_at is null;
alter table payment.transfer add column reminded_at timestamptz null, add column released_at timestamptz null, add column dispute_reason text null;
alter table payment.attempt add column tries int not null default 1, add column answered_try int not null default 0,
  add column captured_on date null, add column overdue_noticed_at timestamptz null;
alter table payment.refund add column gateway_done_at timestamptz null;
create index refund_open on payment.refund (id) where ended_at is null;
`;
