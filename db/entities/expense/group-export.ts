import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'GroupExport',
  schema: 'expense',
  tableName: 'group_export',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    userId: p.uuid(),
    memberId: p.uuid(),
    format: p.text(),
    receipts: p.boolean(),
    state: p.text().default('running'),
    phase: p.text().nullable().default('writing'),
    failureCode: p.text().nullable(),
    kept: p.boolean().default(true),
    until: p.datetime().columnType('timestamptz'),
    source: p.json<object>().nullable(),
    position: p.json<object>().nullable(),
    nextPart: p.integer().default(0),
    storedBytes: p.bigint('bigint').default(0),
    rows: p.integer().default(0),
    writtenRows: p.integer().default(0),
    files: p.integer().default(0),
    bytes: p.bigint('bigint').nullable(),
    sha256: p.text().fieldName('sha256').nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    endedAt: p.datetime().columnType('timestamptz').nullable(),
    expiresAt: p.datetime().columnType('timestamptz').nullable(),
  },
  indexes: [
    { name: 'group_export_group', properties: ['groupId'] },
    { name: 'group_export_user', properties: ['userId', 'createdAt'] },
    { name: 'group_export_kept', properties: ['updatedAt'], where: 'kept' },
  ],
  checks: [
    { name: 'group_export_state', expression: "state in ('running', 'done', 'failed', 'cancelled', 'expired')" },
    {
      name: 'group_export_phase',
      expression: "case when state = 'running' then phase in ('writing', 'packing', 'sealing') else phase is null end",
    },
    { name: 'group_export_names', expression: "state = 'running' or (source is null and position is null)" },
    { name: 'group_export_file', expression: "(state = 'done') = (bytes is not null and sha256 is not null and expires_at is not null)" },
    { name: 'group_export_ended', expression: "(state = 'running') = (ended_at is null)" },
  ],
});

/**
 * A group that is written to a file for the person who asked. What was recorded after `until` is not in it; `source` is the group
 * with its names as the file began with it, and `position` where the writing stands, both only while it runs. `kept`: whether there
 * are parts of it, or may be.
 */
export class GroupExport extends schema.class {}
schema.setClass(GroupExport);
