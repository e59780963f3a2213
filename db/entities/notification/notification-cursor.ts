import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'NotificationCursor',
  schema: 'notification',
  tableName: 'consumer_cursor',
  properties: {
    consumer: p.text().primary(),
    source: p.text().primary(),
    position: p.bigint('bigint').default(0),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
});

/** How far a consumer of this service has read the published outbox of a service. */
export class NotificationCursor extends schema.class {}
schema.setClass(NotificationCursor);
