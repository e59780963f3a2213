import type { ExportFile } from '../../export-parts.ts';
import { amountSql, moneySql } from '../amount-sql.ts';

const MINE = `select m.member_id from expense_pub.membership_v1 m where m.user_id = $1`;

/** Rows with a uuid `id`. */
const byId = (name: string, from: string, condition: string, row: string): ExportFile => ({
  name,
  sql: `select t.id::text as cursor, ${row} as row from ${from}
    where ${condition} and t.id > coalesce(nullif($2, ''), '00000000-0000-0000-0000-000000000000')::uuid order by t.id limit $3`,
});

const PARTY = `(t.from_member_id in (${MINE}) or t.to_member_id in (${MINE}))`;

/** What the payment service knows of a person: what they paid, received and asked for. */
export const PAYMENT_EXPORT: readonly ExportFile[] = [
  byId(
    'transfers.json',
    'payment.transfer t',
    `(${PARTY} or t.created_by = $1)`,
    `jsonb_build_object('id', t.id, 'groupId', t.group_id, 'settlementId', t.settlement_id, 'from', t.from_member_id, 'to', t.to_member_id,
      'money', ${moneySql('t.amount_minor', 't.currency')}, 'paid', ${amountSql('t.paid_minor', 't.currency')}, 'state', t.state, 'method', t.method,
      'failureCode', t.failure_code, 'disputeReason', t.dispute_reason, 'date', t.date, 'dueAt', t.due_at, 'createdAt', t.created_at, 'updatedAt', t.updated_at)`,
  ),
  byId(
    'attempts.json',
    'payment.attempt t',
    't.created_by = $1',
    `jsonb_build_object('id', t.id, 'transferId', t.transfer_id, 'gateway', t.gateway, 'gatewayReference', t.gateway_ref, 'paymentMethod', t.payment_method_ref,
      'money', ${moneySql('t.amount_minor', 't.currency')}, 'state', t.state, 'failureCode', t.failure_code, 'createdAt', t.created_at)`,
  ),
  byId(
    'payments.json',
    'payment.payment t',
    PARTY,
    `jsonb_build_object('id', t.id, 'transferId', t.transfer_id, 'groupId', t.group_id, 'from', t.from_member_id, 'to', t.to_member_id, 'method', t.method,
      'money', ${moneySql('t.amount_minor', 't.currency')}, 'refunded', ${amountSql('t.refunded_minor', 't.currency')}, 'state', t.state, 'createdAt', t.created_at)`,
  ),
  byId(
    'refunds.json',
    'payment.refund t join payment.payment y on y.id = t.payment_id',
    `(t.requested_by = $1 or t.decided_by = $1 or y.from_member_id in (${MINE}) or y.to_member_id in (${MINE}))`,
    `jsonb_build_object('id', t.id, 'paymentId', t.payment_id, 'groupId', t.group_id, 'money', ${moneySql('t.amount_minor', 't.currency')},
      'reason', case when t.requested_by = $1 then t.reason end, 'askedByMe', t.requested_by = $1, 'state', t.state, 'createdAt', t.created_at)`,
  ),
  byId(
    'settlements.json',
    'payment.settlement t',
    't.created_by = $1',
    `jsonb_build_object('id', t.id, 'groupId', t.group_id, 'strategy', t.strategy, 'currency', t.currency, 'method', t.method, 'state', t.state, 'createdAt', t.created_at)`,
  ),
  {
    name: 'payout-accounts.json',
    sql: `select gateway as cursor, jsonb_build_object('gateway', gateway, 'reference', account_ref, 'chargesEnabled', charges_enabled, 'payoutsEnabled', payouts_enabled,
        'detailsSubmitted', details_submitted) as row
      from payment.payout_account where user_id = $1 and gateway > $2 order by gateway limit $3`,
  },
];
