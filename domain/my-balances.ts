import { type Moved, whoPaysWhom } from './plan-stable.ts';
import type { Net } from './plan-settle.ts';

/** A group in one currency, as seen by one of its members who owes or is owed something. */
export interface MyGroup {
  readonly groupId: string;
  readonly currency: string;
  /** The member who asks. */
  readonly me: string;
  /** What was paid or reserved since what is shared last changed. */
  readonly moved: readonly Moved[];
  readonly members: readonly (Net & { readonly userId: string | null; readonly displayName: string; readonly unitId: string | null })[];
}

/** What is between the one who asks and somebody else in one group: above zero, they are to pay the one who asks. */
export interface BetweenUs {
  readonly groupId: string;
  readonly memberId: string;
  readonly currency: string;
  readonly minor: bigint;
}

/** Somebody with whom there is something to settle. */
export interface Counterpart {
  /** The same person in every group: by account, or by the member where there is none. */
  readonly key: string;
  readonly userId: string | null;
  readonly displayName: string;
  readonly groups: readonly BetweenUs[];
}

/**
 * What there is between the one who asks and the others of a group, as its plan with the fewest transfers shows it.
 *
 * @returns null where the group's balances do not sum to zero over its members, so that there is no plan.
 */
export function betweenUs(group: MyGroup): (BetweenUs & { readonly userId: string | null; readonly displayName: string })[] | null {
  const { groupId, currency, me, members, moved } = group;
  const units = new Map(members.flatMap(({ memberId, unitId }) => (unitId === null ? [] : [[memberId, unitId] as const])));
  const transfers = whoPaysWhom({ balances: members, units, moved });
  if (transfers === null) return null;
  const people = new Map(members.map((member) => [member.memberId, member]));
  return transfers.flatMap(({ from, to, minor }) => {
    const other = people.get(from === me ? to : from);
    if ((from !== me && to !== me) || other === undefined) return [];
    const { memberId, userId, displayName } = other;
    return [{ groupId, memberId, currency, minor: to === me ? minor : -minor, userId, displayName }];
  });
}

/** Puts together what is between the one who asks and each person over all groups, in the order of their keys. */
export function byPerson(parts: readonly (BetweenUs & { readonly userId: string | null; readonly displayName: string })[]): Counterpart[] {
  const people = new Map<string, { userId: string | null; displayName: string; groups: BetweenUs[] }>();
  for (const { userId, displayName, ...between } of parts) {
    const key = userId === null ? `member ${between.memberId}` : `user ${userId}`;
    const person = people.get(key) ?? { userId, displayName, groups: [] };
    person.groups.push(between);
    people.set(key, person);
  }
  return [...people].map(([key, person]) => ({ key, ...person })).sort((one, other) => (one.key < other.key ? 1 : -1));
}

/** Sums per currency, in the order of their codes; what comes to zero is left out. */
export function sumsByCurrency(
  parts: readonly { readonly currency: string; readonly minor: bigint }[],
): { currency: string; minor: bigint }[] {
  const sums = new Map<string, bigint>();
  for (const { currency, minor } of parts) sums.set(currency, (sums.get(currency) ?? 0n) + minor);
  return [...sums]
    .map(([currency, minor]) => ({ currency, minor }))
    .filter(({ minor }) => minor !== 0n)
    .sort((one, other) => (one.currency < other.currency ? -1 : 1));
}
