import { z } from 'zod';
import { setBudgets } from '../../../../db/commands/expense/budgets.ts';
import { lockGroup } from '../../../../db/commands/expense/groups.ts';
import { actingMember } from '../../../../db/commands/expense/members.ts';
import { type BudgetView, findBudgets } from '../../../../db/queries/expense/budgets.ts';
import { BUDGET_ALERT_PERCENT_MAX, BUDGET_ALERTS_MAX, BUDGET_PERIODS, BUDGETS_MAX } from '../../../../domain/budget.ts';
import { groupAccess } from '../../../access.ts';
import { leastOf, statesOf } from '../../../policy.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { date, id, money, positiveAmount } from '../../../schemas.ts';
import { categoryKey } from '../categories/schema.ts';

const tag = 'statistics';
const groupParams = z.strictObject({ groupId: id });
const percent = z.int().min(1).max(BUDGET_ALERT_PERCENT_MAX);
const period = z.enum(BUDGET_PERIODS).meta({ description: 'Calendar months and years; weeks begin on Monday.' });

const budgetInput = z
  .strictObject({
    category: categoryKey.nullish().meta({ description: 'With all below it; without one, everything that is spent.' }),
    period,
    amount: money,
    alerts: z
      .array(percent)
      .max(BUDGET_ALERTS_MAX)
      .optional()
      .meta({ description: 'Shares of the amount in per cent; 80 and 100 where not given.' }),
  })
  .meta({ id: 'NewBudget' });

const budgets = z.strictObject({
  data: z.array(
    z
      .strictObject({
        id,
        category: z.string().nullable(),
        period,
        amount: money,
        alerts: z.array(percent),
        current: z.strictObject({
          from: date,
          to: date,
          spent: positiveAmount,
          percent: z.int().meta({ description: 'Of the amount, rounded down.' }),
          leftOut: z
            .int()
            .meta({ description: 'Expenses in other currencies that count nothing, since no rate into this one is kept with them.' }),
          alerted: z.array(percent).meta({ description: 'Alerts that were given in this period.' }),
        }),
      })
      .meta({ id: 'Budget' }),
  ),
});

const read = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/budgets',
  operationId: 'getBudgets',
  tag,
  summary: 'The budgets of a group, and what of them is spent',
  description:
    "Of the period that runs in the group's time zone. Posted expenses count by their own day; money that came in does not lower what is spent. In a budget of the group's currency other currencies count at the rate that is kept with each expense.",
  access: groupAccess,
  params: groupParams,
  answers: { 200: { description: 'All of them, those of everything first.', schema: budgets } },
  handle: async (request) => ({ status: 200, body: present(await findBudgets(request.read, request.params.groupId)) }),
});

const write = route({
  service: 'expense',
  method: 'put',
  path: '/v1/groups/:groupId/budgets',
  operationId: 'setBudgets',
  tag,
  summary: 'Set the budgets of a group',
  description: `Replaces all of them, at most ${BUDGETS_MAX}. When a share of \`alerts\` is reached, every member is told by their inbox and by mail, once in each period: within seconds, not with the answer that recorded the expense. Periods that have ended give no alert.`,
  access: groupAccess,
  params: groupParams,
  body: z.strictObject({ budgets: z.array(budgetInput).max(BUDGETS_MAX) }),
  answers: { 200: { description: 'The budgets as they are now.', schema: budgets } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { groupId } = request.params;
      const { userId } = request.principal;
      const group = await lockGroup(tx, groupId, statesOf(request.policy));
      await actingMember(tx, group, userId, leastOf(request.policy));
      await setBudgets(tx, group, userId, request.body.budgets);
      return { status: 200, body: present(await findBudgets(tx.query, groupId)) };
    }),
});

/** Operations on budgets. */
export const budgetRoutes: readonly AnyRoute[] = [read, write];

function present(views: readonly BudgetView[]): z.input<typeof budgets> {
  return {
    data: views.map(({ amount, currency, alerts, current, ...view }) => ({
      ...view,
      amount: { amount, currency },
      alerts: [...alerts],
      current: { ...current, alerted: [...current.alerted] },
    })),
  };
}
