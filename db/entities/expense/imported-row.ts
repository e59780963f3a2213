import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'ImportedRow',
  schema: 'expense',
  tableName: 'imported_row',
  properties: {
    groupId: p.uuid().primary(),
    key: p.uuid().primary(),
    importId: p.uuid(),
    expenseId: p.uuid(),
  },
  indexes: [{ name: 'imported_row_import', properties: ['importId', 'key'] }],
});

/** A row of a file that is in the group: the same row is not recorded twice. `key` is a hash of its content and of its place among equal rows. */
export class ImportedRow extends schema.class {}
schema.setClass(ImportedRow);
