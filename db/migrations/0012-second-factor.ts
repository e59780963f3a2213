import { Migration } from '@mikro-orm/migrations';

/** Codes of authenticator apps, and the codes that stand in for a lost one. */
export class SecondFactor extends Migration {
  override up(): void {
    this.addSql(`
alter table "user".account
  add column totp_secret text null,
  add column totp_asked_at timestamptz null,
  add column totp_enabled_at timestamptz null,
  add column totp_last_step bigint null,
  add column password_changed_at timestamptz null,
  add constraint account_totp check (totp_enabled_at is null or totp_secret is not null);
`);
    this.addSql(`
create table "user".recovery_code (
  account_id uuid not null,
  hash text not null,
  used_at timestamptz null,
  created_at timestamptz not null default now(),
  primary key (account_id, hash)
);
`);
    this.addSql('grant select, insert, update, delete on "user".recovery_code to safesplitx_user;');
  }
}
