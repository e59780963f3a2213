import { ok, refuse, type Outcome } from './refusal.ts';

/** Roles in a group, the strongest first. */
export const ROLES = ['owner', 'admin', 'editor', 'contributor', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** Whether a role may do at least what another may. */
export function roleAtLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(least);
}

/** Who may add expenses in a group that has not set it. */
export const WHO_MAY_ADD_DEFAULT: Role = 'contributor';

/** Whether a role may record an expense. A viewer never may, whatever the policy says. */
export function mayAddExpense(role: Role, whoMayAdd: Role = WHO_MAY_ADD_DEFAULT): boolean {
  return roleAtLeast(role, 'contributor') && roleAtLeast(role, whoMayAdd);
}

/** Whether a member may act for another one, such as confirming a payment: only for one without an account. */
export function mayActFor(input: { role: Role; isSelf: boolean; hasAccount: boolean }): boolean {
  return input.isSelf || (!input.hasAccount && roleAtLeast(input.role, 'admin'));
}

/** Whether a role may change the group itself, its members, invitations and adjustments. */
export function mayManageGroup(role: Role): boolean {
  return roleAtLeast(role, 'admin');
}

/** Whether a role may delete or restore the group, or hand it over. */
export function mayOwnGroup(role: Role): boolean {
  return role === 'owner';
}

/**
 * Whether a member may give another one a role, or invite somebody with it.
 *
 * The owner gives every role but their own, which is handed over by a step of its own. An admin gives roles below
 * admin, to members below admin.
 *
 * @param input.present the other member's role now; absent for a new member.
 * @returns refusals `forbidden`, or `owner_by_transfer` where the role of owner is touched.
 */
export function mayGrantRole(input: { actor: Role; present?: Role | undefined; granted: Role }): Outcome<null> {
  const { actor, present, granted } = input;
  if (!mayManageGroup(actor)) return refuse('forbidden', 'Only an owner or an admin gives roles.');
  if (granted === 'owner' || present === 'owner')
    return refuse('owner_by_transfer', 'A group changes its owner by being handed over.', '/role');
  if (actor === 'admin' && (granted === 'admin' || present === 'admin'))
    return refuse('forbidden', 'Only the owner makes and unmakes admins.');
  return ok(null);
}

/** Whether a member may remove another one: refusals `forbidden`, `cannot_remove_owner`. Leaving is not removing. */
export function mayRemoveMember(input: { actor: Role; present: Role }): Outcome<null> {
  if (!mayManageGroup(input.actor)) return refuse('forbidden', 'Only an owner or an admin removes members.');
  if (input.present === 'owner') return refuse('cannot_remove_owner', 'The owner cannot be removed.');
  if (input.actor === 'admin' && input.present === 'admin') return refuse('forbidden', 'Only the owner removes admins.');
  return ok(null);
}
