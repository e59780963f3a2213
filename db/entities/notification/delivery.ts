import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Delivery',
  schema: 'notification',
  tableName: 'delivery',
  properties: {
    id: p.uuid().primary(),
    recipientId: p.uuid(),
    channel: p.text(),
    template: p.text(),
    subjectId: p.uuid(),
    groupId: p.uuid().nullable(),
    data: p.json<Record<string, unknown>>().defaultRaw("'{}'"),
    eventId: p.uuid(),
    state: p.text().default('pending'),
    attempts: p.integer().default(0),
    dueAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    failure: p.text().nullable(),
    providerRef: p.text().nullable(),
    sentAt: p.datetime().columnType('timestamptz').nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [
    { name: 'delivery_open', properties: ['recipientId', 'dueAt'], where: "state in ('pending', 'dead')" },
    { name: 'delivery_pending', properties: ['dueAt'], where: "state = 'pending'" },
  ],
  uniques: [{ name: 'delivery_once', properties: ['eventId', 'recipientId', 'channel', 'template'] }],
  checks: [{ name: 'delivery_state', expression: "state in ('pending', 'sent', 'dead', 'suppressed')" }],
});

/** One message to one recipient over one channel. `recipientId` is a user, or an invitation for somebody without an account. */
export class Delivery extends schema.class {}
schema.setClass(Delivery);
