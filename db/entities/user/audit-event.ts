import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'AuditEvent',
  schema: 'user',
  tableName: 'audit_event',
  properties: {
    id: p.uuid().primary(),
    at: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    action: p.text(),
    outcome: p.text(),
    actorId: p.uuid().nullable(),
    subjectId: p.uuid().nullable(),
    sessionId: p.uuid().nullable(),
    address: p.text().nullable(),
    data: p.json<Record<string, unknown>>().defaultRaw("'{}'"),
  },
  indexes: [
    { name: 'audit_event_at', properties: ['at', 'id'] },
    { name: 'audit_event_actor', properties: ['actorId', 'id'] },
    { name: 'audit_event_subject', properties: ['subjectId', 'id'] },
    { name: 'audit_event_action', properties: ['action', 'id'] },
  ],
  checks: [{ name: 'audit_event_outcome', expression: "outcome in ('succeeded', 'refused')" }],
});

/** A security event: who did what to whom, from where. Append-only; only an erasure takes the address out. */
export class AuditEvent extends schema.class {}
schema.setClass(AuditEvent);
