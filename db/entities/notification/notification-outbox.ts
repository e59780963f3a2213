import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'NotificationOutbox',
  schema: 'notification',
  tableName: 'outbox',
  properties: {
    id: p.uuid().primary(),
    seq: p.bigint('bigint').autoincrement(),
    position: p.bigint('bigint').nullable(),
    type: p.text(),
    groupId: p.uuid().nullable(),
    subjectId: p.uuid(),
    actorId: p.uuid().nullable(),
    data: p.json<Record<string, unknown>>().defaultRaw("'{}'"),
    occurredAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    process: p.text().nullable(),
    processKey: p.text().nullable(),
    dispatchAfter: p.datetime().columnType('timestamptz').nullable(),
    dispatchedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  indexes: [
    { name: 'notification_outbox_unpublished', properties: ['seq'], where: 'position is null' },
    { name: 'notification_outbox_undispatched', properties: ['dispatchAfter'], where: 'process is not null and dispatched_at is null' },
  ],
  uniques: [{ name: 'notification_outbox_position', properties: ['position'] }],
});

/** A domain event, written in the transaction of the command that made it true. `position` is given at publication, in commit order; `process` and `processKey` name the workflow that the event wakes. */
export class NotificationOutbox extends schema.class {}
schema.setClass(NotificationOutbox);
