import type { PageRequest } from '../../cursor.ts';
import type { Tx } from '../../transact.ts';

/** Something that runs SQL: a transaction or a plain connection of the service. */
export type Query = Tx['query'];

/** A payment as it is shown on its transfer. */
export interface PaymentOfTransfer {
  readonly id: string;
  readonly method: string;
  readonly state: string;
  readonly amountMinor: string;
  readonly refundedMinor: string;
}

/** A transfer with its payments, as one member sees it. */
export interface TransferView {
  readonly id: string;
  readonly settlementId: string | null;
  readonly groupId: string;
  readonly from: string;
  readonly to: string;
  readonly currency: string;
  readonly amountMinor: string;
  readonly paidMinor: string;
  readonly state: string;
  readonly method: string;
  readonly failureCode: string | null;
  /** Only for who pays: the secret in it lets its holder complete the payment. */
  readonly nextAction: { readonly type: string; readonly url?: string; readonly clientSecret?: string } | null;
  readonly dueAt: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly payments: readonly PaymentOfTransfer[];
}

interface TransferRow {
  id: string;
  settlement_id: string | null;
  group_id: string;
  from_member_id: string;
  to_member_id: string;
  currency: string;
  amount_minor: string;
  paid_minor: string;
  state: string;
  method: string;
  failure_code: string | null;
  next_action: TransferView['nextAction'];
  due_at: string;
  created_at: string;
  updated_at: string;
  payments: PaymentOfTransfer[] | null;
}

// $1 is the viewer: the payer, or an owner or admin for a payer without an account.
const TRANSFER = `select t.id, t.settlement_id, t.group_id, t.from_member_id, t.to_member_id, t.currency, t.amount_minor, t.paid_minor, t.state, t.method,
  t.failure_code, t.due_at, t.created_at, t.updated_at,
  case when t.next_action is not null and exists (
    select 1 from expense_pub.membership_v1 me join expense_pub.membership_v1 f on f.member_id = t.from_member_id
    where me.group_id = t.group_id and me.user_id = $1 and me.state = 'active'
      and (me.member_id = f.member_id or f.user_id is null and me.role in ('owner', 'admin'))
  ) then t.next_action end as next_action,
  (select json_agg(json_build_object('id', p.id, 'method', p.method, 'state', p.state, 'amountMinor', p.amount_minor::text, 'refundedMinor', p.refunded_minor::text)
     order by p.created_at, p.id) from payment.payment p where p.transfer_id = t.id) as payments
  from payment.transfer t`;

/** Reads a transfer as a user sees it. */
export async function findTransfer(query: Query, viewerId: string, transferId: string): Promise<TransferView | null> {
  const [row] = await query<TransferRow>(`${TRANSFER} where t.id = $2`, [viewerId, transferId]);
  return row === undefined ? null : toTransfer(row);
}

/** A settlement with its transfers. */
export interface SettlementView {
  readonly id: string;
  readonly groupId: string;
  readonly state: string;
  readonly strategy: string;
  readonly currency: string | null;
  readonly method: string;
  readonly dueAt: string;
  readonly createdAt: string;
  readonly transfers: readonly TransferView[];
}

interface SettlementRow {
  id: string;
  group_id: string;
  state: string;
  strategy: string;
  currency: string | null;
  method: string;
  due_at: string;
  created_at: string;
}

const SETTLEMENT = 'select s.id, s.group_id, s.state, s.strategy, s.currency, s.method, s.due_at, s.created_at from payment.settlement s';

/** Reads a settlement with its transfers as a user sees them. */
export async function findSettlement(query: Query, viewerId: string, settlementId: string): Promise<SettlementView | null> {
  const rows = await query<SettlementRow>(`${SETTLEMENT} where s.id = $1`, [settlementId]);
  return (await withTransfers(query, viewerId, rows))[0] ?? null;
}

/** A group's settlements, the newest first; one more than the page. */
export async function listSettlements(query: Query, viewerId: string, groupId: string, page: PageRequest): Promise<SettlementView[]> {
  const [createdAt, id] = page.after ?? [null, null];
  const rows = await query<SettlementRow>(
    `${SETTLEMENT} where s.group_id = $1 and ($2::timestamptz is null or (s.created_at, s.id) < ($2, $3::uuid))
     order by s.created_at desc, s.id desc limit $4`,
    [groupId, createdAt, id, page.limit + 1],
  );
  return withTransfers(query, viewerId, rows);
}

async function withTransfers(query: Query, viewerId: string, rows: readonly SettlementRow[]): Promise<SettlementView[]> {
  if (rows.length === 0) return [];
  const transfers = await query<TransferRow>(
    `${TRANSFER} where t.settlement_id = any($2::uuid[]) order by t.currency, t.from_member_id, t.to_member_id, t.id`,
    [viewerId, rows.map((row) => row.id)],
  );
  return rows.map((row) => ({
    id: row.id,
    groupId: row.group_id,
    state: row.state,
    strategy: row.strategy,
    currency: row.currency,
    method: row.method,
    dueAt: row.due_at,
    createdAt: row.created_at,
    transfers: transfers.filter((transfer) => transfer.settlement_id === row.id).map(toTransfer),
  }));
}

function toTransfer(row: TransferRow): TransferView {
  return {
    id: row.id,
    settlementId: row.settlement_id,
    groupId: row.group_id,
    from: row.from_member_id,
    to: row.to_member_id,
    currency: row.currency,
    amountMinor: row.amount_minor,
    paidMinor: row.paid_minor,
    state: row.state,
    method: row.method,
    failureCode: row.failure_code,
    nextAction: row.next_action,
    dueAt: row.due_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    payments: row.payments ?? [],
  };
}
