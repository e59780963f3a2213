import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Change',
  schema: 'expense',
  tableName: 'change',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    subject: p.text(),
    subjectId: p.uuid(),
    change: p.text(),
    changes: p.json<readonly { field: string; from: unknown; to: unknown }[]>(),
    actorMemberId: p.uuid().nullable(),
    at: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [
    { name: 'change_group_at', properties: ['groupId', 'at', 'id'] },
    { name: 'change_subject', properties: ['subjectId'] },
  ],
});

/**
 * One change of a group, its policy, a member, an invitation, a category or an import: who, when, field by field. Append-only, but
 * for texts that erasure and purge take out of `changes`. Expenses keep versions of their own.
 */
export class Change extends schema.class {}
schema.setClass(Change);
