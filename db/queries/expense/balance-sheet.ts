import type { SheetRow } from '../../../domain/balance-sheet.ts';
import type { Query } from './groups.ts';

/** A row of the sheet as the ledger keeps it. */
export interface SheetView extends SheetRow {
  /** What open settlements will add to it; zero on a past day, of which nobody knows what was reserved. */
  readonly reserved: bigint;
  /** An account of the group that belongs to no member. */
  readonly isSystem: boolean;
}

/**
 * All balances of a group, with what they count for at their frozen rates: from the rows that every posting keeps, so that it takes the
 * same time whatever the history is.
 *
 * @param at a business day: the balances of everything dated until then, as the ledger tells it today. What is dated later is taken off
 *   the present ones, which takes time in proportion to it.
 */
export async function findBalanceSheet(query: Query, groupId: string, at?: string): Promise<SheetView[]> {
  const rows = await query<{
    account_id: string;
    currency: string;
    net: string;
    reserved: string;
    priced: string;
    converted: string;
    is_system: boolean;
  }>(at === undefined ? NOW : AT, at === undefined ? [groupId] : [groupId, at]);
  return rows.map((row) => ({
    accountId: row.account_id,
    currency: row.currency,
    net: BigInt(row.net),
    reserved: BigInt(row.reserved),
    priced: BigInt(row.priced),
    converted: BigInt(row.converted),
    isSystem: row.is_system,
  }));
}

const NOW = `
select b.account_id, b.currency, b.net, b.reserved, coalesce(c.net, 0) as priced, coalesce(c.converted, 0) as converted,
  exists (select 1 from expense.system_account s where s.group_id = $1 and s.id = b.account_id) as is_system
from expense.balance b
left join expense.converted_balance c on c.group_id = b.group_id and c.account_id = b.account_id and c.currency = b.currency
where b.group_id = $1 and (b.net <> 0 or b.reserved <> 0 or c.net <> 0 or c.converted <> 0)
order by b.currency, b.account_id`;

// One statement, so that present balances and later postings are of one moment.
const AT = `
with later as materialized (
  select p.id from expense.posting p where p.group_id = $1 and p.occurred_on > $2::date
), moved as (
  select l.account_id, l.currency, sum(l.paid - l.owed) as net from later join expense.posting_line l on l.posting_id = later.id group by 1, 2
), priced as (
  select l.account_id, l.currency, sum(l.net) as net, sum(l.converted) as converted
  from later join expense.converted_line l on l.posting_id = later.id group by 1, 2
), sheet as (
  select b.account_id, b.currency, b.net - coalesce(m.net, 0) as net, coalesce(c.net, 0) - coalesce(p.net, 0) as priced,
    coalesce(c.converted, 0) - coalesce(p.converted, 0) as converted
  from expense.balance b
  left join moved m on m.account_id = b.account_id and m.currency = b.currency
  left join expense.converted_balance c on c.group_id = b.group_id and c.account_id = b.account_id and c.currency = b.currency
  left join priced p on p.account_id = b.account_id and p.currency = b.currency
  where b.group_id = $1
)
select s.account_id, s.currency, s.net::text, '0' as reserved, s.priced::text, s.converted::text,
  exists (select 1 from expense.system_account a where a.group_id = $1 and a.id = s.account_id) as is_system
from sheet s where s.net <> 0 or s.priced <> 0 or s.converted <> 0
order by s.currency, s.account_id`;
