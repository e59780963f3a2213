import { Migration } from '@mikro-orm/migrations';

/** Recurring expenses: their rules, and the slots that are settled. */
export class Recurring extends Migration {
  override up(): void {
    this.addSql(`
create table expense.recurring_rule (
  id uuid not null primary key,
  group_id uuid not null,
  expense jsonb not null,
  every_n int not null,
  every_unit text not null,
  start_on date not null,
  end_on date null,
  end_count int null,
  notice_days int not null default 0,
  state text not null default 'active',
  used int not null default 0,
  last_on date null,
  next_on date null,
  noticed_on date null,
  problem text null,
  created_by uuid not null,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint recurring_rule_group_fk foreign key (group_id) references expense."group" (id),
  constraint recurring_rule_state check (state in ('active', 'paused', 'ended')),
  constraint recurring_rule_next check (state = 'ended' or next_on is not null)
);
create index recurring_rule_group on expense.recurring_rule (group_id, created_at, id);
create index recurring_rule_due on expense.recurring_rule (next_on) where state = 'active';
create table expense.recurring_slot (
  rule_id uuid not null,
  on_date date not null,
  expense_id uuid null,
  at timestamptz not null default now(),
  primary key (rule_id, on_date),
  constraint recurring_slot_rule_fk foreign key (rule_id) references expense.recurring_rule (id)
);
alter table expense.recurring_slot add constraint recurring_slot_expense unique (expense_id);
`);
    this.addSql(`
grant select, insert, update on expense.recurring_rule to safesplitx_expense;
grant select, insert on expense.recurring_slot to safesplitx_expense;
`);
  }
}
