import { ok, refuse } from './refusal.ts';
import type { Outcome } from './refusal.ts';
import { roleAtLeast } from './roles.ts';
import type { Role } from './roles.ts';

/** Most active members of a group; a split can name all of them. */
export const GROUP_MEMBERS_MAX = 500;
/** Most invitations of a group that are open at once: one for each person of a large group would be a mailing list. */
export const OPEN_INVITATIONS_MAX = 100;

/** Life of an invitation that names none, in hours: a week. */
export const INVITATION_HOURS = 168;
/** Longest life of an invitation in hours: a year. */
export const INVITATION_HOURS_MAX = 8_760;

/** What a new member may do where nothing else is said: record and correct, as people do at a shared table. */
export const DEFAULT_ROLE: Role = 'editor';

/**
 * Checks that a member may give somebody a role: nobody gives one above their own, and a group has one owner, who
 * becomes it by a hand-over only.
 *
 * @param giver role of who gives it.
 * @returns the role, or a refusal: `forbidden`, `one_owner`.
 */
export function checkGrant(giver: Role, role: Role, pointer = '/role'): Outcome<Role> {
  if (!roleAtLeast(giver, role)) return refuse('forbidden', 'You cannot give a role above your own.', pointer);
  if (role === 'owner') return refuse('one_owner', 'A group has one owner; hand the group over instead.', pointer);
  return ok(role);
}

/** What is known of an invitation. */
export interface InvitationFacts {
  readonly expiresAt: Date;
  readonly revoked: boolean;
  readonly uses: number;
  readonly maxUses: number;
}

/** Whether an invitation can still be accepted, and if not, why. */
export type InvitationState = 'open' | 'revoked' | 'used_up' | 'expired';

/** Tells the state of an invitation at a moment. */
export function invitationState(invitation: InvitationFacts, now: Date): InvitationState {
  if (invitation.revoked) return 'revoked';
  if (invitation.uses >= invitation.maxUses) return 'used_up';
  return invitation.expiresAt <= now ? 'expired' : 'open';
}

const CLOSED: Record<Exclude<InvitationState, 'open'>, string> = {
  revoked: 'This invitation was withdrawn.',
  used_up: 'This invitation was used by as many people as it was for.',
  expired: 'This invitation is no longer good.',
};

/** Checks that an invitation is open; refusals `invitation_revoked`, `invitation_used_up`, `invitation_expired`. */
export function checkInvitationOpen(state: InvitationState): Outcome<null> {
  return state === 'open' ? ok(null) : refuse(`invitation_${state}`, CLOSED[state]);
}
