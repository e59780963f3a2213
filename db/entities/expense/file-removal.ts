import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'FileRemoval',
  schema: 'expense',
  tableName: 'file_removal',
  properties: {
    key: p.text().primary(),
    dueAt: p.datetime().columnType('timestamptz'),
  },
  indexes: [{ name: 'file_removal_due', properties: ['dueAt'] }],
});

/** A file that is removed from its store at `dueAt`, unless a row claims it before: one that is being uploaded, or no longer wanted. */
export class FileRemoval extends schema.class {}
schema.setClass(FileRemoval);
