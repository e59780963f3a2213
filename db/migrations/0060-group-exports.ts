import { Migration } from '@mikro-orm/migrations';

/** Exports of groups that a process writes, and the parts that they and what they are made from are kept in. */
export class GroupExports extends Migration {
  override up(): void {
    this.addSql(TABLES);
  }
}

const TABLES = `
create table "expense"."group_export" ("id" uuid not null, "group_id" uuid not null, "user_id" uuid not null, "member_id" uuid not null, "format" text not null, "receipts" boolean not null, "state" text not null default 'running', "phase" text null default 'writing', "failure_code" text null, "kept" boolean not null default true, "until" timestamptz not null, "source" jsonb null, "position" jsonb null, "next_part" int not null default 0, "stored_bytes" bigint not null default '0', "rows" int not null default 0, "written_rows" int not null default 0, "files" int not null default 0, "bytes" bigint null, "sha256" text null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "ended_at" timestamptz null, "expires_at" timestamptz null, primary key ("id"));
create index "group_export_group" on "expense"."group_export" ("group_id");
create index "group_export_user" on "expense"."group_export" ("user_id", "created_at");
create index "group_export_kept" on "expense"."group_export" ("updated_at") where kept;
alter table "expense"."group_export" add constraint "group_export_state" check (state in ('running', 'done', 'failed', 'cancelled', 'expired'));
alter table "expense"."group_export" add constraint "group_export_phase" check (case when state = 'running' then phase in ('writing', 'packing', 'sealing') else phase is null end);
alter table "expense"."group_export" add constraint "group_export_names" check (state = 'running' or (source is null and position is null));
alter table "expense"."group_export" add constraint "group_export_file" check ((state = 'done') = (bytes is not null and sha256 is not null and expires_at is not null));
alter table "expense"."group_export" add constraint "group_export_ended" check ((state = 'running') = (ended_at is null));

create table "expense"."group_export_part" ("export_id" uuid not null, "kind" text not null, "section" int not null, "seq" int not null, "content" bytea not null, primary key ("export_id", "kind", "section", "seq"));
alter table "expense"."group_export_part" add constraint "group_export_part_kind" check (kind in ('rows', 'zip', 'directory', 'manifest'));

alter table expense.group_export add constraint group_export_group_fk foreign key (group_id) references expense."group" (id);
alter table expense.group_export_part add constraint group_export_part_fk foreign key (export_id) references expense.group_export (id);
-- Read once or a few times, and pictures are compressed already.
alter table expense.group_export_part alter column content set storage external;
grant select, insert, update, delete on expense.group_export, expense.group_export_part to safesplitx_expense;
`;
