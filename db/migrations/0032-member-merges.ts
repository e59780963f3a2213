import { Migration } from '@mikro-orm/migrations';

/** Members who went into another one, and what each merge moved, so that it can be undone. */
export class MemberMerges extends Migration {
  override up(): void {
    this.addSql(`
alter table expense.member add column merged_into uuid null;
create table expense.member_merge (
  id uuid not null primary key,
  group_id uuid not null,
  from_member_id uuid not null,
  into_member_id uuid not null,
  moved_user_id uuid null,
  from_role text not null,
  into_role text not null,
  merged_by uuid not null,
  merged_at timestamptz not null default now(),
  undone_by uuid null,
  undone_at timestamptz null,
  undo_reason text null
);
create index member_merge_group on expense.member_merge (group_id);
create index member_merge_at on expense.member_merge (merged_at, id);
create unique index member_merge_stands on expense.member_merge (from_member_id) where undone_at is null;
create table expense.member_merge_entry (
  merge_id uuid not null,
  kind text not null,
  source_id uuid not null,
  version_before int not null,
  version_after int not null,
  posting_before uuid null,
  posting_after uuid null,
  entries_before jsonb null,
  primary key (merge_id, kind, source_id),
  constraint member_merge_entry_kind check (kind in ('expense', 'transfer', 'refund', 'adjustment'))
);
grant select, insert, update, delete on expense.member_merge, expense.member_merge_entry to safesplitx_expense;
`);
  }
}
