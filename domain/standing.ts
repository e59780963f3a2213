import { mayAddExpense, type Role, roleAtLeast } from './roles.ts';

/** What a member can be to a thing of their group, beyond their role. */
export type Relation = 'creator' | 'payer' | 'receiver' | 'approver' | 'maker' | 'debtor';

/** What somebody has to be to a thing of a group in order to act on it. */
export interface Standing {
  /** The role that is enough for the things of everybody; null where no role is. */
  readonly least: Role | null;
  /** What somebody can be to the thing, so that a weaker role is enough. */
  readonly as: readonly Relation[];
  /** The role that is enough then. */
  readonly leastAs: Role;
  /** The group's own policy (`whoMayAdd`) may ask for a stronger role. */
  readonly raised: boolean;
  /** Owners and admins act in the place of one who has no account or has left. */
  readonly standsIn: boolean;
}

const role = (least: Role): Standing => ({ least, as: [], leastAs: least, raised: false, standsIn: false });
const roleOr = (least: Role, as: readonly Relation[], leastAs: Role = 'viewer'): Standing => ({ ...role(least), as, leastAs });
const party = (...as: Relation[]): Standing => ({ least: null, as, leastAs: 'viewer', raised: false, standsIn: true });

/** Every standing that an operation may ask for, by name. */
export const STANDINGS = {
  owner: role('owner'),
  admin: role('admin'),
  editor: role('editor'),
  contributor: role('contributor'),
  viewer: role('viewer'),
  recorder: { ...role('contributor'), raised: true },
  'editor or creator': roleOr('editor', ['creator'], 'contributor'),
  'admin or creator': roleOr('admin', ['creator']),
  'editor or maker': roleOr('editor', ['maker']),
  'editor, maker or debtor': roleOr('editor', ['maker', 'debtor']),
  author: { least: null, as: ['creator'], leastAs: 'viewer', raised: false, standsIn: false },
  payer: party('payer'),
  receiver: party('receiver'),
  'payer or receiver': party('payer', 'receiver'),
  approver: party('approver'),
} as const satisfies Record<string, Standing>;

export type StandingName = keyof typeof STANDINGS;

/**
 * Whether a member has a standing.
 *
 * @param isA whether they are something to the thing, or stand in for who is.
 * @param whoMayAdd what the group's policy asks of those who record; only where the standing is raised by it.
 */
export function hasStanding(standing: Standing, member: Role, isA: (relation: Relation) => boolean = isNothing, whoMayAdd?: Role): boolean {
  if (standing.raised) return mayAddExpense(member, whoMayAdd);
  if (standing.least !== null && roleAtLeast(member, standing.least)) return true;
  return standing.as.length > 0 && roleAtLeast(member, standing.leastAs) && standing.as.some(isA);
}

/**
 * The least role of a standing that is a role and nothing else.
 *
 * @throws Error for any other, which is a mistake in the policy table.
 */
export function leastRoleOf(name: StandingName): Role {
  const { least, as, raised }: Standing = STANDINGS[name];
  if (least === null || as.length > 0 || raised) throw new Error(`the standing ${name} is more than a role`);
  return least;
}

/** A standing in words, for documents. */
export function describeStanding(name: StandingName): string {
  const { least, as, leastAs, raised, standsIn }: Standing = STANDINGS[name];
  const byRole = least === null ? '' : `at least the role \`${least}\` in the group`;
  const byRelation =
    as.length === 0 ? '' : `being its ${as.join(' or ')}${leastAs === 'viewer' ? '' : ` with at least the role \`${leastAs}\``}`;
  const words = [byRole, byRelation].filter((text) => text !== '').join(', or ');
  return [
    `Needs ${words}.`,
    ...(raised ? ['The group may ask for a stronger role (`policy.whoMayAdd`).'] : []),
    ...(standsIn ? ['An owner or admin acts for a member without an account, or who has left.'] : []),
  ].join(' ');
}

function isNothing(): boolean {
  return false;
}
