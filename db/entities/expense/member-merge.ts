import { defineEntity, p } from '@mikro-orm/postgresql';
import type { DefaultSplit } from '../../../domain/group.ts';

/** A split that named the merged member: the default one of the group, or that of a preset. */
export interface MergedSplit {
  /** Null for the group's default split. */
  readonly presetId: string | null;
  readonly before: DefaultSplit;
  readonly after: DefaultSplit;
}

const schema = defineEntity({
  name: 'MemberMerge',
  schema: 'expense',
  tableName: 'member_merge',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    fromMemberId: p.uuid(),
    intoMemberId: p.uuid(),
    movedUserId: p.uuid().nullable(),
    fromRole: p.text(),
    intoRole: p.text(),
    mergedBy: p.uuid(),
    mergedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    undoneBy: p.uuid().nullable(),
    undoneAt: p.datetime().columnType('timestamptz').nullable(),
    undoReason: p.text().nullable(),
    splits: p.json<readonly MergedSplit[]>().defaultRaw("'[]'"),
  },
  indexes: [
    { name: 'member_merge_group', properties: ['groupId'] },
    { name: 'member_merge_at', properties: ['mergedAt', 'id'] },
  ],
  uniques: [{ name: 'member_merge_stands', properties: ['fromMemberId'], where: 'undone_at is null' }],
});

/** A merge of two members. `movedUserId`: the account that went with it; the roles are those that both had before. `mergedBy` and `undoneBy` are accounts; `splits` are those that named the first one. */
export class MemberMerge extends schema.class {}
schema.setClass(MemberMerge);
