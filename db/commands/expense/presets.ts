import { v7 as uuidv7 } from 'uuid';
import { canonical } from '../../../domain/field-changes.ts';
import type { DefaultSplit } from '../../../domain/group.ts';
import { mergedDefaultSplit, type MergedPair } from '../../../domain/merge.ts';
import { refusal } from '../../../domain/refusal.ts';
import { type Split, splitMentions } from '../../../domain/split.ts';
import type { Group } from '../../entities/expense/group.ts';
import type { Member } from '../../entities/expense/member.ts';
import type { MergedSplit } from '../../entities/expense/member-merge.ts';
import { Preset } from '../../entities/expense/preset.ts';
import { brokenUnique } from '../../errors.ts';
import type { Tx } from '../../transact.ts';
import { checkDefaultSplit } from './group-policy.ts';

/** Presets of one group: more than anybody looks through. */
export const PRESETS_MAX = 50;

/**
 * Gives a split without amounts a name in a locked group, so that clients can offer it.
 *
 * @returns the preset's id.
 * @throws RefusalError preset_limit_reached, name_taken, id_taken, unknown_member, and those of a split.
 */
export async function createPreset(
  tx: Tx,
  group: Group,
  actor: Member,
  input: { readonly id?: string | undefined; readonly name: string; readonly split: DefaultSplit },
): Promise<string> {
  await checkDefaultSplit(tx, group.id, input.split as Split, '/split');
  if ((await tx.em.count(Preset, { groupId: group.id })) >= PRESETS_MAX)
    throw refusal('preset_limit_reached', `A group has at most ${PRESETS_MAX} presets; delete one first.`);
  const id = input.id ?? uuidv7();
  tx.em.create(Preset, { id, groupId: group.id, name: input.name, split: input.split, createdBy: actor.id, createdAt: tx.now });
  try {
    await tx.em.flush();
  } catch (error) {
    const broken = brokenUnique(error);
    if (broken === 'preset_name') throw refusal('name_taken', 'The group has a preset of this name.', '/name');
    if (broken === 'preset_pkey') throw refusal('id_taken', 'This id is in use.', '/id');
    throw error;
  }
  return id;
}

/** Deletes a preset of a locked group; expenses that were made from it stay as they are. @throws RefusalError not_found. */
export async function deletePreset(tx: Tx, group: Group, presetId: string): Promise<void> {
  const gone = await tx.em.nativeDelete(Preset, { id: presetId, groupId: group.id });
  if (gone === 0) throw refusal('not_found', 'There is no such preset in this group.');
}

/** Deletes the presets that name a member who is leaving. */
export async function deletePresetsOf(tx: Tx, group: Group, memberId: string): Promise<void> {
  for (const preset of await tx.em.find(Preset, { groupId: group.id }))
    if (splitMentions(preset.split as Split).some((mention) => mention.memberId === memberId)) tx.em.remove(preset);
}

/**
 * Lets the default split and the presets of a locked group name the member who remains of a merge.
 *
 * @returns those that named the other one.
 */
export async function mergeSplits(tx: Tx, group: Group, pair: MergedPair): Promise<MergedSplit[]> {
  const merged: MergedSplit[] = [];
  const rename = (presetId: string | null, before: DefaultSplit): DefaultSplit => {
    if (!splitMentions(before as Split).some(({ memberId }) => memberId === pair.from)) return before;
    const after = mergedDefaultSplit(before, pair);
    merged.push({ presetId, before, after });
    return after;
  };
  const { defaultSplit } = group.policy;
  if (defaultSplit !== undefined) group.policy = { ...group.policy, defaultSplit: rename(null, defaultSplit) };
  for (const preset of await tx.em.find(Preset, { groupId: group.id })) preset.split = rename(preset.id, preset.split);
  return merged;
}

/** Gives splits of a locked group back what they said before a merge, where they say still what the merge made of it. */
export async function unmergeSplits(tx: Tx, group: Group, splits: readonly MergedSplit[]): Promise<void> {
  const presets = new Map((await tx.em.find(Preset, { groupId: group.id })).map((preset) => [preset.id, preset]));
  for (const { presetId, before, after } of splits) {
    const preset = presetId === null ? undefined : presets.get(presetId);
    const standing = presetId === null ? group.policy.defaultSplit : preset?.split;
    if (canonical(standing ?? null) !== canonical(after)) continue;
    if (preset === undefined) group.policy = { ...group.policy, defaultSplit: before };
    else preset.split = before;
  }
}
