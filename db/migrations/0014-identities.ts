import { Migration } from '@mikro-orm/migrations';

/** Identities at OpenID providers, sign-ins there under way, and identities that wait to be linked. */
export class Identities extends Migration {
  override up(): void {
    this.addSql(`
create table "user".identity (
  id uuid not null primary key,
  account_id uuid not null,
  provider text not null,
  issuer text not null,
  subject text not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz null,
  constraint identity_subject unique (issuer, subject)
);
create index identity_account on "user".identity (account_id);
create table "user".oidc_transaction (
  state_hash text not null primary key,
  provider text not null,
  browser_hash text not null,
  purpose text not null,
  expires_at timestamptz not null,
  constraint oidc_transaction_purpose check (purpose in ('sign-in', 'link'))
);
create index oidc_transaction_expiry on "user".oidc_transaction (expires_at);
create table "user".identity_link (
  token_hash text not null primary key,
  provider text not null,
  issuer text not null,
  subject text not null,
  account_id uuid null,
  expires_at timestamptz not null
);
create index identity_link_account on "user".identity_link (account_id);
create index identity_link_expiry on "user".identity_link (expires_at);
`);
    this.addSql(`
grant select, insert, delete on "user".identity to safesplitx_user;
grant update (last_used_at) on "user".identity to safesplitx_user;
grant select, insert, delete on "user".oidc_transaction to safesplitx_user;
grant select, insert, delete on "user".identity_link to safesplitx_user;
grant update (expires_at) on "user".oidc_transaction, "user".identity_link to safesplitx_user;
`);
  }
}
