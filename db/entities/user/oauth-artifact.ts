import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'OAuthArtifact',
  schema: 'user',
  tableName: 'oauth_artifact',
  properties: {
    model: p.text().primary(),
    idHash: p.text().primary(),
    uid: p.text().nullable(),
    grantId: p.uuid().nullable(),
    payload: p.json().columnType('jsonb'),
    consumedAt: p.datetime().columnType('timestamptz').nullable(),
    expiresAt: p.datetime().columnType('timestamptz'),
  },
  indexes: [
    {
      name: 'oauth_artifact_grant',
      expression: `create index "oauth_artifact_grant" on "user"."oauth_artifact" ("grant_id") where grant_id is not null`,
    },
    {
      name: 'oauth_artifact_uid',
      expression: `create index "oauth_artifact_uid" on "user"."oauth_artifact" ("uid") where uid is not null`,
    },
    { name: 'oauth_artifact_expiry', properties: ['expiresAt'] },
  ],
});

/**
 * What the authorization server remembers: pages in progress, browsers that are signed in, authorization codes and
 * refresh tokens. Their ids are secrets, so only the SHA-256 of each is stored, and none is in a payload.
 */
export class OAuthArtifact extends schema.class {}
schema.setClass(OAuthArtifact);
