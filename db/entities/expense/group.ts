import { defineEntity, p } from '@mikro-orm/postgresql';
import type { GroupPolicy } from '../../../domain/group.ts';

const schema = defineEntity({
  name: 'Group',
  schema: 'expense',
  tableName: 'group',
  properties: {
    id: p.uuid().primary(),
    name: p.text(),
    currency: p.string().columnType('char(3)'),
    timeZone: p.text(),
    kind: p.text().default('shared'),
    state: p.text().default('active'),
    policy: p.json<GroupPolicy>(),
    version: p.integer().default(1),
    createdBy: p.uuid(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    archivedAt: p.datetime().columnType('timestamptz').nullable(),
    deletedAt: p.datetime().columnType('timestamptz').nullable(),
    purgedAt: p.datetime().columnType('timestamptz').nullable(),
    nudgedAt: p.datetime().columnType('timestamptz').nullable(),
    lockedUntil: p.string().columnType('date').nullable(),
  },
  checks: [
    { name: 'group_state', expression: "state in ('active', 'archived', 'deleted')" },
    { name: 'group_kind', expression: "kind in ('shared', 'friends')" },
  ],
});

/** People who share expenses. Every change of a member or of the policy raises `version`; an expense does not. `nudgedAt`: when its owner was last told that it lies idle. Nothing dated before `lockedUntil` changes. `kind`: `friends` is the ledger of two friends. */
export class Group extends schema.class {}
schema.setClass(Group);
