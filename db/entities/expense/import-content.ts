import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'ImportContent',
  schema: 'expense',
  tableName: 'import_content',
  properties: {
    importId: p.uuid().primary(),
    content: p.blob().columnType('bytea'),
  },
});

/** The file of an import, as long as it runs. */
export class ImportContent extends schema.class {}
schema.setClass(ImportContent);
