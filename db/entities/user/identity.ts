import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Identity',
  schema: 'user',
  tableName: 'identity',
  properties: {
    id: p.uuid().primary(),
    accountId: p.uuid(),
    provider: p.text(),
    issuer: p.text(),
    subject: p.text(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    lastUsedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  indexes: [{ name: 'identity_account', properties: ['accountId'] }],
  uniques: [{ name: 'identity_subject', properties: ['issuer', 'subject'] }],
});

/** Who somebody is at an OpenID provider: issuer and subject name one person for good (OpenID Connect Core 1.0, section 5.7). */
export class Identity extends schema.class {}
schema.setClass(Identity);
