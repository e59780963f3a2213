import { z } from 'zod';
import { toPage } from '../../../../db/cursor.ts';
import { readTogether } from '../../../../db/read-together.ts';
import { type ExplainItem, findDebts, findPairItems, findReserved } from '../../../../db/queries/expense/explain.ts';
import type { Query } from '../../../../db/queries/expense/groups.ts';
import { type ExplainStep, explainTransfer } from '../../../../domain/explain.ts';
import { formatAmount } from '../../../../domain/money.ts';
import { refusal } from '../../../../domain/refusal.ts';
import { groupAccess } from '../../../access.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { amount, currency, date, id, listQuery } from '../../../schemas.ts';
import { planOf, planQuery, strategy } from './planning.ts';

const item = z.strictObject({
  kind: z.enum(['expense', 'payment', 'refund', 'adjustment']),
  id,
  date,
  description: z.string().nullable().meta({ description: 'Of an expense.' }),
  amount: amount.meta({ description: 'By how much it raises what `from` owes `to`.' }),
});

const step = z.strictObject({
  kind: z.enum(['reserved', 'through', 'unit', 'others']).meta({
    description:
      '`reserved`: a transfer of an open settlement. `through`: debts from `from` over the members in `through` to `to` fall away and are paid directly (below zero: what is owed directly is paid over them). `unit`: both settle as one. `others`: all that is left, in groups too large to follow every debt.',
  }),
  amount,
  through: z.array(id).optional(),
  transferId: id.optional(),
});

const explanation = z
  .strictObject({
    from: id,
    to: id,
    currency,
    strategy,
    amount: amount.meta({
      description: 'What the plan lets `from` pay `to`; below zero: the other way round. The sum of all items, `rest` and all steps.',
    }),
    direct: amount.meta({ description: 'What `from` owes `to` by what they shared: the sum of all items and `rest`.' }),
    items: z.array(item),
    rest: z.strictObject({ count: z.int(), amount }).meta({ description: 'The items that are not on this page.' }),
    steps: z.array(step).meta({ description: 'How the plan comes from what everybody owes everybody.' }),
    nextCursor: z.string().nullable(),
    asOf: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'Explanation' });

const explain = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/balances/explain',
  operationId: 'explainBalance',
  tag: 'balances',
  summary: 'Why one member should pay another',
  description:
    'The expenses, payments and adjustments between two members, newest first, and the steps by which the plan makes its figure of them; they add up to it exactly. Of an expense with several payers, members owe them in the order of their ids, each what is open in turn.',
  access: groupAccess,
  params: z.strictObject({ groupId: id }),
  query: listQuery.extend({ from: id, to: id, ...planQuery }),
  answers: { 200: { description: 'The explanation.', schema: explanation } },
  problems: [422],
  handle: async (request) => {
    const { groupId } = request.params;
    const { from, to } = request.query;
    if (from === to) throw refusal('same_member', 'The two members are one.', '/query/to');
    const asked = request.page(`explain/${groupId}/${from}/${to}/${request.query.currency ?? ''}`);
    // As many as a page may have: an explanation in pieces is none.
    const page = { ...asked, limit: request.query.limit ?? ITEMS_DEFAULT };
    const asOf = new Date().toISOString();
    const body = await readTogether(request.db, async (query) => {
      await requireMembers(query, groupId, { from, to });
      const { plan, currency: code, nets, units } = await planOf(query, groupId, request.query);
      const pair = { groupId, currency: code, from, to };
      const { items, total, count } = await findPairItems(query, pair, page);
      const { figure, steps } = explainTransfer({
        from,
        to,
        transfers: plan.transfers,
        nets: new Map(nets.map(({ memberId, minor }) => [memberId, minor])),
        units,
        reserved: await findReserved(query, groupId, code),
        direct: total,
        debts: await findDebts(query, groupId, code),
      });
      const shown = items.slice(0, page.limit);
      const listed = shown.reduce((sum, { minor }) => sum + minor, 0n);
      const { data, nextCursor } = toPage(
        items,
        page,
        page.cursor,
        (row) => [row.date, row.postingId],
        (row) => presentItem(row, code),
      );
      return {
        from,
        to,
        currency: code,
        strategy: plan.strategy,
        amount: formatAmount(figure, code),
        direct: formatAmount(total, code),
        items: data,
        rest: { count: count - shown.length, amount: formatAmount(total - listed, code) },
        steps: steps.map((one) => presentStep(one, code)),
        nextCursor,
        asOf,
      };
    });
    return { status: 200, body };
  },
});

/** Items of a page where nothing is asked for. */
const ITEMS_DEFAULT = 100;

async function requireMembers(query: Query, groupId: string, named: Readonly<Record<string, string>>): Promise<void> {
  const rows = await query<{ id: string }>('select id from expense.member where group_id = $1 and id = any($2::uuid[])', [
    groupId,
    Object.values(named),
  ]);
  for (const [name, memberId] of Object.entries(named)) {
    if (!rows.some((row) => row.id === memberId)) throw refusal('unknown_member', 'This is not a member of the group.', `/query/${name}`);
  }
}

function presentItem({ kind, id: itemId, date: day, description, minor }: ExplainItem, code: string): z.output<typeof item> {
  return { kind, id: itemId, date: day, description, amount: formatAmount(minor, code) };
}

function presentStep(one: ExplainStep, code: string): z.output<typeof step> {
  const { kind, minor } = one;
  const more = one.kind === 'through' ? { through: [...one.through] } : one.kind === 'reserved' ? { transferId: one.transferId } : {};
  return { kind, amount: formatAmount(minor, code), ...more };
}

/** Operations that explain balances. */
export const explainRoutes: readonly AnyRoute[] = [explain];
