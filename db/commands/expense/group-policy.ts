import { checkGroupPolicy, type GroupPolicy } from '../../../domain/group.ts';
import { moneyFromWire, moneyToWire } from '../../../domain/money.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { computeShares, type Split, splitMentions } from '../../../domain/split.ts';
import type { Tx } from '../../transact.ts';

/**
 * Checks a policy against its own rules and the group's members, and brings its amounts into the form of the wire.
 *
 * @param groupId of the group whose active members a default split may name.
 * @returns the policy to store.
 * @throws RefusalError what `checkGroupPolicy` and `computeShares` of the domain refuse, unknown_member.
 */
export async function acceptedPolicy(tx: Tx, groupId: string, policy: GroupPolicy): Promise<GroupPolicy> {
  const checked = unwrap(checkGroupPolicy(policy));
  if (checked.defaultSplit !== undefined) await checkDefaultSplit(tx, groupId, checked.defaultSplit as Split, '/policy/defaultSplit');
  const above = checked.approval?.above;
  if (above === undefined || checked.approval === undefined) return checked;
  const limit = unwrap(moneyFromWire(above, '/policy/approval/above'));
  if (limit.minor < 0n) throw refusal('amount_out_of_range', 'The limit is not below zero.', '/policy/approval/above/amount');
  return { ...checked, approval: { ...checked.approval, above: moneyToWire(limit) } };
}

/** A policy without its default split, where that names a member who is leaving. */
export function policyWithout(policy: GroupPolicy, memberId: string): GroupPolicy {
  const { defaultSplit, ...rest } = policy;
  if (defaultSplit === undefined) return policy;
  return splitMentions(defaultSplit as Split).some((mention) => mention.memberId === memberId) ? rest : policy;
}

/**
 * Checks a split without amounts against the active members of a group.
 *
 * @throws RefusalError unknown_member, and those of `computeShares`.
 */
export async function checkDefaultSplit(tx: Tx, groupId: string, split: Split, pointer: string): Promise<void> {
  const members = await tx.query<{ id: string; weight: string }>(
    `select id, trim_scale(weight)::text as weight from expense.member where group_id = $1 and state = 'active'`,
    [groupId],
  );
  const weights = new Map(members.map((member) => [member.id, member.weight]));
  const stranger = splitMentions(split, pointer).find((mention) => !weights.has(mention.memberId));
  if (stranger !== undefined) throw refusal('unknown_member', 'This is not an active member of the group.', stranger.pointer);
  // Any total shows whether the proportions are in order.
  unwrap(computeShares({ totalMinor: 100n, currency: 'EUR', split, weights, tieBreak: 0n, pointer }));
}
