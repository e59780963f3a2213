import { IANAZone } from 'luxon';
import { moneyToWire, type MoneyWire } from '../../../domain/money.ts';
import type { Tx } from '../../transact.ts';

/** A member who may be reminded, as the other services publish them. */
export interface Debtor {
  readonly userId: string | null;
  readonly isActive: boolean;
  readonly groupState: string;
  readonly timeZone: string;
  readonly emailVerified: boolean;
}

/** Reads a member with what reminding them needs; null when the group has no such member. */
export async function readDebtor(query: Tx['query'], groupId: string, memberId: string): Promise<Debtor | null> {
  const [row] = await query<{
    user_id: string | null;
    state: string;
    group_state: string;
    account_state: string | null;
    time_zone: string | null;
    email_verified: boolean | null;
  }>(
    `select m.user_id, m.state, m.group_state, c.state as account_state, c.time_zone, c.email_verified
     from expense_pub.membership_v1 m left join user_pub.contact_v1 c on c.user_id = m.user_id where m.member_id = $2 and m.group_id = $1`,
    [groupId, memberId],
  );
  if (row === undefined) return null;
  return {
    userId: row.user_id,
    isActive: row.state === 'active' && row.account_state === 'active',
    groupState: row.group_state,
    timeZone: row.time_zone ?? 'UTC',
    emailVerified: row.email_verified ?? false,
  };
}

/**
 * What a member owes in a group, above zero, by currency; empty when nothing.
 *
 * A debt that an open settlement has reserved is a debt until the payment is in the ledger: who has agreed to pay has
 * not paid.
 */
export async function readDebt(query: Tx['query'], groupId: string, memberId: string): Promise<MoneyWire[]> {
  const rows = await query<{ currency: string; owed: string }>(
    `select currency, (-net)::text as owed from expense_pub.balance_v1 where group_id = $1 and account_id = $2 and net < 0 order by currency`,
    [groupId, memberId],
  );
  return rows.map((row) => moneyToWire({ minor: BigInt(row.owed), currency: row.currency }));
}

/** Whether a member is owed anything in a group. */
export async function isCreditor(query: Tx['query'], groupId: string, memberId: string): Promise<boolean> {
  const rows = await query('select 1 from expense_pub.balance_v1 where group_id = $1 and account_id = $2 and net > 0 limit 1', [
    groupId,
    memberId,
  ]);
  return rows.length > 0;
}

/** Minutes that a zone is ahead of UTC at a moment, for `domain/reminder.ts`; an unknown zone counts as UTC. */
export function offsetsOf(timeZone: string): (epochMs: number) => number {
  const zone = IANAZone.create(timeZone);
  return (epochMs) => (zone.isValid ? zone.offset(epochMs) : 0);
}
