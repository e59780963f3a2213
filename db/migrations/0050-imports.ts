import { Migration } from '@mikro-orm/migrations';

/** Imports of files, their content while they run, and the rows that are in a group already. */
export class Imports extends Migration {
  override up(): void {
    this.addSql(TABLES);
  }
}

const TABLES = `
create table "expense"."import" ("id" uuid not null, "group_id" uuid not null, "created_by" uuid not null, "user_id" uuid not null, "asked" text not null, "format" text null, "dry_run" boolean not null, "skip_bad_rows" boolean not null, "member_map" jsonb not null, "members" jsonb not null default '{}', "new_members" uuid[] not null default '{}', "state" text not null default 'running', "phase" text null, "undo_requested_at" timestamptz null, "skip_before" date null, "next_row" int not null default 0, "rows" int not null default 0, "imported" int not null default 0, "skipped" int not null default 0, "problems" jsonb not null default '[]', "problem_count" int not null default 0, "balance_check" text not null default 'none', "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "ended_at" timestamptz null, primary key ("id"));
create index "import_group" on "expense"."import" ("group_id", "created_at");
create index "import_running" on "expense"."import" ("updated_at") where state = 'running';
alter table "expense"."import" add constraint "import_state" check (state in ('running', 'done', 'failed', 'undone'));
alter table "expense"."import" add constraint "import_phase" check (phase in ('reading', 'posting', 'undoing'));
alter table "expense"."import" add constraint "import_balance_check" check (balance_check in ('matches', 'differs', 'none'));

create table "expense"."import_content" ("import_id" uuid not null, "content" bytea not null, primary key ("import_id"));
create table "expense"."imported_row" ("group_id" uuid not null, "key" uuid not null, "import_id" uuid not null, "expense_id" uuid not null, primary key ("group_id", "key"));
create index "imported_row_import" on "expense"."imported_row" ("import_id", "key");

alter table expense.import add constraint import_group_fk foreign key (group_id) references expense."group" (id);
alter table expense.import_content add constraint import_content_fk foreign key (import_id) references expense.import (id);
-- What is compressed already, or read once, is not worth compressing.
alter table expense.import_content alter column content set storage external;
grant select, insert, update, delete on expense.import, expense.import_content, expense.imported_row to safesplitx_expense;
`;
