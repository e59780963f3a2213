import { ok, type Outcome, refuse } from './refusal.ts';

/** Most comments of one expense. */
export const COMMENTS_MAX = 1_000;
/** Most members that one comment names: every one of the largest group. */
export const MENTIONS_MAX = 500;

const IN_TEXT = /@\[([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\]/g;

/**
 * Whom a comment names: the members listed, and those that stand in its text as `@[memberId]`; each once, in order.
 *
 * @param active whether a member of the group may be named; undefined for who is none.
 * @returns their ids; refusals unknown_member, member_not_active, with their pointer.
 */
export function mentionsOf(
  { text, mentions = [] }: { readonly text: string; readonly mentions?: readonly string[] | undefined },
  active: (memberId: string) => boolean | undefined,
): Outcome<string[]> {
  const named = [
    ...mentions.map((memberId, index) => ({ memberId, pointer: `/mentions/${index}` })),
    ...[...text.matchAll(IN_TEXT)].map((match) => ({ memberId: match[1] as string, pointer: '/text' })),
  ];
  for (const { memberId, pointer } of named) {
    const is = active(memberId);
    if (is === undefined) return refuse('unknown_member', 'This is not a member of the group.', pointer);
    if (!is) return refuse('member_not_active', 'This member has left the group.', pointer);
  }
  return ok([...new Set(named.map(({ memberId }) => memberId))]);
}
