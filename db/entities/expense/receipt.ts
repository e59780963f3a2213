import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Receipt',
  schema: 'expense',
  tableName: 'receipt',
  properties: {
    id: p.uuid().primary(),
    expenseId: p.uuid(),
    groupId: p.uuid(),
    uploadedBy: p.uuid(),
    contentType: p.text(),
    bytes: p.integer(),
    width: p.integer().nullable(),
    height: p.integer().nullable(),
    sha256: p.text(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [
    { name: 'receipt_expense', properties: ['expenseId', 'createdAt', 'id'] },
    { name: 'receipt_group', properties: ['groupId'] },
    { name: 'receipt_uploader', properties: ['uploadedBy'] },
  ],
});

/** A picture or PDF that belongs to an expense. Its file is stored under `receipts/<id>`; `uploadedBy` is a member. */
export class Receipt extends schema.class {}
schema.setClass(Receipt);
