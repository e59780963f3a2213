import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'ApprovalVote',
  schema: 'expense',
  tableName: 'approval_vote',
  properties: {
    expenseId: p.uuid().primary(),
    version: p.integer().primary(),
    memberId: p.uuid().primary(),
    decision: p.text(),
    at: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  checks: [{ name: 'approval_vote_decision', expression: "decision in ('approved', 'rejected')" }],
});

/** A voter's answer about one version of an expense. */
export class ApprovalVote extends schema.class {}
schema.setClass(ApprovalVote);
