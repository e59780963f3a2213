import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Session',
  schema: 'user',
  tableName: 'session',
  properties: {
    id: p.uuid().primary(),
    accountId: p.uuid(),
    generation: p.integer().default(1),
    rotatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    expiresAt: p.datetime().columnType('timestamptz'),
    endedAt: p.datetime().columnType('timestamptz').nullable(),
    endReason: p.text().nullable(),
    kind: p.text().default('sign-in'),
    scopes: p.array().columnType('text[]').nullable(),
    applicationId: p.uuid().nullable(),
    name: p.text().nullable(),
    secretHash: p.text().nullable().unique('session_secret'),
    userAgent: p.text().nullable(),
    methods: p.array().columnType('text[]').nullable(),
    lastUsedAt: p.datetime().columnType('timestamptz').nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  checks: [
    { name: 'session_kind', expression: "kind in ('sign-in', 'personal', 'application')" },
    { name: 'session_secret_hash', expression: "kind = 'personal' or secret_hash is null" },
    { name: 'session_scopes', expression: "kind = 'sign-in' or scopes is not null" },
  ],
  indexes: [
    { name: 'session_account', properties: ['accountId'] },
    {
      name: 'session_authorization',
      expression: `create unique index "session_authorization" on "user"."session" ("account_id", "application_id") where kind = 'application' and ended_at is null`,
    },
    {
      name: 'session_application',
      expression: `create index "session_application" on "user"."session" ("application_id") where application_id is not null`,
    },
  ],
});

/**
 * What an access token stands for: a `sign-in` with its family of refresh tokens (derived from id and generation, never stored), a
 * `personal` access token (its hash is stored), or what a person allowed an `application`. `methods` says how the person proved who
 * they are (RFC 8176: `pwd`, `otp`, `fed`).
 */
export class Session extends schema.class {}
schema.setClass(Session);
