import { z } from 'zod';
import { findBalances, findGroupCurrency, findPairs, findPlanBase } from '../../../../db/queries/expense/balances.ts';
import { isKnownCurrency } from '../../../../domain/currency.ts';
import { formatAmount } from '../../../../domain/money.ts';
import { planTransfers } from '../../../../domain/plan.ts';
import { refusal, unwrap } from '../../../../domain/refusal.ts';
import { groupAccess } from '../../../access.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { amount, currency, id, money } from '../../../schemas.ts';

const tag = 'balances';
const groupParams = z.strictObject({ groupId: id });

const balances = z
  .strictObject({
    balances: z.array(
      z.strictObject({
        memberId: id,
        currency,
        net: amount.meta({ description: 'Above zero: is owed.' }),
        reserved: amount.meta({ description: 'What the transfers of open settlements will add to it.' }),
      }),
    ),
    asOf: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'Balances' });

const readBalances = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/balances',
  operationId: 'getBalances',
  tag,
  summary: 'Who is owed and who owes',
  description: 'Per member and currency; they sum to zero in each currency. Members with nothing are left out.',
  access: groupAccess,
  params: groupParams,
  query: z.strictObject({}),
  answers: { 200: { description: 'The balances.', schema: balances } },
  handle: async (request) => {
    const asOf = new Date().toISOString();
    const rows = await findBalances(request.read, request.params.groupId);
    const shown = rows.map((row) => ({
      memberId: row.memberId,
      currency: row.currency,
      net: formatAmount(row.net, row.currency),
      reserved: formatAmount(row.reserved, row.currency),
    }));
    return { status: 200, body: { balances: shown, asOf } };
  },
});

const strategy = z.enum(['minimal', 'pairwise', 'hub']);

const plan = z
  .strictObject({
    transfers: z.array(z.strictObject({ from: id, to: id, money })),
    count: z.int(),
    minimal: z.boolean().meta({ description: 'Whether it is proven that fewer transfers are not possible.' }),
    lowerBound: z.int().meta({ description: 'No plan has fewer transfers than this.' }),
    strategy,
    currency,
  })
  .meta({ id: 'Plan' });

const readPlan = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/plan',
  operationId: 'getPlan',
  tag,
  summary: 'Who should pay whom',
  description:
    'Settles one currency, less what open settlements have reserved. `minimal`: as few transfers as possible. `pairwise`: only between members who shared an expense. `hub`: all through one member.',
  access: groupAccess,
  params: groupParams,
  query: z.strictObject({
    strategy: strategy.optional(),
    hub: id.optional().meta({ description: 'The member through whom all transfers go; required for `hub`.' }),
    currency: currency.optional().meta({ description: "The group's currency where not given." }),
  }),
  answers: { 200: { description: 'The plan.', schema: plan } },
  problems: [422],
  handle: async (request) => {
    const { groupId } = request.params;
    const { strategy: how = 'minimal', hub } = request.query;
    const code = request.query.currency ?? (await findGroupCurrency(request.read, groupId));
    if (!isKnownCurrency(code))
      throw refusal('unknown_currency', 'This is not the code of a currency that can be spent.', '/query/currency');
    const { balances: nets, units } = await findPlanBase(request.read, groupId, code);
    const pairs = how === 'pairwise' ? await findPairs(request.read, groupId, code) : [];
    const planned = unwrap(atQuery(planTransfers({ balances: nets, strategy: how, pairs, units, ...(hub === undefined ? {} : { hub }) })));
    const transfers = planned.transfers.map(({ from, to, minor }) => ({
      from,
      to,
      money: { amount: formatAmount(minor, code), currency: code },
    }));
    const { count, minimal, lowerBound } = planned;
    return { status: 200, body: { transfers, count, minimal, lowerBound, strategy: how, currency: code } };
  },
});

/** The plan's refusals point into its input, which here is the query. */
function atQuery<T extends ReturnType<typeof planTransfers>>(outcome: T): T {
  if (outcome.ok || outcome.refusal.pointer === undefined) return outcome;
  return { ...outcome, refusal: { ...outcome.refusal, pointer: `/query${outcome.refusal.pointer}` } };
}

/** Operations on what the ledger adds up to. */
export const balanceRoutes: readonly AnyRoute[] = [readBalances, readPlan];
