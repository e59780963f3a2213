import { Migration } from '@mikro-orm/migrations';

/** Applications of third parties, and what the authorization server remembers between requests. */
export class OAuth extends Migration {
  override up(): void {
    this.addSql(`
create table "user".oauth_application (
  id uuid not null primary key,
  owner_id uuid not null,
  name text not null,
  kind text not null,
  redirect_uris text[] not null,
  scopes text[] not null,
  homepage_url text null,
  secret_hash text null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint oauth_application_kind check (kind in ('confidential', 'public')),
  constraint oauth_application_secret check ((kind = 'confidential') = (secret_hash is not null))
);
create index oauth_application_owner on "user".oauth_application (owner_id, created_at, id);
create table "user".oauth_artifact (
  model text not null,
  id_hash text not null,
  uid text null,
  grant_id uuid null,
  payload jsonb not null,
  consumed_at timestamptz null,
  expires_at timestamptz not null,
  primary key (model, id_hash)
);
create index oauth_artifact_grant on "user".oauth_artifact (grant_id) where grant_id is not null;
create index oauth_artifact_uid on "user".oauth_artifact (uid) where uid is not null;
create index oauth_artifact_expiry on "user".oauth_artifact (expires_at);
create unique index session_authorization on "user".session (account_id, application_id) where kind = 'application' and ended_at is null;
create index session_application on "user".session (application_id) where application_id is not null;
`);
    this.addSql(`
grant select, insert, update, delete on "user".oauth_application to safesplitx_user;
grant select, insert, update, delete on "user".oauth_artifact to safesplitx_user;
`);
  }
}
