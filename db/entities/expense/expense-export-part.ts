import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'ExpenseExportPart',
  schema: 'expense',
  tableName: 'export_part',
  properties: {
    requestId: p.uuid().primary(),
    file: p.text().primary(),
    seq: p.integer().primary(),
    rows: p.integer(),
    content: p.blob(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
});

/** A page of a file of somebody's export, as this service gives it; gone once the export is put together. */
export class ExpenseExportPart extends schema.class {}
schema.setClass(ExpenseExportPart);
