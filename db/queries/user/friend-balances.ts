import type { SharedBalances } from '../../../domain/friend-balance.ts';
import type { Tx } from '../../transact.ts';

/** Open balances that one answer adds up; each is a plan to make, most of them in far less than a millisecond. */
export const SHARED_BALANCES_MAX = 50;

/** A group and currency in which one of two friends owes and the other is owed, or their units may. */
export interface SharedGroup extends SharedBalances {
  readonly groupId: string;
  readonly kind: 'shared' | 'friends';
  readonly name: string;
  readonly currency: string;
}

interface Row {
  group_id: string;
  kind: SharedGroup['kind'];
  name: string;
  currency: string;
  mine: string;
  theirs: string;
  members: { id: string; minor: string; unit: string | null }[];
  moved: { from: string; to: string; minor: string }[] | null;
}

/**
 * Where two people may have to do with each other: groups of both in which one owes and the other is owed, or one of them
 * settles for a unit, by what expense has published. Their own ledger comes first, then the newest group; one more than {@link SHARED_BALANCES_MAX}, to tell whether it goes on.
 */
export async function findSharedGroups(query: Tx['query'], userId: string, friendUserId: string): Promise<SharedGroup[]> {
  const rows = await query<Row>(
    `with common as materialized (
       select mine.group_id, mine.member_id as mine, theirs.member_id as theirs, coalesce(mine.unit_id, theirs.unit_id) as unit
       from expense_pub.membership_v1 mine
       join expense_pub.membership_v1 theirs on theirs.group_id = mine.group_id and theirs.user_id = $2 and theirs.state = 'active'
       where mine.user_id = $1 and mine.state = 'active' and mine.group_state <> 'deleted'
     ), open as materialized (
       select c.*, m.currency, g.name, case when f.group_id is null then 'shared' else 'friends' end as kind, g.created_at
       from common c
       join expense_pub.balance_v1 m on m.group_id = c.group_id and m.account_id = c.mine
       join expense_pub.balance_v1 t on t.group_id = c.group_id and t.account_id = c.theirs and t.currency = m.currency
       join expense_pub.group_v1 g on g.id = c.group_id
       left join expense_pub.friend_ledger_v1 f on f.group_id = c.group_id
       where sign(m.net + m.reserved) * sign(t.net + t.reserved) < 0 or (c.unit is not null and exists
         (select 1 from expense_pub.balance_v1 b where b.group_id = c.group_id and b.currency = m.currency and b.net + b.reserved <> 0))
       order by kind, g.created_at desc, c.group_id desc, m.currency limit ${SHARED_BALANCES_MAX + 1}
     )
     select o.group_id, o.kind, o.name, o.currency, o.mine, o.theirs,
       (select json_agg(json_build_object('id', p.member_id, 'minor', coalesce(b.net + b.reserved, 0)::text, 'unit', p.unit_id))
        from expense_pub.membership_v1 p
        left join expense_pub.balance_v1 b on b.group_id = p.group_id and b.account_id = p.member_id and b.currency = o.currency
        where p.group_id = o.group_id and (p.state = 'active' or b.net + b.reserved <> 0)) as members,
       (select json_agg(json_build_object('from', v.from_member_id, 'to', v.to_member_id, 'minor', v.minor::text) order by v.moved_at, v.id)
        from expense_pub.moved_v1 v where v.group_id = o.group_id and v.currency = o.currency) as moved
     from open o order by o.kind, o.created_at desc, o.group_id desc, o.currency`,
    [userId, friendUserId],
  );
  return rows.map((row) => ({
    groupId: row.group_id,
    kind: row.kind,
    name: row.name,
    currency: row.currency,
    mine: row.mine,
    theirs: row.theirs,
    balances: row.members.map(({ id, minor }) => ({ memberId: id, minor: BigInt(minor) })),
    moved: (row.moved ?? []).map((one) => ({ ...one, minor: BigInt(one.minor) })),
    units: new Map(row.members.flatMap(({ id, unit }) => (unit === null ? [] : [[id, unit] as const]))),
  }));
}
