import { Migration } from '@mikro-orm/migrations';

const SERVICES = ['user', 'expense', 'payment', 'notification'];

/** What plans follow of each group, for whoever tells who pays whom. */
export class Moved extends Migration {
  override up(): void {
    this.addSql(VIEW);
    for (const service of SERVICES) this.addSql(`grant select on expense_pub.moved_v1 to safesplitx_${service};`);
  }
}

/** Postings that are looked at for what was paid since the last change; older payments are part of the balances like anything else. */
const MOVED_MAX = 200;

/**
 * What was paid or reserved since what is shared last changed, per group and currency; in order of `moved_at`, then `id`. A refund is
 * the payment turned round, so it counts below zero between payer and receiver of the payment. Ask for one group at a time.
 */
const VIEW = `
create view expense_pub.moved_v1 as
select g.id as group_id, m.currency, m.moved_at, m.id, m.from_member_id, m.to_member_id, m.minor
from expense."group" g cross join lateral (
  with recent as materialized (
    select p.id, p.kind, p.created_at from expense.posting p where p.group_id = g.id order by p.created_at desc, p.id desc limit ${MOVED_MAX}
  ), line as materialized (
    select r.id, r.kind, r.created_at, l.account_id, l.currency, l.paid, l.owed from recent r join expense.posting_line l on l.posting_id = r.id
  ), change as (
    select currency, max(created_at) as at from line where kind not in ('transfer', 'refund') group by 1
  ), paid as (
    select id, currency, created_at, kind, (array_agg(account_id) filter (where paid > 0))[1] as payer,
      (array_agg(account_id) filter (where owed > 0))[1] as receiver, sum(paid)::bigint as minor
    from line where kind in ('transfer', 'refund') group by 1, 2, 3, 4
  ), moved as (
    select id, currency, created_at as moved_at, case kind when 'transfer' then payer else receiver end as from_member_id,
      case kind when 'transfer' then receiver else payer end as to_member_id, case kind when 'transfer' then minor else -minor end as minor
    from paid
    union all
    select v.transfer_id, v.currency, v.created_at, v.from_member_id, v.to_member_id, v.amount_minor from expense.reservation v where v.group_id = g.id
  )
  select moved.* from moved left join change on change.currency = moved.currency where change.at is null or moved.moved_at > change.at
) m;
`;
