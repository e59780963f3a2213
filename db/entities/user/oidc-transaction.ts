import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'OidcTransaction',
  schema: 'user',
  tableName: 'oidc_transaction',
  properties: {
    stateHash: p.text().primary(),
    provider: p.text(),
    browserHash: p.text(),
    purpose: p.text(),
    expiresAt: p.datetime().columnType('timestamptz'),
  },
  indexes: [{ name: 'oidc_transaction_expiry', properties: ['expiresAt'] }],
  checks: [{ name: 'oidc_transaction_purpose', expression: "purpose in ('sign-in', 'link')" }],
});

/** A browser that is at a provider to sign in. Its row goes with its use; nonce and PKCE verifier are derived and not stored. */
export class OidcTransaction extends schema.class {}
schema.setClass(OidcTransaction);
