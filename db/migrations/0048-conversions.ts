import { Migration } from '@mikro-orm/migrations';

/**
 * What uses of other currencies count for in their group's own, at the rate frozen with each: the rate, the parts of the accounts, and
 * their running sums. Written with the posting, so that nobody adds up a history to tell a balance.
 */
export class Conversions extends Migration {
  override up(): void {
    this.addSql(`
create table expense.conversion (
  posting_id uuid not null,
  currency char(3) not null,
  group_id uuid not null,
  per_group_currency numeric(30,18) not null,
  source text not null,
  published_on date null,
  primary key (posting_id, currency),
  constraint conversion_above_zero check (per_group_currency > 0)
);
create table expense.converted_line (
  posting_id uuid not null,
  account_id uuid not null,
  currency char(3) not null,
  group_id uuid not null,
  net bigint not null,
  converted bigint not null,
  primary key (posting_id, account_id, currency)
);
create table expense.converted_balance (
  group_id uuid not null,
  account_id uuid not null,
  currency char(3) not null,
  net bigint not null default '0',
  converted bigint not null default '0',
  primary key (group_id, account_id, currency)
);
alter table expense.converted_balance set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

create function expense.check_converted_lines() returns trigger language plpgsql as $$
begin
  if exists (select 1 from new_lines group by posting_id, currency having sum(net) <> 0 or sum(converted) <> 0) then
    raise exception 'a conversion does not sum to zero' using errcode = 'check_violation', constraint = 'converted_sums_to_zero';
  end if;
  return null;
end $$;
create trigger converted_sums_to_zero after insert on expense.converted_line
  referencing new table as new_lines for each statement execute function expense.check_converted_lines();
create trigger conversion_append_only before update or delete or truncate on expense.conversion for each statement execute function expense.refuse_change();
create trigger converted_line_append_only before update or delete or truncate on expense.converted_line for each statement execute function expense.refuse_change();

grant select, insert on expense.conversion, expense.converted_line to safesplitx_expense;
grant select, insert, update, delete on expense.converted_balance to safesplitx_expense;
`);
  }
}
