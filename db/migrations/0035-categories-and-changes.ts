import { Migration } from '@mikro-orm/migrations';

/** Categories of a group's own, and the log of changes of groups, members and policies. */
export class CategoriesAndChanges extends Migration {
  override up(): void {
    this.addSql(`
create table expense.category (
  id uuid not null primary key,
  group_id uuid not null,
  key text not null,
  name text not null,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  archived_at timestamptz null,
  constraint category_key unique (group_id, key),
  constraint category_group_fk foreign key (group_id) references expense."group" (id)
);
create table expense.change (
  id uuid not null primary key,
  group_id uuid not null,
  subject text not null,
  subject_id uuid not null,
  change text not null,
  changes jsonb not null,
  actor_member_id uuid null,
  at timestamptz not null default now(),
  constraint change_group_fk foreign key (group_id) references expense."group" (id)
);
create index change_group_at on expense.change (group_id, at, id);
create index change_subject on expense.change (subject_id);
`);
    this.addSql(`
grant select, insert, update on expense.category to safesplitx_expense;
grant select, insert on expense.change to safesplitx_expense;
grant update (changes) on expense.change to safesplitx_expense;
`);
  }
}
