import { Migration } from '@mikro-orm/migrations';

/** Budgets of groups, and which of their alerts were given: each once in a period. */
export class Budgets extends Migration {
  override up(): void {
    this.addSql(`
create table expense.budget (
  id uuid not null primary key,
  group_id uuid not null,
  category text null,
  period text not null,
  amount_minor bigint not null,
  currency char(3) not null,
  alerts int[] not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint budget_once unique nulls not distinct (group_id, category, period, currency),
  constraint budget_amount check (amount_minor > 0),
  constraint budget_period check (period in ('week', 'month', 'year')),
  constraint budget_group_fk foreign key (group_id) references expense."group" (id)
);
create table expense.budget_alert (
  budget_id uuid not null,
  period_start date not null,
  percent int not null,
  at timestamptz not null default now(),
  primary key (budget_id, period_start, percent),
  constraint budget_alert_budget_fk foreign key (budget_id) references expense.budget (id) on delete cascade
);
create view expense_pub.budget_v1 as select id, group_id, category, period, amount_minor, currency from expense.budget;
grant select, insert, update, delete on expense.budget, expense.budget_alert to safesplitx_expense;
grant select on expense_pub.budget_v1 to safesplitx_user, safesplitx_expense, safesplitx_payment, safesplitx_notification;
`);
  }
}
