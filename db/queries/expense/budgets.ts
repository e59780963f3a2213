import type { BudgetPeriod } from '../../../domain/budget.ts';
import { PAYMENT_CATEGORY } from '../../../domain/categories.ts';
import { formatAmount } from '../../../domain/money.ts';
import type { Query } from './groups.ts';

/** A budget and what of it is spent in the period that runs. */
export interface BudgetView {
  readonly id: string;
  readonly category: string | null;
  readonly period: BudgetPeriod;
  readonly currency: string;
  readonly amount: string;
  readonly alerts: readonly number[];
  readonly current: {
    readonly from: string;
    readonly to: string;
    readonly spent: string;
    /** Rounded down. */
    readonly percent: number;
    /** Expenses in other currencies for which there is no rate into this one. */
    readonly leftOut: number;
    /** Alerts that were given in this period. */
    readonly alerted: readonly number[];
  };
}

/** First and last day of the period of a budget `b` that a day is in. */
export const periodSql = (day: string): string =>
  `select date_trunc(b.period, (${day})::timestamp)::date as first_day,
     (date_trunc(b.period, (${day})::timestamp) + ('1 ' || b.period)::interval - interval '1 day')::date as last_day`;

/**
 * What was spent of a budget `b` of a group `g` in a period `p`, in minor units, and what could not be counted; payments are not spent. It is numeric, since the
 * largest totals of a few thousand expenses are more than a bigint. Expenses in other
 * currencies count at the rate that is frozen with them, where the budget is in the group's currency.
 */
export const SPENT_SQL = `
  select coalesce(round(sum(x.units) / expense.units(1, b.currency)), 0) as spent, (count(*) - count(x.units))::int as left_out
  from (
    select case
        when e.currency = b.currency then expense.units(e.total_minor, e.currency)
        when b.currency <> g.currency or e.rate is null then null
        when e.rate ? 'total' then (e.rate -> 'total' ->> 'amount')::numeric
        else expense.units(e.total_minor, e.currency) / (e.rate ->> 'perGroupCurrency')::numeric
      end as units
    from expense.expense e
    where e.group_id = b.group_id and e.date between p.first_day and p.last_day and e.state = 'posted' and e.kind = 'expense' and e.category is distinct from '${PAYMENT_CATEGORY}'
      and (b.category is null or e.category = b.category or starts_with(e.category, b.category || '.'))
  ) x`;

/** Share that is shown of what is spent beyond all measure, in per cent. */
const PERCENT_MAX = 1_000_000;

interface Row {
  readonly id: string;
  readonly category: string | null;
  readonly period: BudgetPeriod;
  readonly amount_minor: string;
  readonly currency: string;
  readonly alerts: number[];
  readonly first_day: string;
  readonly last_day: string;
  readonly spent: string;
  readonly left_out: number;
  readonly alerted: number[];
}

/** The budgets of a group, each with the period that runs in the group's zone: the overall ones first, then by category. */
export async function findBudgets(query: Query, groupId: string): Promise<BudgetView[]> {
  const rows = await query<Row>(
    `select b.id, b.category, b.period, b.amount_minor, b.currency, b.alerts, p.first_day::text, p.last_day::text, s.spent, s.left_out,
       array(select a.percent from expense.budget_alert a where a.budget_id = b.id and a.period_start = p.first_day order by 1) as alerted
     from expense.budget b join expense."group" g on g.id = b.group_id
     cross join lateral (${periodSql('now() at time zone g.time_zone')}) p
     cross join lateral (${SPENT_SQL}) s
     where b.group_id = $1 order by b.category nulls first, b.period, b.currency`,
    [groupId],
  );
  return rows.map((row) => ({
    id: row.id,
    category: row.category,
    period: row.period,
    currency: row.currency,
    amount: formatAmount(BigInt(row.amount_minor), row.currency),
    alerts: row.alerts,
    current: {
      from: row.first_day,
      to: row.last_day,
      spent: formatAmount(BigInt(row.spent), row.currency),
      percent: Math.min(PERCENT_MAX, Number((BigInt(row.spent) * 100n) / BigInt(row.amount_minor))),
      leftOut: row.left_out,
      alerted: row.alerted,
    },
  }));
}
