import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Import',
  schema: 'expense',
  tableName: 'import',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    createdBy: p.uuid(),
    userId: p.uuid(),
    asked: p.text(),
    format: p.text().nullable(),
    dryRun: p.boolean(),
    skipBadRows: p.boolean(),
    memberMap: p.json<Readonly<Record<string, string>>>(),
    members: p.json<Readonly<Record<string, string>>>().defaultRaw("'{}'"),
    newMembers: p.array().columnType('uuid[]').defaultRaw("'{}'"),
    newCategories: p.array().columnType('text[]').defaultRaw("'{}'"),
    state: p.text().default('running'),
    phase: p.text().nullable(),
    undoRequestedAt: p.datetime().columnType('timestamptz').nullable(),
    undoBy: p.uuid().nullable(),
    skipBefore: p.string().columnType('date').nullable(),
    nextRow: p.integer().default(0),
    rows: p.integer().default(0),
    imported: p.integer().default(0),
    skipped: p.integer().default(0),
    problems: p.json<readonly { row: number; code: string; detail: string }[]>().defaultRaw("'[]'"),
    problemCount: p.integer().default(0),
    balanceCheck: p.text().default('none'),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    endedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  indexes: [
    { name: 'import_group', properties: ['groupId', 'createdAt'] },
    { name: 'import_running', properties: ['updatedAt'], where: "state = 'running'" },
  ],
  checks: [
    { name: 'import_state', expression: "state in ('running', 'done', 'failed', 'undone')" },
    { name: 'import_phase', expression: "phase in ('reading', 'posting', 'undoing')" },
    { name: 'import_balance_check', expression: "balance_check in ('matches', 'differs', 'none')" },
  ],
});

/**
 * One import of a file. `asked` is the format that was named, `format` what it is; `members` are the names of the file with
 * their members, `newMembers` those of them whom the import added, `newCategories` the keys of those that it added to the
 * group's own categories, or would in a dry run; rows before the day
 * `skipBefore` were locked when the file was read, and are left out; `nextRow` is where posting goes on; `undoBy` is the member who
 * asked for its undo, null where a process or an operator undoes it.
 */
export class Import extends schema.class {}
schema.setClass(Import);
