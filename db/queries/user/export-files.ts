import type { ExportFile } from '../../export-parts.ts';

/** A file whose rows have a uuid `id`, found in `$1`'s name. */
const byId = (name: string, table: string, condition: string, row: string): ExportFile => ({
  name,
  sql: `select t.id::text as cursor, ${row} as row from "user".${table} t
    where ${condition} and t.id > coalesce(nullif($2, ''), '00000000-0000-0000-0000-000000000000')::uuid order by t.id limit $3`,
});

/** What the user service knows of a person. Hashes and sealed secrets are of no use to anybody and stay here. */
export const USER_EXPORT: readonly ExportFile[] = [
  byId(
    'account.json',
    'account',
    't.id = $1',
    `jsonb_build_object('id', t.id, 'email', t.email, 'emailVerifiedAt', t.email_verified_at, 'displayName', t.display_name, 'locale', t.locale,
      'timeZone', t.time_zone, 'defaultCurrency', t.default_currency, 'platformRole', t.platform_role, 'secondFactorSince', t.totp_enabled_at,
      'passwordChangedAt', t.password_changed_at, 'createdAt', t.created_at, 'updatedAt', t.updated_at)`,
  ),
  byId(
    'sessions.json',
    'session',
    't.account_id = $1',
    `jsonb_build_object('id', t.id, 'kind', t.kind, 'name', t.name, 'scopes', t.scopes, 'applicationId', t.application_id, 'userAgent', t.user_agent,
      'methods', t.methods, 'createdAt', t.created_at, 'lastUsedAt', t.last_used_at, 'expiresAt', t.expires_at, 'endedAt', t.ended_at, 'endReason', t.end_reason)`,
  ),
  byId(
    'identities.json',
    'identity',
    't.account_id = $1',
    `jsonb_build_object('id', t.id, 'provider', t.provider, 'issuer', t.issuer, 'subject', t.subject, 'createdAt', t.created_at, 'lastUsedAt', t.last_used_at)`,
  ),
  byId(
    'applications.json',
    'oauth_application',
    't.owner_id = $1',
    `jsonb_build_object('id', t.id, 'name', t.name, 'kind', t.kind, 'redirectUris', t.redirect_uris, 'scopes', t.scopes, 'homepageUrl', t.homepage_url,
      'createdAt', t.created_at, 'updatedAt', t.updated_at)`,
  ),
  byId(
    'mails-asked-for.json',
    'mail_token',
    't.account_id = $1',
    `jsonb_build_object('id', t.id, 'purpose', t.purpose, 'createdAt', t.created_at, 'expiresAt', t.expires_at, 'usedAt', t.used_at)`,
  ),
  // Where somebody else acted, the address is theirs.
  byId(
    'security-events.json',
    'audit_event',
    '(t.actor_id = $1 or t.subject_id = $1)',
    `jsonb_build_object('id', t.id, 'at', t.at, 'action', t.action, 'outcome', t.outcome, 'byMe', t.actor_id = $1, 'sessionId', t.session_id,
      'address', case when t.actor_id is null or t.actor_id = $1 then t.address end, 'data', t.data)`,
  ),
  {
    name: 'preferences.json',
    sql: `select account_id::text as cursor, settings || jsonb_build_object('updatedAt', updated_at) as row from "user".preference
      where account_id = $1 and $2 = '' limit $3`,
  },
  byId(
    'friends.json',
    'friendship',
    '(t.asker_id = $1 or (t.asked_id = $1 and not t.unseen))',
    `jsonb_build_object('id', t.id, 'askedByMe', t.asker_id = $1, 'userId', case when t.asker_id = $1 then case when t.accepted_at is not null then t.asked_id end else t.asker_id end,
      'email', case when t.asker_id = $1 then t.asked_email end, 'state', t.state, 'ledgerId', t.ledger_id, 'createdAt', t.created_at, 'acceptedAt', t.accepted_at,
      'closedAt', t.closed_at)`,
  ),
  {
    name: 'blocks.json',
    sql: `select blocked_id::text as cursor, jsonb_build_object('userId', blocked_id, 'createdAt', created_at) as row from "user".block
      where account_id = $1 and blocked_id > coalesce(nullif($2, ''), '00000000-0000-0000-0000-000000000000')::uuid order by blocked_id limit $3`,
  },
  byId(
    'requests.json',
    'data_request',
    't.account_id = $1',
    `jsonb_build_object('id', t.id, 'kind', t.kind, 'state', t.state, 'createdAt', t.created_at, 'endedAt', t.ended_at, 'expiresAt', t.expires_at)`,
  ),
];
