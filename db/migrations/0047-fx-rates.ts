import { Migration } from '@mikro-orm/migrations';

/** Published exchange rates. The service adds to them and never changes what was published. */
export class FxRates extends Migration {
  override up(): void {
    this.addSql(`
create table expense.fx_rate (
  source text not null,
  currency char(3) not null,
  published_on date not null,
  revision int not null,
  per_euro numeric(30,18) not null,
  fetched_at timestamptz not null default now(),
  primary key (source, currency, published_on, revision),
  constraint fx_rate_above_zero check (per_euro > 0 and revision > 0)
);
grant select, insert on expense.fx_rate to safesplitx_expense;
create view expense_pub.rate_v1 as
  select distinct on (source, currency, published_on) source, currency, published_on, per_euro, fetched_at
  from expense.fx_rate order by source, currency, published_on, revision desc;
grant select on expense_pub.rate_v1 to safesplitx_user, safesplitx_expense, safesplitx_payment, safesplitx_notification;
`);
  }
}
