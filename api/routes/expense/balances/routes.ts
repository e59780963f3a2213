import { z } from 'zod';
import { findBalanceSheet, type SheetView } from '../../../../db/queries/expense/balance-sheet.ts';
import { findRates } from '../../../../db/queries/expense/fx-rates.ts';
import { groupCurrencies } from '../../../../db/queries/expense/group-currencies.ts';
import type { Query } from '../../../../db/queries/expense/groups.ts';
import { inGroupCurrency, inOneCurrency, type OneCurrency } from '../../../../domain/balance-sheet.ts';
import { rational } from '../../../../domain/decimal.ts';
import { minorRatio, parseRate } from '../../../../domain/fx.ts';
import { formatAmount } from '../../../../domain/money.ts';
import { groupAccess } from '../../../access.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { amount, currency, date, id, money } from '../../../schemas.ts';
import { publishedRate } from '../rates/routes.ts';
import { explainRoutes } from './explain-routes.ts';
import { myBalanceRoutes } from './my-routes.ts';
import { checkCurrency, planOf, planQuery, strategy } from './planning.ts';

const tag = 'balances';
const groupParams = z.strictObject({ groupId: id });

const memberBalance = z.strictObject({ memberId: id, currency, net: amount.meta({ description: 'Above zero: is owed.' }) });

const balances = z
  .strictObject({
    balances: z.array(
      memberBalance.extend({
        reserved: amount.meta({ description: 'What the transfers of open settlements will add to it; with `at` it is zero.' }),
      }),
    ),
    inGroupCurrency: z.array(memberBalance).meta({
      description: "All currencies in the group's, each use at the rate frozen with it; they sum to zero.",
    }),
    withoutRate: z.array(memberBalance).meta({ description: 'What is not in `inGroupCurrency`, because its uses have no rate.' }),
    converted: z
      .strictObject({
        currency,
        balances: z.array(memberBalance),
        rates: z.array(publishedRate),
        withoutRate: z.array(memberBalance),
      })
      .optional()
      .meta({ description: 'With `in`: everything in that currency at the rates of the day; they sum to zero.' }),
    at: date.optional(),
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
  description:
    "Per member and currency; they sum to zero in each currency. Members with nothing are left out. A payment in another currency counts in the group's at the rate of its own day, so a debt that was repaid at another rate leaves the difference there. With `at`, everything dated until that day counts, as the ledger tells it now: what was corrected since is corrected there too.",
  access: groupAccess,
  params: groupParams,
  query: z.strictObject({
    at: date.optional().meta({ description: 'A business day: balances of everything dated until its end.' }),
    in: currency.optional().meta({ description: 'Also everything in this currency, at the rates of `at`, or of today.' }),
  }),
  answers: { 200: { description: 'The balances.', schema: balances } },
  problems: [422],
  handle: async (request) => {
    const { groupId } = request.params;
    const { at, in: target } = request.query;
    if (target !== undefined) checkCurrency(target, '/query/in');
    const now = new Date();
    const own = (await groupCurrencies(request.db, request.read, [groupId])).get(groupId) ?? '';
    const sheet = await findBalanceSheet(request.read, groupId, at);
    const members = new Set(sheet.filter(({ isSystem }) => !isSystem).map(({ accountId }) => accountId));
    const shown = sheet
      .filter((row) => !row.isSystem && (row.net !== 0n || row.reserved !== 0n))
      .map((row) => ({ ...presentNet(row.accountId, row.net, row.currency), reserved: formatAmount(row.reserved, row.currency) }));
    const priced = presentOne(inGroupCurrency(sheet, own), own, members);
    return {
      status: 200,
      body: {
        balances: shown,
        inGroupCurrency: priced.balances,
        withoutRate: priced.withoutRate,
        ...(target === undefined ? {} : { converted: await convertedTo(request.read, sheet, members, target, at, now) }),
        ...(at === undefined ? {} : { at }),
        asOf: now.toISOString(),
      },
    };
  },
});

/** The whole sheet in one currency, at the rates of a day. */
async function convertedTo(
  query: Query,
  sheet: readonly SheetView[],
  members: ReadonlySet<string>,
  target: string,
  at: string | undefined,
  now: Date,
): Promise<z.output<typeof balances>['converted']> {
  const day = at ?? now.toISOString().slice(0, 10);
  const others = [...new Set(sheet.map(({ currency: code }) => code))].filter((code) => code !== target);
  const questions = others.map((quote) => ({ base: target, quote, date: day }));
  const found = await findRates(query, questions, now);
  const rates = questions.flatMap((question, index) => {
    const rate = found[index];
    return rate === null || rate === undefined ? [] : [{ ...question, ...rate }];
  });
  const ratios = new Map(rates.map(({ quote, rate }) => [quote, minorRatio(parseRate(rate) ?? rational(1n), quote, target)] as const));
  return { currency: target, ...presentOne(inOneCurrency(sheet, target, ratios), target, members), rates };
}

function presentOne(one: OneCurrency, code: string, members: ReadonlySet<string>) {
  return {
    balances: one.balances
      .filter(({ accountId }) => members.has(accountId))
      .map(({ accountId, minor }) => presentNet(accountId, minor, code)),
    withoutRate: one.withoutRate
      .filter(({ accountId }) => members.has(accountId))
      .map(({ accountId, minor, currency: own }) => presentNet(accountId, minor, own)),
  };
}

function presentNet(memberId: string, minor: bigint, code: string): z.output<typeof memberBalance> {
  return { memberId, currency: code, net: formatAmount(minor, code) };
}

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
    'Settles one currency, less what open settlements have reserved. `minimal`: as few transfers as possible. `pairwise`: only between members who shared an expense. `hub`: all through one member. A payment along the plan leaves the rest of it as it was, until something else is recorded.',
  access: groupAccess,
  params: groupParams,
  query: z.strictObject(planQuery),
  answers: { 200: { description: 'The plan.', schema: plan } },
  problems: [422],
  handle: async (request) => {
    const { plan: planned, currency: code } = await planOf(request.read, request.params.groupId, request.query);
    const transfers = planned.transfers.map(({ from, to, minor }) => ({
      from,
      to,
      money: { amount: formatAmount(minor, code), currency: code },
    }));
    const { count, minimal, lowerBound, strategy: how } = planned;
    return { status: 200, body: { transfers, count, minimal, lowerBound, strategy: how, currency: code } };
  },
});

/** Operations on what the ledger adds up to. */
export const balanceRoutes: readonly AnyRoute[] = [readBalances, readPlan, ...explainRoutes, ...myBalanceRoutes];
