import { Migration } from '@mikro-orm/migrations';

/** What people have chosen for the programs that they use. */
export class PreferencesOfPeople extends Migration {
  override up(): void {
    this.addSql(`
create table "user".preference (
  account_id uuid not null primary key,
  settings jsonb not null,
  version int not null default 1,
  updated_at timestamptz not null default now()
);
`);
    this.addSql('grant select, insert, update, delete on "user".preference to safesplitx_user;');
  }
}
