import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'ApprovalRound',
  schema: 'expense',
  tableName: 'approval_round',
  properties: {
    expenseId: p.uuid().primary(),
    version: p.integer().primary(),
    groupId: p.uuid(),
    mode: p.text(),
    quorum: p.integer().nullable(),
    voters: p.array().columnType('uuid[]'),
    outcome: p.text().default('waiting'),
    onTimeout: p.text(),
    dueAt: p.datetime().columnType('timestamptz'),
    openedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    remindedAt: p.datetime().columnType('timestamptz').nullable(),
    closedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  indexes: [
    { name: 'approval_round_due', properties: ['dueAt'], where: "outcome = 'waiting'" },
    { name: 'approval_round_group', properties: ['groupId', 'closedAt'] },
  ],
  checks: [
    { name: 'approval_round_outcome', expression: "outcome in ('waiting', 'approved', 'rejected', 'expired', 'withdrawn', 'voided')" },
  ],
});

/** One asking of the voters about one version of an expense. */
export class ApprovalRound extends schema.class {}
schema.setClass(ApprovalRound);
