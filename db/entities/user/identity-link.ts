import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'IdentityLink',
  schema: 'user',
  tableName: 'identity_link',
  properties: {
    tokenHash: p.text().primary(),
    provider: p.text(),
    issuer: p.text(),
    subject: p.text(),
    accountId: p.uuid().nullable(),
    expiresAt: p.datetime().columnType('timestamptz'),
  },
  indexes: [
    { name: 'identity_link_account', properties: ['accountId'] },
    { name: 'identity_link_expiry', properties: ['expiresAt'] },
  ],
});

/**
 * An identity that was proved and waits for the proof of the account: the one with its address, or with null the one
 * that is signed in. Its row goes with its use.
 */
export class IdentityLink extends schema.class {}
schema.setClass(IdentityLink);
