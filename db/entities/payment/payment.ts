import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Payment',
  schema: 'payment',
  tableName: 'payment',
  properties: {
    id: p.uuid().primary(),
    transferId: p.uuid(),
    attemptId: p.uuid(),
    groupId: p.uuid(),
    fromMemberId: p.uuid(),
    toMemberId: p.uuid(),
    method: p.text(),
    amountMinor: p.bigint('bigint'),
    currency: p.string().columnType('char(3)'),
    refundedMinor: p.bigint('bigint').default(0),
    state: p.text().default('succeeded'),
    gatewayRef: p.text().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [
    { name: 'payment_transfer', properties: ['transferId'] },
    { name: 'payment_group', properties: ['groupId', 'createdAt', 'id'] },
  ],
  uniques: [{ name: 'payment_attempt', properties: ['attemptId'] }],
  checks: [
    { name: 'payment_amount', expression: 'amount_minor > 0 and refunded_minor >= 0 and refunded_minor <= amount_minor' },
    { name: 'payment_state', expression: "state in ('succeeded', 'partly_refunded', 'refunded', 'disputed')" },
  ],
});

/** A succeeded attempt, posted to the ledger. Refunds hang on it. */
export class Payment extends schema.class {}
schema.setClass(Payment);
