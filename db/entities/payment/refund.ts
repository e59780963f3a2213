import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Refund',
  schema: 'payment',
  tableName: 'refund',
  properties: {
    id: p.uuid().primary(),
    paymentId: p.uuid(),
    groupId: p.uuid(),
    amountMinor: p.bigint('bigint'),
    currency: p.string().columnType('char(3)'),
    reason: p.text(),
    state: p.text().default('requested'),
    idempotencyKey: p.text(),
    gatewayRef: p.text().nullable(),
    failureCode: p.text().nullable(),
    requestedBy: p.uuid().nullable(),
    decidedBy: p.uuid().nullable(),
    approverMemberId: p.uuid().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    sentAt: p.datetime().columnType('timestamptz').nullable(),
    gatewayDoneAt: p.datetime().columnType('timestamptz').nullable(),
    endedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  indexes: [
    { name: 'refund_payment', properties: ['paymentId'] },
    { name: 'refund_group', properties: ['groupId', 'createdAt'] },
    { name: 'refund_gateway_ref', properties: ['gatewayRef'] },
    { name: 'refund_open', properties: ['id'], where: 'ended_at is null' },
  ],
  uniques: [{ name: 'refund_key', properties: ['idempotencyKey'] }],
  checks: [
    { name: 'refund_amount', expression: 'amount_minor > 0' },
    { name: 'refund_state', expression: "state in ('requested', 'approved', 'processing', 'succeeded', 'failed', 'unknown', 'rejected')" },
  ],
});

/** Money of a payment going back. Open and succeeded refunds together never exceed the payment. */
export class Refund extends schema.class {}
schema.setClass(Refund);
