import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Category',
  schema: 'expense',
  tableName: 'category',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    key: p.text(),
    name: p.text(),
    createdBy: p.uuid(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    archivedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  uniques: [{ name: 'category_key', properties: ['groupId', 'key'] }],
});

/** A category of a group's own. Its key stands in expenses and never changes; an archived one is taken by no new expense. `createdBy` is a member. */
export class Category extends schema.class {}
schema.setClass(Category);
