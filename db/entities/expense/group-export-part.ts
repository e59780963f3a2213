import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'GroupExportPart',
  schema: 'expense',
  tableName: 'group_export_part',
  properties: {
    exportId: p.uuid().primary(),
    kind: p.text().primary(),
    section: p.integer().primary(),
    seq: p.integer().primary(),
    content: p.blob().columnType('bytea'),
  },
  checks: [{ name: 'group_export_part_kind', expression: "kind in ('rows', 'zip', 'directory', 'manifest')" }],
});

/**
 * A piece of what an export of a group writes, in the order of section and seq: `rows` of the data file, the `zip`, and while that is
 * made the lines of its `directory` and `manifest`.
 */
export class GroupExportPart extends schema.class {}
schema.setClass(GroupExportPart);
