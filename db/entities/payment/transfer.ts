import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Transfer',
  schema: 'payment',
  tableName: 'transfer',
  properties: {
    id: p.uuid().primary(),
    settlementId: p.uuid().nullable(),
    groupId: p.uuid(),
    fromMemberId: p.uuid(),
    toMemberId: p.uuid(),
    currency: p.string().columnType('char(3)'),
    amountMinor: p.bigint('bigint'),
    paidMinor: p.bigint('bigint').default(0),
    state: p.text().default('planned'),
    method: p.text(),
    failureCode: p.text().nullable(),
    nextAction: p.json<{ type: string; url?: string; clientSecret?: string }>().nullable(),
    date: p.string().columnType('date'),
    dueAt: p.datetime().columnType('timestamptz'),
    createdBy: p.uuid().nullable(),
    version: p.integer().default(1),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    endedAt: p.datetime().columnType('timestamptz').nullable(),
    remindedAt: p.datetime().columnType('timestamptz').nullable(),
    releasedAt: p.datetime().columnType('timestamptz').nullable(),
    disputeReason: p.text().nullable(),
  },
  indexes: [
    { name: 'transfer_settlement', properties: ['settlementId'] },
    { name: 'transfer_group', properties: ['groupId', 'createdAt', 'id'] },
    { name: 'transfer_open', properties: ['updatedAt'], where: "state in ('processing', 'unknown', 'awaiting_confirmation')" },
  ],
  checks: [
    { name: 'transfer_amount', expression: 'amount_minor > 0 and paid_minor >= 0 and paid_minor <= amount_minor' },
    { name: 'transfer_parties', expression: 'from_member_id <> to_member_id' },
    {
      name: 'transfer_state',
      expression:
        "state in ('planned', 'processing', 'awaiting_confirmation', 'succeeded', 'failed', 'unknown', 'quarantined', 'disputed', 'cancelled')",
    },
  ],
});

/** One leg of a settlement, or a payment outside one: payer, receiver, money. `posted` is what the ledger already has. */
export class Transfer extends schema.class {}
schema.setClass(Transfer);
