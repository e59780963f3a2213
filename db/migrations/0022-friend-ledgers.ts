import { Migration } from '@mikro-orm/migrations';

const SERVICES = ['user', 'expense', 'payment', 'notification'];

/** Groups of two friends, which nobody else joins; and what counts the invitations of a person within a day. */
export class FriendLedgers extends Migration {
  override up(): void {
    this.addSql(`
alter table expense."group"
  add column kind text not null default 'shared',
  add constraint group_kind check (kind in ('shared', 'friends'));
create index invitation_maker on expense.invitation (created_by, created_at);
create index invitation_address on expense.invitation (lower(email), created_at) where email is not null;
`);
    // The commands refuse it too; here nothing that is written past them makes a third.
    this.addSql(`
create function expense.refuse_third_friend() returns trigger language plpgsql as $$
begin
  if (select kind from expense."group" where id = new.group_id) = 'friends'
    and (select count(*) from expense.member where group_id = new.group_id) >= 2 then
    raise exception 'the ledger of two friends has no third member' using errcode = 'check_violation', constraint = 'member_of_friends';
  end if;
  return new;
end $$;
create trigger member_of_friends before insert on expense.member for each row execute function expense.refuse_third_friend();
`);
    this.addSql(`create view expense_pub.friend_ledger_v1 as select id as group_id, state from expense."group" where kind = 'friends';`);
    for (const service of SERVICES) this.addSql(`grant select on expense_pub.friend_ledger_v1 to safesplitx_${service};`);
  }
}
