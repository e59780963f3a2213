import { Migration } from '@mikro-orm/migrations';

const SERVICES = ['user', 'expense', 'payment', 'notification'];

/** Who asked whom, who is whose friend, and who wants to see nothing of whom. */
export class Friends extends Migration {
  override up(): void {
    this.addSql(`
create table "user".friendship (
  id uuid not null primary key,
  asker_id uuid not null,
  asked_email text not null,
  asked_key text not null,
  asked_id uuid null,
  state text not null default 'pending',
  unseen boolean not null default false,
  ledger_id uuid null,
  created_at timestamptz not null default now(),
  accepted_at timestamptz null,
  closed_at timestamptz null,
  constraint friendship_state check (state in ('pending', 'accepted', 'declined', 'withdrawn', 'ended')),
  constraint friendship_accepted check (state in ('pending', 'declined', 'withdrawn') or accepted_at is not null),
  constraint friendship_ledger check (accepted_at is null or ledger_id is not null),
  constraint friendship_known check (accepted_at is null or asked_id is not null),
  constraint friendship_of_two check (asked_id <> asker_id)
);
create index friendship_asker on "user".friendship (asker_id, created_at, id);
create index friendship_asked on "user".friendship (asked_id, created_at, id);
create index friendship_waiting on "user".friendship (asked_key) where state = 'pending';
create unique index friendship_asked_once on "user".friendship (asker_id, asked_key) where state = 'pending';
create unique index friendship_one on "user".friendship (least(asker_id, asked_id), greatest(asker_id, asked_id)) where state = 'accepted';
create table "user".block (
  account_id uuid not null,
  blocked_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (account_id, blocked_id),
  constraint block_of_two check (account_id <> blocked_id)
);
create index block_blocked on "user".block (blocked_id);
`);
    this.addSql('grant select, insert, update, delete on "user".friendship, "user".block to safesplitx_user;');
    this.addSql(`
create view user_pub.friendship_v1 as
  select id, asker_id, asked_id, state, unseen, ledger_id from "user".friendship;
create view user_pub.block_v1 as
  select account_id, blocked_id from "user".block;
`);
    for (const service of SERVICES) this.addSql(`grant select on user_pub.friendship_v1, user_pub.block_v1 to safesplitx_${service};`);
  }
}
