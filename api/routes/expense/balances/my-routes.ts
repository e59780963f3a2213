import { setImmediate as nextTick } from 'node:timers/promises';
import { z } from 'zod';
import { toPage } from '../../../../db/cursor.ts';
import { findMyGroups } from '../../../../db/queries/expense/my-balances.ts';
import { betweenUs, byPerson, type Counterpart, type MyGroup, sumsByCurrency } from '../../../../domain/my-balances.ts';
import { formatAmount } from '../../../../domain/money.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { amount, currency, id, listOf, listQuery } from '../../../schemas.ts';

const net = amount.meta({ description: 'Above zero: the person is to pay me.' });

const person = z
  .strictObject({
    userId: id.nullable().meta({ description: 'Null for a member without an account, who is another person in every group.' }),
    displayName: z.string(),
    balances: z.array(z.strictObject({ currency, net })).meta({ description: 'Over all groups.' }),
    groups: z.array(z.strictObject({ groupId: id, memberId: id, currency, net })),
  })
  .meta({ id: 'PersonBalance' });

const myBalances = listOf(person)
  .extend({
    totals: z
      .array(z.strictObject({ currency, owed: amount, owe: amount }))
      .meta({ description: 'What I am owed and what I owe, over all people.' }),
    groupsLeftOut: z.int().meta({ description: 'Balances in older groups that are not in this; zero unless there are more than 100.' }),
    asOf: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'MyBalances' });

const readMine = route({
  service: 'expense',
  method: 'get',
  path: '/v1/me/balances',
  operationId: 'getMyBalances',
  tag: 'balances',
  summary: 'What I owe and am owed, per person',
  description:
    'Over all my groups that are not deleted, less what is reserved: in each group what its plan with the fewest transfers lets me pay or receive. People with accounts are the same person in every group; currencies are never mixed.',
  query: listQuery,
  answers: { 200: { description: 'People, the newest accounts first.', schema: myBalances } },
  handle: async (request) => {
    const page = request.page('my-balances');
    const asOf = new Date().toISOString();
    const { groups, leftOut } = await findMyGroups(request.read, request.principal.userId);
    const { parts, planless } = await planAll(groups);
    const people = byPerson(parts);
    const after = page.after?.[0];
    const rest = after === undefined ? people : people.filter(({ key }) => key < after);
    const { data, nextCursor } = toPage(rest.slice(0, page.limit + 1), page, page.cursor, ({ key }) => [key], present);
    const body = { data, nextCursor, totals: totalsOf(parts), groupsLeftOut: leftOut + planless, asOf };
    return { status: 200, body };
  },
});

type Part = NonNullable<ReturnType<typeof betweenUs>>[number];

async function planAll(groups: readonly MyGroup[]): Promise<{ parts: Part[]; planless: number }> {
  const parts: Part[] = [];
  let planless = 0;
  for (const group of groups) {
    const between = betweenUs(group);
    if (between === null) planless += 1;
    else parts.push(...between);
    // A plan of many members takes some milliseconds; others are served in between.
    await nextTick();
  }
  return { parts, planless };
}

function totalsOf(parts: readonly Part[]): { currency: string; owed: string; owe: string }[] {
  const owed = new Map(sumsByCurrency(parts.filter(({ minor }) => minor > 0n)).map(({ currency: code, minor }) => [code, minor]));
  const owe = new Map(sumsByCurrency(parts.filter(({ minor }) => minor < 0n)).map(({ currency: code, minor }) => [code, -minor]));
  return [...new Set([...owed.keys(), ...owe.keys()])]
    .sort()
    .map((code) => ({ currency: code, owed: formatAmount(owed.get(code) ?? 0n, code), owe: formatAmount(owe.get(code) ?? 0n, code) }));
}

function present({ userId, displayName, groups }: Counterpart): z.output<typeof person> {
  return {
    userId,
    displayName,
    balances: sumsByCurrency(groups).map(({ currency: code, minor }) => ({ currency: code, net: formatAmount(minor, code) })),
    groups: groups.map(({ groupId, memberId, currency: code, minor }) => ({
      groupId,
      memberId,
      currency: code,
      net: formatAmount(minor, code),
    })),
  };
}

/** Operations on what the signed-in user owes and is owed. */
export const myBalanceRoutes: readonly AnyRoute[] = [readMine];
