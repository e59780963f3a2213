import { v7 as uuidv7 } from 'uuid';
import { type BudgetInput, checkBudgets } from '../../../domain/budget.ts';
import type { EventType } from '../../../domain/events.ts';
import { takesCategory } from '../../../domain/categories.ts';
import { formatAmount, parseAmount } from '../../../domain/money.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import type { PublishedEvent } from '../../consume.ts';
import type { Group } from '../../entities/expense/group.ts';
import { periodSql, SPENT_SQL } from '../../queries/expense/budgets.ts';
import { loadGroupContexts } from '../../queries/expense/group-context.ts';
import type { Tx } from '../../transact.ts';

/** Events after which more of a budget may be spent. */
export const BUDGET_EVENTS: readonly EventType[] = [
  'expense.posted',
  'expense.updated',
  'expense.restored',
  'import.ended',
  'expense.moved',
  'budget.changed',
];

/**
 * Replaces the budgets of a locked group. One of the same category, period and currency stays the one that it is, so that it gives no
 * alert of a period twice.
 *
 * @throws RefusalError unknown_category and those of `checkBudgets`.
 */
export async function setBudgets(tx: Tx, group: Group, actorId: string, inputs: readonly BudgetInput[]): Promise<void> {
  const budgets = unwrap(checkBudgets(inputs));
  const own = (await loadGroupContexts(tx.query, [group.id])).get(group.id)?.categories ?? new Set<string>();
  // A budget of a category that was archived since stays as long as it is sent.
  const kept = await tx.query<{ category: string }>('select category from expense.budget where group_id = $1 and category is not null', [
    group.id,
  ]);
  const known = new Set([...own, ...kept.map(({ category }) => category)]);
  const unknown = budgets.findIndex(({ category }) => !takesCategory(category, known));
  if (unknown >= 0) throw refusal('unknown_category', 'There is no such category.', `/budgets/${unknown}/category`);
  const values = [
    group.id,
    budgets.map(() => uuidv7()),
    budgets.map(({ category }) => category),
    budgets.map(({ period }) => period),
    budgets.map(({ amount }) => unwrap(parseAmount(amount.amount, amount.currency)).toString()),
    budgets.map(({ amount }) => amount.currency),
    budgets.map(({ alerts }) => JSON.stringify(alerts)),
    tx.now.toISOString(),
  ];
  await tx.query(
    `with wanted as (
       select id, category, period, amount_minor, currency, array(select jsonb_array_elements_text(alerts)::int) as alerts
       from unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::jsonb[]) as w (id, category, period, amount_minor, currency, alerts)
     ), gone as (
       delete from expense.budget b where b.group_id = $1 and not exists (
         select 1 from wanted w where w.category is not distinct from b.category and w.period = b.period and w.currency = b.currency)
     )
     insert into expense.budget as kept (id, group_id, category, period, amount_minor, currency, alerts, created_at, updated_at)
     select id, $1, category, period, amount_minor, currency, alerts, $8, $8 from wanted
     on conflict on constraint budget_once do update
       set amount_minor = excluded.amount_minor, alerts = excluded.alerts, updated_at = excluded.updated_at
       where kept.amount_minor <> excluded.amount_minor or kept.alerts <> excluded.alerts`,
    values,
  );
  tx.emit({ type: 'budget.changed', subjectId: group.id, groupId: group.id, actorId, data: {} });
}

interface Reached {
  readonly budget_id: string;
  readonly group_id: string;
  readonly period_start: string;
  readonly percent: number;
  readonly spent: string;
  readonly amount_minor: string;
  readonly currency: string;
}

/**
 * Gives the alerts of budgets that have been reached: of the period that runs in the group's zone, and of later ones for which something
 * is recorded already; periods that have ended give none. Each alert of a period once, whatever is recorded, deleted or read again.
 */
export async function alertBudgets(tx: Tx, events: readonly PublishedEvent[]): Promise<void> {
  const groupIds = await budgetedGroups(tx, events);
  // Most groups have none, and planning the statement below costs more than recording an expense.
  if (groupIds.length === 0) return;
  const expenseIds = [...new Set(events.map(({ subjectId }) => subjectId))];
  const reached = await tx.query<Reached>(
    `with due as materialized (
       select distinct b.id, p.first_day, p.last_day
       from expense.budget b join expense."group" g on g.id = b.group_id and g.state = 'active'
       cross join lateral (select ($3::timestamptz at time zone g.time_zone)::date as day) today
       cross join lateral (
         select today.day union select e.date from expense.expense e where e.id = any ($2::uuid[]) and e.group_id = g.id and e.date > today.day
       ) d
       cross join lateral (${periodSql('d.day')}) p
       where b.group_id = any ($1::uuid[])
     ), given as (
       insert into expense.budget_alert (budget_id, period_start, percent, at)
       select b.id, p.first_day, a.percent, $3
       from due p join expense.budget b on b.id = p.id join expense."group" g on g.id = b.group_id
       cross join lateral (${SPENT_SQL}) s cross join lateral unnest(b.alerts) as a (percent)
       where s.spent * 100 >= b.amount_minor::numeric * a.percent
       on conflict do nothing returning budget_id, period_start, percent
     )
     select n.budget_id, b.group_id, n.period_start::text, n.percent, s.spent, b.amount_minor, b.currency
     from given n join due p on p.id = n.budget_id and p.first_day = n.period_start
     join expense.budget b on b.id = n.budget_id join expense."group" g on g.id = b.group_id
     cross join lateral (${SPENT_SQL}) s order by n.budget_id, n.period_start, n.percent`,
    [groupIds, expenseIds, tx.now.toISOString()],
  );
  for (const row of reached) {
    const money = (minor: string): { amount: string; currency: string } => ({
      amount: formatAmount(BigInt(minor), row.currency),
      currency: row.currency,
    });
    tx.emit({
      type: 'budget.reached',
      subjectId: row.budget_id,
      groupId: row.group_id,
      data: { periodStart: row.period_start, percent: row.percent, spent: money(row.spent), amount: money(row.amount_minor) },
    });
  }
}

async function budgetedGroups(tx: Tx, events: readonly PublishedEvent[]): Promise<string[]> {
  const groupIds = [...new Set(events.flatMap(({ groupId }) => groupId ?? []))];
  const rows = await tx.query<{ group_id: string }>('select distinct group_id from expense.budget where group_id = any ($1::uuid[])', [
    groupIds,
  ]);
  return rows.map((row) => row.group_id);
}
