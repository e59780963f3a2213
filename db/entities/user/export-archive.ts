import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'ExportArchive',
  schema: 'user',
  tableName: 'export_archive',
  properties: {
    archiveId: p.uuid().primary(),
    seq: p.integer().primary(),
    requestId: p.uuid(),
    content: p.blob(),
  },
  indexes: [{ name: 'export_archive_request', properties: ['requestId'] }],
});

/** A piece of the ZIP of an export. Each try to write one has an id of its own, so two that overlap never mix. */
export class ExportArchive extends schema.class {}
schema.setClass(ExportArchive);
