import { Migration } from '@mikro-orm/migrations';

/** Named splits of a group. */
export class Presets extends Migration {
  override up(): void {
    this.addSql(`
create table expense.preset (
  id uuid not null primary key,
  group_id uuid not null,
  name text not null,
  split jsonb not null,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  constraint preset_name unique (group_id, name)
);
grant select, insert, update, delete on expense.preset to safesplitx_expense;
`);
  }
}
