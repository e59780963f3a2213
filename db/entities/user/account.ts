import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Account',
  schema: 'user',
  tableName: 'account',
  properties: {
    id: p.uuid().primary(),
    email: p.text(),
    emailKey: p.text(),
    emailVerifiedAt: p.datetime().columnType('timestamptz').nullable(),
    passwordHash: p.text(),
    displayName: p.text(),
    locale: p.text(),
    timeZone: p.text(),
    defaultCurrency: p.string().columnType('char(3)'),
    platformRole: p.text().nullable(),
    totpSecret: p.text().nullable(),
    totpAskedAt: p.datetime().columnType('timestamptz').nullable(),
    totpEnabledAt: p.datetime().columnType('timestamptz').nullable(),
    totpLastStep: p.bigint('bigint').nullable(),
    totpMisses: p.smallint().default(0),
    totpMissedAt: p.datetime().columnType('timestamptz').nullable(),
    passwordChangedAt: p.datetime().columnType('timestamptz').nullable(),
    state: p.text().default('active'),
    version: p.integer().default(1),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [
    { name: 'account_created', properties: ['createdAt', 'id'] },
    { name: 'account_name', expression: 'create index "account_name" on "user"."account" (lower(display_name) text_pattern_ops)' },
  ],
  uniques: [{ name: 'account_email_key', properties: ['emailKey'] }],
  checks: [
    { name: 'account_state', expression: "state in ('active', 'suspended', 'erased')" },
    { name: 'account_totp', expression: 'totp_enabled_at is null or totp_secret is not null' },
  ],
});

/** A person who can sign in. `emailKey` is the address in lower case and unique; `totpSecret` is sealed, see config/sealed.ts. */
export class Account extends schema.class {}
schema.setClass(Account);
