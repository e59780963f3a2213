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
    state: p.text().default('active'),
    version: p.integer().default(1),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  uniques: [{ name: 'account_email_key', properties: ['emailKey'] }],
  checks: [{ name: 'account_state', expression: "state in ('active', 'suspended', 'erased')" }],
});

/** A person who can sign in. `emailKey` is the address in lower case and unique. */
export class Account extends schema.class {}
schema.setClass(Account);
