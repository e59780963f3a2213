import { Migration } from '@mikro-orm/migrations';

const SERVICES = ['user', 'expense', 'payment', 'notification'];

/** What people ask for about their own data: exports with the parts that each service gives, and erasures. */
export class DataRequests extends Migration {
  override up(): void {
    this.addSql(`
create table "user".data_request (
  id uuid not null primary key,
  account_id uuid not null,
  kind text not null,
  state text not null,
  begins_at timestamptz null,
  begun_at timestamptz null,
  expires_at timestamptz null,
  ended_at timestamptz null,
  failure_code text null,
  email_key text null,
  archive_id uuid null,
  archive_bytes bigint null,
  archive_sha256 text null,
  proof jsonb null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint data_request_kind check (kind in ('export', 'erasure')),
  constraint data_request_state check (state in ('pending', 'running', 'done', 'failed', 'cancelled', 'expired')),
  constraint data_request_archive check (archive_id is null or (kind = 'export' and state = 'done'))
);
create index data_request_account on "user".data_request (account_id, created_at);
create index data_request_open on "user".data_request (updated_at) where state in ('pending', 'running') or archive_id is not null;
create unique index data_request_one_open on "user".data_request (account_id, kind) where state in ('pending', 'running');
create table "user".export_archive (
  archive_id uuid not null,
  seq int not null,
  request_id uuid not null,
  content bytea not null,
  primary key (archive_id, seq)
);
create index export_archive_request on "user".export_archive (request_id);
`);
    for (const service of SERVICES)
      this.addSql(`
create table "${service}".export_part (
  request_id uuid not null,
  file text not null,
  seq int not null,
  rows int not null,
  content bytea not null,
  created_at timestamptz not null default now(),
  primary key (request_id, file, seq)
);
create view ${service}_pub.export_part_v1 as select request_id, file, seq, rows, content from "${service}".export_part;
grant select, insert, update, delete on "${service}".export_part to safesplitx_${service};
`);
    this.addSql(`
grant select, insert, update, delete on "user".data_request, "user".export_archive to safesplitx_user;
create view user_pub.erasure_v1 as
  select id as request_id, account_id as user_id, email_key, begun_at from "user".data_request where kind = 'erasure' and state = 'running';
`);
    for (const service of SERVICES) {
      this.addSql(`grant select on user_pub.erasure_v1 to safesplitx_${service};`);
      for (const other of SERVICES) this.addSql(`grant select on ${other}_pub.export_part_v1 to safesplitx_${service};`);
    }
  }
}
