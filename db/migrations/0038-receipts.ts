import { Migration } from '@mikro-orm/migrations';

/** Receipts of expenses, and the files that no row claims and that are to be removed. */
export class Receipts extends Migration {
  override up(): void {
    this.addSql(`
create table expense.receipt (
  id uuid not null primary key,
  expense_id uuid not null,
  group_id uuid not null,
  uploaded_by uuid not null,
  content_type text not null,
  bytes int not null,
  width int null,
  height int null,
  sha256 text not null,
  created_at timestamptz not null default now(),
  constraint receipt_expense_fk foreign key (expense_id) references expense.expense (id),
  constraint receipt_group_fk foreign key (group_id) references expense."group" (id)
);
create index receipt_expense on expense.receipt (expense_id, created_at, id);
create index receipt_group on expense.receipt (group_id);
create index receipt_uploader on expense.receipt (uploaded_by);
create table expense.file_removal (
  key text not null primary key,
  due_at timestamptz not null
);
create index file_removal_due on expense.file_removal (due_at);
`);
    this.addSql('grant select, insert, update, delete on expense.receipt, expense.file_removal to safesplitx_expense;');
  }
}
