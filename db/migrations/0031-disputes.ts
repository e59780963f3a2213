import { Migration } from '@mikro-orm/migrations';

/** Objections to posted expenses, each with its reason. */
export class Disputes extends Migration {
  override up(): void {
    this.addSql(`
create table expense.dispute (
  id uuid not null primary key,
  expense_id uuid not null,
  group_id uuid not null,
  version int not null,
  reason text not null,
  opened_by uuid not null,
  opened_at timestamptz not null default now(),
  resolved_by uuid null,
  resolved_at timestamptz null
);
create index dispute_expense on expense.dispute (expense_id);
create unique index dispute_one_open on expense.dispute (expense_id) where resolved_at is null;
grant select, insert, update on expense.dispute to safesplitx_expense;
`);
  }
}
