import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'GatewayEvent',
  schema: 'payment',
  tableName: 'gateway_event',
  properties: {
    gateway: p.text().primary(),
    eventId: p.text().primary(),
    type: p.text(),
    objectRef: p.text(),
    receivedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    processedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  indexes: [{ name: 'gateway_event_open', properties: ['receivedAt'], where: 'processed_at is null' }],
});

/** A webhook of a gateway, once; its handler fetches the current object instead of trusting the body. */
export class GatewayEvent extends schema.class {}
schema.setClass(GatewayEvent);
