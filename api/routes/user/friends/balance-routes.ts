import { setImmediate as breath } from 'node:timers/promises';
import { z } from 'zod';
import { findSharedGroups, SHARED_BALANCES_MAX, type SharedGroup } from '../../../../db/queries/user/friend-balances.ts';
import { balanceWithFriend } from '../../../../domain/friend-balance.ts';
import { formatAmount } from '../../../../domain/money.ts';
import { refusal } from '../../../../domain/refusal.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { amount, currency, id } from '../../../schemas.ts';
import { ownFriend } from './access.ts';
import { friendParams } from './schema.ts';

const net = amount.meta({ description: 'Above zero: the friend owes the caller.' });

const friendBalances = z
  .strictObject({
    totals: z.array(z.strictObject({ currency, net })).meta({ description: 'Over all groups, by currency.' }),
    groups: z.array(z.strictObject({ groupId: id, kind: z.enum(['shared', 'friends']), name: z.string(), currency, net })),
    complete: z.boolean().meta({ description: `Whether these are all; at most ${SHARED_BALANCES_MAX} open balances are added up.` }),
    asOf: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'FriendBalances' });

const read = route({
  service: 'user',
  method: 'get',
  path: '/v1/friends/:friendId/balances',
  operationId: 'getFriendBalances',
  tag: 'friends',
  summary: 'What a friend and I owe each other',
  description:
    'Over the groups that both are in, and their own ledger. In a group of several it is what the plan with the fewest transfers lets pass between the two, less what open settlements have reserved; groups where that is nothing are left out.',
  access: ownFriend,
  params: friendParams,
  answers: { 200: { description: 'By group and currency, and in total.', schema: friendBalances } },
  problems: [409],
  handle: async (request) => {
    const { state, userId: friendUserId, displayName } = request.resource;
    if (state !== 'accepted' || friendUserId === null) throw refusal('wrong_state', 'You are not friends yet.');
    const asOf = new Date().toISOString();
    const shared = await findSharedGroups(request.read, request.principal.userId, friendUserId);
    const open = await balancesOf(shared.slice(0, SHARED_BALANCES_MAX));
    const groups = open.map(({ minor, groupId, kind, name, currency: code }) => ({
      groupId,
      kind,
      name: kind === 'friends' ? (displayName ?? name) : name,
      currency: code,
      net: formatAmount(minor, code),
    }));
    return { status: 200, body: { totals: totalsOf(open), groups, complete: shared.length <= SHARED_BALANCES_MAX, asOf } };
  },
});

/** Operations on what friends owe each other. */
export const friendBalanceRoutes: readonly AnyRoute[] = [read];

type Open = SharedGroup & { readonly minor: bigint };

async function balancesOf(shared: readonly SharedGroup[]): Promise<Open[]> {
  const open: Open[] = [];
  for (const group of shared) {
    const minor = balanceWithFriend(group);
    if (minor !== 0n) open.push({ ...group, minor });
    // A plan of a large group takes a while; others get their turn in between.
    if (group.balances.length > 2) await breath();
  }
  return open;
}

function totalsOf(open: readonly Open[]): { currency: string; net: string }[] {
  const sums = new Map<string, bigint>();
  for (const { currency: code, minor } of open) sums.set(code, (sums.get(code) ?? 0n) + minor);
  return [...sums]
    .filter(([, minor]) => minor !== 0n)
    .map(([code, minor]) => ({ currency: code, net: formatAmount(minor, code) }))
    .toSorted((one, other) => (one.currency < other.currency ? -1 : 1));
}
