import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Attempt',
  schema: 'payment',
  tableName: 'attempt',
  properties: {
    id: p.uuid().primary(),
    transferId: p.uuid(),
    epoch: p.integer(),
    gateway: p.text(),
    idempotencyKey: p.text(),
    amountMinor: p.bigint('bigint'),
    currency: p.string().columnType('char(3)'),
    state: p.text().default('created'),
    gatewayRef: p.text().nullable(),
    paymentMethodRef: p.text().nullable(),
    destinationRef: p.text().nullable(),
    failureCode: p.text().nullable(),
    keptUntil: p.datetime().columnType('timestamptz').nullable(),
    createdBy: p.uuid().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    sentAt: p.datetime().columnType('timestamptz').nullable(),
    tries: p.integer().default(1),
    answeredTry: p.integer().default(0),
    capturedOn: p.string().columnType('date').nullable(),
    overdueNoticedAt: p.datetime().columnType('timestamptz').nullable(),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [
    { name: 'attempt_gateway_ref', properties: ['gateway', 'gatewayRef'] },
    { name: 'attempt_quarantined', properties: ['transferId'], where: "state = 'quarantined'" },
  ],
  uniques: [
    { name: 'attempt_key', properties: ['idempotencyKey'] },
    { name: 'attempt_epoch', properties: ['transferId', 'epoch'] },
    {
      name: 'attempt_one_open',
      properties: ['transferId'],
      where: "state in ('created', 'sent', 'requires_action', 'awaiting_confirmation', 'unknown', 'captured')",
    },
  ],
  checks: [
    { name: 'attempt_amount', expression: 'amount_minor > 0' },
    {
      name: 'attempt_state',
      expression:
        "state in ('created', 'sent', 'requires_action', 'awaiting_confirmation', 'captured', 'succeeded', 'declined', 'canceled', 'unknown', 'quarantined')",
    },
  ],
});

/**
 * One try at a gateway. Its idempotency key `<gateway>:<transfer>:<epoch>` is stored before the first call. `tries` counts how often it
 * was to be confirmed (a declined one may be confirmed again), `answeredTry` which of these the gateway has answered.
 */
export class Attempt extends schema.class {}
schema.setClass(Attempt);
