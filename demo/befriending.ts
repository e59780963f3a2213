import { formatAmount } from '../domain/money.ts';
import type { Ask, Cast, Group } from './cast.ts';
import type { Check } from './checks.ts';
import { minorOf } from './paying.ts';
import type { Progress } from './progress.ts';
import { waitFor } from './waiting.ts';

/** What the two share, in minor units of any currency; even, so that halves are whole. */
const SHARED_MINOR = 2480n;

/** Two friends, and what stands between them in the ledger of their own. */
export interface Friends {
  readonly asker: string;
  readonly friend: string;
  readonly groupId: string;
  readonly currency: string;
  /** What the friend is to pay the asker, as the asker's own balances say; minor units. */
  readonly minor: bigint;
}

interface Friend {
  readonly id: string;
  readonly groupId: string | null;
}

/** Makes two people friends, who get a ledger of their own, and lets one pay for both. */
export async function befriend(cast: Cast, ask: Ask, progress: Progress): Promise<Friends> {
  const { currency } = cast;
  const [asker, friend] = cast.people.filter(({ account }) => account !== null);
  if (asker === undefined || friend?.account == null) throw new Error('Fewer than two people of the ledger have an account.');
  progress.step(`${asker.name} asks ${friend.name} to be a friend`);
  const { body: asked } = await ask<Friend>(asker, 'POST', '/v1/friends', { body: { email: friend.account.email } });
  await ask(friend, 'POST', `/v1/friends/${asked.id}/accept`);
  const groupId = await waitFor('the ledger of the two friends', async () => {
    const { body } = await ask<Friend>(asker, 'GET', `/v1/friends/${asked.id}`);
    return body.groupId ?? undefined;
  });
  const { body: group } = await ask<Group & { members: { id: string }[] }>(asker, 'GET', `/v1/groups/${groupId}`);
  const amount = formatAmount(SHARED_MINOR, currency);
  await ask(asker, 'POST', `/v1/groups/${groupId}/expenses`, {
    body: {
      description: 'Two tickets for the museum',
      total: { amount, currency },
      date: new Date().toISOString().slice(0, 10),
      payers: [{ memberId: group.myMemberId, amount }],
      split: { method: 'equal', among: group.members.map(({ id }) => id) },
    },
  });
  const { body } = await ask<{ data: { groups: { groupId: string; currency: string; net: string }[] }[] }>(
    asker,
    'GET',
    '/v1/me/balances?limit=100',
  );
  const between = body.data.flatMap(({ groups }) => groups).find((entry) => entry.groupId === groupId && entry.currency === currency);
  progress.note(`they are friends, and ${asker.name} has paid ${amount} ${currency} for both in the ledger of the two`);
  return { asker: asker.name, friend: friend.name, groupId, currency, minor: minorOf(between?.net ?? '0') };
}

/** The friend owes a half. */
export function checkFriends({ friend, currency, minor }: Friends): Check {
  const said = formatAmount(minor, currency);
  return {
    name: 'the friend owes half of what was paid for both',
    problems:
      minor === SHARED_MINOR / 2n ? [] : [`${friend} owes ${said} ${currency} and should owe ${formatAmount(SHARED_MINOR / 2n, currency)}`],
  };
}
