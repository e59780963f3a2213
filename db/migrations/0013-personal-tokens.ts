import { Migration } from '@mikro-orm/migrations';

const SERVICES = ['user', 'expense', 'payment', 'notification'];

/** Personal access tokens: found by their hash, by every service. */
export class PersonalTokens extends Migration {
  override up(): void {
    this.addSql(`
alter table "user".session
  add constraint session_secret unique (secret_hash),
  add constraint session_secret_hash check (kind = 'personal' or secret_hash is null),
  add constraint session_scopes check (kind = 'sign-in' or scopes is not null);
`);
    this.addSql(`
create view user_pub.personal_token_v1 as
  select s.secret_hash, s.id as session_id, s.account_id as user_id, s.kind, s.scopes, s.expires_at, s.ended_at, a.state as account_state, a.platform_role
  from "user".session s join "user".account a on a.id = s.account_id where s.kind = 'personal';
`);
    for (const service of SERVICES) this.addSql(`grant select on user_pub.personal_token_v1 to safesplitx_${service};`);
  }
}
