import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'OAuthApplication',
  schema: 'user',
  tableName: 'oauth_application',
  properties: {
    id: p.uuid().primary(),
    ownerId: p.uuid(),
    name: p.text(),
    kind: p.text(),
    redirectUris: p.array().columnType('text[]'),
    scopes: p.array().columnType('text[]'),
    homepageUrl: p.text().nullable(),
    secretHash: p.text().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  checks: [
    { name: 'oauth_application_kind', expression: "kind in ('confidential', 'public')" },
    { name: 'oauth_application_secret', expression: "(kind = 'confidential') = (secret_hash is not null)" },
  ],
  indexes: [{ name: 'oauth_application_owner', properties: ['ownerId', 'createdAt', 'id'] }],
});

/** An application of a third party (RFC 6749 calls it the client). Of its secret only the SHA-256 is stored. */
export class OAuthApplication extends schema.class {}
schema.setClass(OAuthApplication);
