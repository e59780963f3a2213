import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'MailToken',
  schema: 'user',
  tableName: 'mail_token',
  properties: {
    id: p.uuid().primary(),
    accountId: p.uuid(),
    purpose: p.text(),
    expiresAt: p.datetime().columnType('timestamptz'),
    usedAt: p.datetime().columnType('timestamptz').nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [{ name: 'mail_token_account', properties: ['accountId'] }],
  checks: [{ name: 'mail_token_purpose', expression: "purpose in ('verify-email', 'reset-password')" }],
});

/** A single-use token that a mail carries; its secret half is derived, so only its use is stored. */
export class MailToken extends schema.class {}
schema.setClass(MailToken);
