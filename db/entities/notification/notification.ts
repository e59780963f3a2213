import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Notification',
  schema: 'notification',
  tableName: 'notification',
  properties: {
    id: p.uuid().primary(),
    userId: p.uuid(),
    type: p.text(),
    groupId: p.uuid().nullable(),
    subjectId: p.uuid(),
    data: p.json<Record<string, unknown>>().defaultRaw("'{}'"),
    eventId: p.uuid(),
    readAt: p.datetime().columnType('timestamptz').nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [
    { name: 'notification_user', properties: ['userId', 'createdAt', 'id'] },
    { name: 'notification_unread', properties: ['userId', 'createdAt', 'id'], where: 'read_at is null' },
  ],
  uniques: [{ name: 'notification_once', properties: ['eventId', 'userId', 'type'] }],
});

/** A line in a user's inbox. It holds ids, states and amounts; names are read when it is shown. */
export class Notification extends schema.class {}
schema.setClass(Notification);
