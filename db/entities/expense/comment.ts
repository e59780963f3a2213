import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Comment',
  schema: 'expense',
  tableName: 'comment',
  properties: {
    id: p.uuid().primary(),
    expenseId: p.uuid(),
    groupId: p.uuid(),
    authorMemberId: p.uuid(),
    text: p.text(),
    mentions: p.array().columnType('uuid[]').defaultRaw("'{}'"),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    editedAt: p.datetime().columnType('timestamptz').nullable(),
    deletedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  indexes: [
    { name: 'comment_expense', properties: ['expenseId', 'createdAt', 'id'] },
    { name: 'comment_group', properties: ['groupId', 'createdAt'] },
    { name: 'comment_author', properties: ['authorMemberId'] },
  ],
});

/** What a member says about an expense, and whom they name in it. A deleted one keeps its row and loses its text. */
export class Comment extends schema.class {}
schema.setClass(Comment);
