import { createHash } from 'node:crypto';
import { z } from 'zod';
import { findPlanBase } from '../../../../db/queries/expense/balances.ts';
import { type ChartNames, findChartNames } from '../../../../db/queries/expense/charts.ts';
import { findStats } from '../../../../db/queries/expense/stats.ts';
import { readSums } from '../../../../db/read-sums.ts';
import { isCategory } from '../../../../domain/categories.ts';
import { categoryName } from '../../../../domain/category-names.ts';
import { type ChartWords, chartWords } from '../../../../domain/chart-words.ts';
import { isKnownCurrency } from '../../../../domain/currency.ts';
import { parseSum } from '../../../../domain/money.ts';
import type { Net, PlannedTransfer } from '../../../../domain/plan-settle.ts';
import { whoPaysWhom } from '../../../../domain/plan-stable.ts';
import { refusal } from '../../../../domain/refusal.ts';
import type { Tx } from '../../../../db/transact.ts';
import { groupAccess } from '../../../access.ts';
import { languageHeaders, languageOf } from '../../../language.ts';
import { drawCategories } from '../../../charts/categories.ts';
import { drawDebts } from '../../../charts/debts.ts';
import { drawMonths, monthsWithoutGaps } from '../../../charts/months.ts';
import { type Drawing, renderChart } from '../../../charts/svg.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { currency, date, id, withBounds } from '../../../schemas.ts';
import { locale } from '../categories/schema.ts';

/** A picture that a browser opens by itself runs nothing, asks nothing of elsewhere, and has its own style sheet only. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";

const readChart = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/chart.svg',
  operationId: 'getGroupChart',
  tag: 'statistics',
  summary: 'A chart of a group, as SVG',
  description:
    'Self-contained, with a title and a description for those who do not see it. `debts`: who owes and who is owed by the plan with the fewest transfers, less what open settlements have reserved, as `/plan` has it. `categories`: what was spent on what. `months`: what was spent and what came in, of the last twelve months that have something, or of a period of up to 36. Its words are in nine languages. The same figures give the same picture, so `If-None-Match` answers 304.',
  access: groupAccess,
  params: z.strictObject({ groupId: id }),
  query: withBounds(
    z.strictObject({
      kind: z.enum(['debts', 'categories', 'months']).optional().meta({ description: '`debts` where not given.' }),
      theme: z
        .enum(['light', 'dark', 'auto'])
        .optional()
        .meta({ description: 'With `auto`, and where not given, it follows the system of the reader.' }),
      currency: currency.optional().meta({ description: "The group's currency where not given." }),
      from: date.optional().meta({ description: 'First day; not for debts.' }),
      to: date.optional().meta({ description: 'Last day; not for debts.' }),
      locale: locale.meta({
        description: "Language of its words and of categories; else `Accept-Language`, else the caller's own, else English.",
      }),
    }),
  ),
  answers: {
    200: { description: 'The chart.', schema: z.string(), headers: ['ETag'], contentType: 'image/svg+xml' },
  },
  problems: [422],
  handle: async (request) => {
    const { kind = 'debts', theme = 'auto', from, to } = request.query;
    const { groupId } = request.params;
    const language = await languageOf(request);
    const names = await findChartNames(request.read, groupId);
    const code = request.query.currency ?? names.currency;
    if (!isKnownCurrency(code))
      throw refusal('unknown_currency', 'This is not the code of a currency that can be spent.', '/query/currency');
    const query = kind === 'debts' ? request.read : readSums(request.db);
    const drawing = await DRAWN[kind](query, { groupId, names, code, from, to, words: chartWords(language) });
    const svg = renderChart(drawing, theme);
    const headers = {
      ...languageHeaders(language),
      'Content-Type': 'image/svg+xml; charset=utf-8',
      'Content-Security-Policy': POLICY,
      'Cache-Control': 'private, no-cache',
      ETag: `"${createHash('sha256').update(svg).digest('base64url').slice(0, 27)}"`,
    };
    return { status: 200, headers, body: svg };
  },
});

/** Operations that draw. */
export const chartRoutes: readonly AnyRoute[] = [readChart];

interface Wanted {
  readonly groupId: string;
  readonly names: ChartNames;
  readonly code: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly words: ChartWords;
}

const DRAWN: Readonly<Record<'debts' | 'categories' | 'months', (query: Tx['query'], wanted: Wanted) => Promise<Drawing>>> = {
  debts: async (query, { groupId, names, code, words }) => {
    const base = await findPlanBase(query, groupId, code);
    const links = whoPaysWhom(base);
    const nodes = (links === null ? base.balances : netsOf(links)).map((node) => ({
      ...node,
      name: names.members.get(node.memberId) ?? '',
    }));
    return drawDebts(words, names.name, code, nodes, links ?? []);
  },
  categories: async (query, { groupId, names, code, from, to, words }) => {
    const { data } = await findStats(query, { groupId }, { by: 'category', from, to });
    const sums = new Map<string, bigint>();
    for (const row of data) {
      if (row.currency !== code) continue;
      const main = nameOfMain(row.key, names.categories, words);
      sums.set(main, (sums.get(main) ?? 0n) + parseSum(row.spent));
    }
    return drawCategories(
      words,
      names.name,
      code,
      periodWords(from, to, words),
      [...sums].map(([name, minor]) => ({ name, minor })),
    );
  },
  months: async (query, { groupId, names, code, from, to, words }) => {
    const { data } = await findStats(query, { groupId }, { by: 'month', from, to });
    const sums = data
      .filter((row) => row.currency === code)
      .map((row) => ({ month: row.key ?? '', spent: parseSum(row.spent), income: parseSum(row.income) }));
    return drawMonths(words, names.name, code, monthsWithoutGaps(sums, { from, to }));
  },
};

/** What each member would pay or get by a plan; one who settles for a unit does so for all of it. */
function netsOf(links: readonly PlannedTransfer[]): Net[] {
  const nets = new Map<string, bigint>();
  for (const { from, to, minor } of links) {
    nets.set(from, (nets.get(from) ?? 0n) - minor);
    nets.set(to, (nets.get(to) ?? 0n) + minor);
  }
  return [...nets].map(([memberId, minor]) => ({ memberId, minor }));
}

function nameOfMain(key: string | null, own: ReadonlyMap<string, string>, { language, say }: ChartWords): string {
  if (key === null) return say('withoutCategory');
  const main = key.split('.')[0] ?? key;
  return isCategory(main) ? categoryName(main, language) : (own.get(main) ?? main);
}

function periodWords(from: string | undefined, to: string | undefined, { say }: ChartWords): string {
  if (from !== undefined && to !== undefined) return say('span', from, to);
  if (from !== undefined) return say('since', from);
  return to === undefined ? say('allTime') : say('until', to);
}
