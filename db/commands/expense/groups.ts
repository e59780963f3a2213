import { LockMode } from '@mikro-orm/postgresql';
import { v7 as uuidv7 } from 'uuid';
import { currencyDigits } from '../../../domain/currency.ts';
import type { GroupPolicy, GroupState } from '../../../domain/group.ts';
import { refusal } from '../../../domain/refusal.ts';
import { Group } from '../../entities/expense/group.ts';
import { Member } from '../../entities/expense/member.ts';
import { SystemAccount } from '../../entities/expense/system-account.ts';
import { brokenUnique } from '../../errors.ts';
import type { Tx } from '../../transact.ts';
import { groupFacts, memberFacts, policyFacts, recordChange } from './changes.ts';
import { acceptedPolicy } from './group-policy.ts';
import { touchRules } from './recurring-slots.ts';

/** Who acts, and under which name they show in the group. */
export interface GroupFounder {
  readonly userId: string;
}

/**
 * Creates a group with its founder as owner and its three system accounts.
 *
 * @returns the group's id and the founder's member id.
 * @throws RefusalError id_taken, unknown_currency, and those of a policy.
 */
export async function createGroup(
  tx: Tx,
  founder: GroupFounder,
  input: { id?: string | undefined; name: string; currency: string; timeZone?: string | undefined; policy?: GroupPolicy | undefined },
): Promise<{ groupId: string; memberId: string }> {
  currencyDigits(input.currency);
  const [contact] = await tx.query<{ display_name: string; time_zone: string }>(
    'select display_name, time_zone from user_pub.contact_v1 where user_id = $1',
    [founder.userId],
  );
  if (contact === undefined) throw refusal('unauthenticated', 'The account is gone.');
  const groupId = input.id ?? uuidv7();
  const memberId = uuidv7();
  const group = tx.em.create(Group, {
    id: groupId,
    name: input.name,
    currency: input.currency,
    timeZone: input.timeZone ?? contact.time_zone,
    policy: {},
    createdBy: founder.userId,
  });
  try {
    await tx.em.flush();
  } catch (error) {
    if (brokenUnique(error) === 'group_pkey') throw refusal('id_taken', 'This id is in use.', '/id');
    throw error;
  }
  const owner = tx.em.create(Member, { id: memberId, groupId, userId: founder.userId, displayName: contact.display_name, role: 'owner' });
  if (input.policy !== undefined) group.policy = await acceptedPolicy(tx, groupId, input.policy);
  for (const kind of ['rounding', 'fees', 'conversion']) tx.em.create(SystemAccount, { id: uuidv7(), groupId, kind });
  const note = { groupId, by: memberId, before: null };
  recordChange(tx, { ...note, subject: 'group', subjectId: groupId, change: 'created', after: groupFacts(group) });
  recordChange(tx, { ...note, subject: 'policy', subjectId: groupId, change: 'changed', after: policyFacts(group.policy) });
  recordChange(tx, { ...note, subject: 'member', subjectId: memberId, change: 'joined', after: memberFacts(owner) });
  tx.emit({ type: 'group.created', subjectId: groupId, groupId, actorId: founder.userId, data: {} });
  return { groupId, memberId };
}

/**
 * Takes a group to change it or its members: everything that records against the group waits until this commits.
 *
 * @param states of the group in which the act is possible, as its policy says.
 * @throws RefusalError not_found, deleted, archived.
 */
export async function lockGroup(tx: Tx, groupId: string, states: readonly GroupState[]): Promise<Group> {
  const group = await tx.em.findOne(Group, groupId, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (group === null) throw refusal('not_found', 'There is no such group.');
  if (group.state === 'deleted' && !states.includes('deleted')) throw refusal('deleted', 'The group is deleted; restore it first.');
  if (group.state === 'archived' && !states.includes('archived')) throw refusal('archived', 'The group is archived; unarchive it first.');
  return group;
}

/** Notes a change of a locked group or of one of its members. */
export function touchGroup(tx: Tx, group: Group): void {
  group.version += 1;
  group.updatedAt = tx.now;
}

/**
 * Changes name, zone or policy; a policy is replaced whole. Call it with the version already compared.
 *
 * @param actor who does it.
 * @throws RefusalError those of a policy.
 */
export async function updateGroup(
  tx: Tx,
  group: Group,
  actor: Member,
  change: { name?: string | undefined; timeZone?: string | undefined; policy?: GroupPolicy | undefined },
): Promise<void> {
  const [before, policyBefore] = [groupFacts(group), policyFacts(group.policy)];
  if (change.name !== undefined) group.name = change.name;
  if (change.timeZone !== undefined && change.timeZone !== group.timeZone) {
    group.timeZone = change.timeZone;
    await touchRules(tx, group.id);
  }
  if (change.policy !== undefined) group.policy = await acceptedPolicy(tx, group.id, change.policy);
  touchGroup(tx, group);
  const note = { groupId: group.id, subjectId: group.id, by: actor.id };
  recordChange(tx, { ...note, subject: 'group', change: 'updated', before, after: groupFacts(group) });
  recordChange(tx, { ...note, subject: 'policy', change: 'changed', before: policyBefore, after: policyFacts(group.policy) });
  tx.emit({ type: 'group.updated', subjectId: group.id, groupId: group.id, actorId: actor.userId!, data: {} });
}
