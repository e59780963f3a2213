import { v7 as uuidv7 } from 'uuid';
import { type Facts, fieldChanges } from '../../../domain/field-changes.ts';
import type { GroupPolicy } from '../../../domain/group.ts';
import type { Category } from '../../entities/expense/category.ts';
import { Change } from '../../entities/expense/change.ts';
import type { Group } from '../../entities/expense/group.ts';
import type { Invitation } from '../../entities/expense/invitation.ts';
import type { Member } from '../../entities/expense/member.ts';
import type { Tx } from '../../transact.ts';

/** What can be done to each kind of subject; `<subject>.<change>` is the type of the activity. */
export interface Changes {
  group: 'created' | 'updated' | 'archived' | 'unarchived' | 'deleted' | 'restored' | 'locked';
  policy: 'changed';
  member: 'added' | 'joined' | 'changed' | 'left' | 'merged' | 'unmerged';
  invitation: 'created' | 'accepted' | 'revoked' | 'expired';
  category: 'created' | 'changed';
  import: 'done' | 'undone';
  /** What is not in its content, which has versions of its own. */
  expense: 'receipt_added' | 'receipt_removed' | 'moved_away';
}

/** A change to note: of what, by whom, from what to what. */
export type NewChange = {
  [Subject in keyof Changes]: {
    readonly groupId: string;
    readonly subject: Subject;
    readonly subjectId: string;
    readonly change: Changes[Subject];
    /** Member id of whoever did it; null for the clock or an operator. */
    readonly by: string | null;
    /** As it was; null for what is new. Take the facts before changing the row. */
    readonly before: Facts | null;
    /** As it is; null for what is gone. */
    readonly after: Facts | null;
  };
}[keyof Changes];

/**
 * Notes a change in the group's log, in the transaction that makes it. Where no field differs, nothing has changed and
 * nothing is noted, except of acts that are told without fields (`before` and `after` both null).
 */
export function recordChange(tx: Tx, { groupId, subject, subjectId, change, by, before, after }: NewChange): void {
  const changes = fieldChanges(before, after);
  if (changes.length === 0 && (before !== null || after !== null)) return;
  tx.em.create(Change, { id: uuidv7(), groupId, subject, subjectId, change, changes, actorMemberId: by, at: tx.now });
}

/** What the log tells of a group; its policy is a subject of its own. */
export function groupFacts({ name, currency, timeZone, state, lockedUntil }: Group): Facts {
  return { name, currency, timeZone, state, lockedUntil: lockedUntil ?? null };
}

/** What the log tells of a policy: each rule by itself, those on approval as `approval.<rule>`. */
export function policyFacts({ approval, ...rest }: GroupPolicy): Facts {
  return { ...rest, ...Object.fromEntries(Object.entries(approval ?? {}).map(([rule, value]) => [`approval.${rule}`, value])) };
}

/** What the log tells of a member. */
export function memberFacts({ displayName, userId, role, weight, unitId, state }: Member): Facts {
  return { displayName, userId: userId ?? null, role, weight: plainDecimal(weight), unitId: unitId ?? null, state };
}

/** What the log tells of an invitation; never to whom it was sent. */
export function invitationFacts({ role, memberId, maxUses, expiresAt }: Invitation): Facts {
  return { role, memberId: memberId ?? null, maxUses, expiresAt: expiresAt.toISOString() };
}

/** What the log tells of a category. */
export function categoryFacts({ key, name, archivedAt }: Category): Facts {
  return { key, name, archived: archivedAt != null };
}

/** A decimal as the API shows it: Postgres gives a column's own scale. */
function plainDecimal(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
