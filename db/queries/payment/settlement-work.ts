import type { SettlementStrategy } from '../../../domain/plan.ts';
import type { SettlementState, TransferState } from '../../../domain/transfer.ts';
import type { Tx } from '../../transact.ts';

/** A settlement as its process looks at it. */
export interface SettlementWork {
  readonly groupId: string;
  readonly strategy: SettlementStrategy;
  readonly hub: string | null;
  readonly currencies: readonly string[];
  readonly state: SettlementState;
  readonly dueAtIso: string;
  readonly dueNoticed: boolean;
  /** Reservations released and currencies free again. */
  readonly ended: boolean;
  readonly legs: readonly { readonly id: string; readonly state: TransferState; readonly released: boolean }[];
}

/** Reads a settlement for its process; null when there is no such row. */
export async function readSettlementWork(query: Tx['query'], settlementId: string): Promise<SettlementWork | null> {
  const [row] = await query<{
    group_id: string;
    strategy: SettlementStrategy;
    hub_member_id: string | null;
    state: SettlementState;
    due_at: string;
    due_noticed_at: string | null;
    ended_at: string | null;
    currencies: string[];
    legs: { id: string; state: TransferState; released: boolean }[] | null;
  }>(
    `select s.group_id, s.strategy, s.hub_member_id, s.state, s.due_at, s.due_noticed_at, s.ended_at,
       (select coalesce(array_agg(c.currency::text order by c.currency), '{}') from payment.settlement_currency c where c.settlement_id = s.id) as currencies,
       (select json_agg(json_build_object('id', t.id, 'state', t.state, 'released', t.released_at is not null) order by t.id)
        from payment.transfer t where t.settlement_id = s.id) as legs
     from payment.settlement s where s.id = $1`,
    [settlementId],
  );
  if (row === undefined) return null;
  return {
    groupId: row.group_id,
    strategy: row.strategy,
    hub: row.hub_member_id,
    currencies: row.currencies,
    state: row.state,
    dueAtIso: new Date(row.due_at).toISOString(),
    dueNoticed: row.due_noticed_at !== null,
    ended: row.ended_at !== null,
    legs: row.legs ?? [],
  };
}
