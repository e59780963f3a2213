import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'PaymentCursor',
  schema: 'payment',
  tableName: 'consumer_cursor',
  properties: {
    consumer: p.text().primary(),
    source: p.text().primary(),
    position: p.bigint('bigint').default(0),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
});

/** How far a consumer of this service has read the published outbox of a service. */
export class PaymentCursor extends schema.class {}
schema.setClass(PaymentCursor);
