import { Migration } from '@mikro-orm/migrations';

const SERVICES = ['user', 'expense', 'payment', 'notification'];

/** Sessions of three kinds, and the log of security events. */
export class Credentials extends Migration {
  override up(): void {
    this.addSql(`
alter table "user".session
  add column kind text not null default 'sign-in',
  add column scopes text[] null,
  add column application_id uuid null,
  add column name text null,
  add column secret_hash text null,
  add column user_agent text null,
  add column methods text[] null,
  add column last_used_at timestamptz null,
  add constraint session_kind check (kind in ('sign-in', 'personal', 'application'));
`);
    this.addSql(`
create view user_pub.session_v2 as
  select s.id as session_id, s.account_id as user_id, s.kind, s.scopes, s.application_id, s.expires_at, s.ended_at, a.state as account_state, a.platform_role
  from "user".session s join "user".account a on a.id = s.account_id;
`);
    this.addSql('drop view user_pub.session_v1;');
    for (const service of SERVICES) this.addSql(`grant select on user_pub.session_v2 to safesplitx_${service};`);
    this.addSql(`
create table "user".audit_event (
  id uuid not null primary key,
  at timestamptz not null default now(),
  action text not null,
  outcome text not null,
  actor_id uuid null,
  subject_id uuid null,
  session_id uuid null,
  address text null,
  data jsonb not null default '{}',
  constraint audit_event_outcome check (outcome in ('succeeded', 'refused'))
);
create index audit_event_actor on "user".audit_event (actor_id, id);
create index audit_event_subject on "user".audit_event (subject_id, id);
create index audit_event_action on "user".audit_event (action, id);
`);
    this.addSql(`
grant select, insert on "user".audit_event to safesplitx_user;
grant update (address, data) on "user".audit_event to safesplitx_user;
`);
  }
}
