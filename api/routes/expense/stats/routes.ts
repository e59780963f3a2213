import { z } from 'zod';
import { findStats, STATS_ROWS_MAX } from '../../../../db/queries/expense/stats.ts';
import { readSums } from '../../../../db/read-sums.ts';
import { groupAccess } from '../../../access.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { currency, date, id, positiveAmount, withBounds } from '../../../schemas.ts';

const tag = 'statistics';

const sums = {
  currency,
  spent: positiveAmount.meta({ description: 'Of expenses: their totals; by member, and of your own, the shares.' }),
  income: positiveAmount.meta({ description: 'The same of money that came in.' }),
  count: z.int().meta({ description: 'Expenses and incomes that were counted.' }),
  paid: positiveAmount.optional().meta({ description: 'What the member paid of expenses; by member, and of your own.' }),
  received: positiveAmount.optional().meta({ description: 'What the member took of money that came in.' }),
};

const stats = z
  .strictObject({
    by: z.enum(['category', 'member', 'month', 'tag', 'group']),
    from: date.nullable(),
    to: date.nullable(),
    totals: z.array(z.strictObject(sums)).meta({ description: 'One of each currency.' }),
    data: z.array(
      z.strictObject({
        key: z
          .string()
          .nullable()
          .meta({ description: 'A category, a tag, the id of a member or group, or a month such as `2026-11`; null for what has none.' }),
        ...sums,
      }),
    ),
    more: z.boolean().meta({
      description: `Whether there is more than ${STATS_ROWS_MAX} rows: those with the most expenses, or the newest months, are shown.`,
    }),
  })
  .meta({ id: 'Stats' });

const period = {
  from: date.optional().meta({ description: 'First day.' }),
  to: date.optional().meta({ description: 'Last day.' }),
};

const COUNTED =
  'Posted expenses and incomes as they stand, by their own day, in each currency by itself. Payments, settlements and adjustments are left out, and so is what is deleted or waits for approval. An expense with several tags counts for each.';

const readGroupStats = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/stats',
  operationId: 'getGroupStats',
  tag,
  summary: 'What a group spent, and on what',
  description: COUNTED,
  access: groupAccess,
  params: z.strictObject({ groupId: id }),
  query: withBounds(
    z.strictObject({
      ...period,
      by: z.enum(['category', 'member', 'month', 'tag']).optional().meta({ description: '`category` where not given.' }),
    }),
  ),
  answers: { 200: { description: 'The figures.', schema: stats } },
  problems: [422],
  handle: async (request) => {
    const { by = 'category', from = null, to = null } = request.query;
    const found = await findStats(readSums(request.db), { groupId: request.params.groupId }, { ...request.query, by });
    return { status: 200, body: { by, from, to, ...found } };
  },
});

const readMyStats = route({
  service: 'expense',
  method: 'get',
  path: '/v1/me/stats',
  operationId: 'getMyStats',
  tag,
  summary: 'What I spent, over all my groups',
  description: `Your own shares, in all groups that are not deleted. ${COUNTED}`,
  query: withBounds(
    z.strictObject({
      ...period,
      by: z.enum(['category', 'month', 'tag', 'group']).optional().meta({ description: '`category` where not given.' }),
    }),
  ),
  answers: { 200: { description: 'The figures.', schema: stats } },
  problems: [422],
  handle: async (request) => {
    const { by = 'category', from = null, to = null } = request.query;
    const found = await findStats(readSums(request.db), { userId: request.principal.userId }, { ...request.query, by });
    return { status: 200, body: { by, from, to, ...found } };
  },
});

/** Operations that sum up. */
export const statsRoutes: readonly AnyRoute[] = [readGroupStats, readMyStats];
