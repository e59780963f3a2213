import type { Tx } from '../../transact.ts';

/**
 * Takes a person out of the payment service: the payout account is unlinked, what they wrote goes, and so do means of payment that
 * no open try needs. What was paid stays, with the gateway's own references, which refunds and disputes need.
 *
 * @returns how many rows were changed; 0 when nothing is left to do.
 */
export async function erasePayer(tx: Tx, userId: string): Promise<number> {
  let rows = 0;
  for (const statement of STATEMENTS) rows += (await tx.query(statement, [userId])).length;
  return rows;
}

/** Traces of a person that are left in the payment service. */
export async function countPaymentTraces(query: Tx['query'], userId: string): Promise<number> {
  const [row] = await query<{ n: number }>(
    `select ((select count(*) from payment.payout_account where user_id = $1) + (select count(*) from payment.idempotency where user_id = $1)
       + (select count(*) from payment.refund where requested_by = $1 and reason <> '')
       + (select count(*) from payment.attempt where created_by = $1 and ${MEANS_OF_ENDED}))::int as n`,
    [userId],
  );
  return row?.n ?? 0;
}

/** A try that has ended needs its means of payment no more. */
const MEANS_OF_ENDED = `payment_method_ref is not null and state in ('succeeded', 'declined', 'canceled')`;

/** `$1` is the user. Each gives the rows that it changed; a second time there are none. */
const STATEMENTS: readonly string[] = [
  `delete from payment.payout_account where user_id = $1 returning 1`,
  `update payment.attempt set payment_method_ref = null where created_by = $1 and ${MEANS_OF_ENDED} returning 1`,
  // Only the receiver disputes, or for one without an account an admin: then the words are not the person's.
  `update payment.transfer t set dispute_reason = null from expense_pub.membership_v1 m
   where m.user_id = $1 and t.group_id = m.group_id and t.to_member_id = m.member_id and t.dispute_reason is not null returning 1`,
  `update payment.transfer t set next_action = null from expense_pub.membership_v1 m
   where m.user_id = $1 and t.group_id = m.group_id and t.from_member_id = m.member_id and t.next_action is not null
     and t.state in ('succeeded', 'cancelled', 'failed') returning 1`,
  // Answers that others' keys keep show the refund with its reason.
  `update payment.idempotency i set body = i.body || '{"reason": ""}' from payment.refund r
   where r.requested_by = $1 and r.reason <> '' and starts_with(i.path, '/v1/refunds/' || r.id::text) and i.body ? 'reason'
     and i.user_id in (select m.user_id from expense_pub.membership_v1 m where m.group_id = r.group_id and m.user_id is not null) returning 1`,
  `update payment.refund set reason = '' where requested_by = $1 and reason <> '' returning 1`,
  `delete from payment.idempotency where user_id = $1 returning 1`,
];
