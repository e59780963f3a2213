import { Migration } from '@mikro-orm/migrations';

/** Comments on expenses; other services see who wrote one, never what. And the index by which disputes are read with a group's activity. */
export class Comments extends Migration {
  override up(): void {
    this.addSql(`
create table expense.comment (
  id uuid not null primary key,
  expense_id uuid not null,
  group_id uuid not null,
  author_member_id uuid not null,
  text text not null,
  mentions uuid[] not null default '{}',
  created_at timestamptz not null default now(),
  edited_at timestamptz null,
  deleted_at timestamptz null,
  constraint comment_expense_fk foreign key (expense_id) references expense.expense (id),
  constraint comment_group_fk foreign key (group_id) references expense."group" (id)
);
create index comment_expense on expense.comment (expense_id, created_at, id);
create index comment_group on expense.comment (group_id, created_at);
create index comment_author on expense.comment (author_member_id);
create index dispute_group on expense.dispute (group_id, opened_at);
create view expense_pub.comment_v1 as
  select id, expense_id, group_id, author_member_id, created_at from expense.comment where deleted_at is null;
`);
    this.addSql(`
grant select, insert, update on expense.comment to safesplitx_expense;
grant select on expense_pub.comment_v1 to safesplitx_user, safesplitx_expense, safesplitx_payment, safesplitx_notification;
`);
  }
}
