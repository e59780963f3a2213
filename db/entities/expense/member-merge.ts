import { defineEntity, p } from '@mikro-orm/postgresql';

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
  },
  indexes: [
    { name: 'member_merge_group', properties: ['groupId'] },
    { name: 'member_merge_at', properties: ['mergedAt', 'id'] },
  ],
  uniques: [{ name: 'member_merge_stands', properties: ['fromMemberId'], where: 'undone_at is null' }],
});

/** A merge of two members. `movedUserId`: the account that went with it; the roles are those that both had before. `mergedBy` and `undoneBy` are accounts. */
export class MemberMerge extends schema.class {}
schema.setClass(MemberMerge);
