import { move, type Transitions } from './machine.ts';
import type { Outcome } from './refusal.ts';

/** Most requests of one person that wait for an answer. */
export const PENDING_REQUESTS_MAX = 100;
/** Most friends of one person; beyond them a list is no longer one of friends. */
export const FRIENDS_MAX = 2_000;
/** Most people whom one person has blocked. */
export const BLOCKS_MAX = 1_000;
/** Days after which a request that nobody answered is given up, and the address that it went to forgotten. */
export const REQUEST_DAYS = 90;

/** States of a request and of the friendship that it becomes. */
export const FRIENDSHIP_STATES = ['pending', 'accepted', 'declined', 'withdrawn', 'ended'] as const;
export type FriendshipState = (typeof FRIENDSHIP_STATES)[number];

/** What can happen to it: the asked one answers, the asker withdraws, either of them ends it. */
export const FRIENDSHIP_EVENTS = ['accept', 'decline', 'withdraw', 'end'] as const;
export type FriendshipEvent = (typeof FRIENDSHIP_EVENTS)[number];

const TRANSITIONS: Transitions<FriendshipState, FriendshipEvent> = {
  pending: { accept: 'accepted', decline: 'declined', withdraw: 'withdrawn' },
  accepted: { end: 'ended' },
  declined: {},
  withdrawn: {},
  ended: {},
};

/** Moves a request or friendship; refusal `wrong_state`. */
export function moveFriendship(state: FriendshipState, event: FriendshipEvent): Outcome<FriendshipState> {
  return move(TRANSITIONS, state, event);
}
