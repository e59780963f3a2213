import type { Query } from '../../queries/payment/transfers.ts';
import type { Tx } from '../../transact.ts';

/** Where a user receives money at a gateway. */
export interface PayoutAccountView {
  readonly userId: string;
  readonly accountRef: string;
  readonly chargesEnabled: boolean;
  readonly payoutsEnabled: boolean;
  readonly detailsSubmitted: boolean;
}

const ACCOUNT = `select user_id as "userId", account_ref as "accountRef", charges_enabled as "chargesEnabled", payouts_enabled as "payoutsEnabled",
  details_submitted as "detailsSubmitted" from payment.payout_account`;

/** Reads a user's account at a gateway. */
export async function findPayoutAccount(query: Query, userId: string, gateway: string): Promise<PayoutAccountView | null> {
  return (await query<PayoutAccountView>(`${ACCOUNT} where user_id = $1 and gateway = $2`, [userId, gateway]))[0] ?? null;
}

/** Reads the account that a gateway knows by this id. */
export async function findAccountByRef(query: Query, gateway: string, ref: string): Promise<PayoutAccountView | null> {
  return (await query<PayoutAccountView>(`${ACCOUNT} where account_ref = $1 and gateway = $2`, [ref, gateway]))[0] ?? null;
}

/** Stores how an account stands at its gateway; a user has one per gateway. Tells of a change only when there is one. */
export async function storePayoutAccount(
  tx: Tx,
  userId: string,
  gateway: string,
  state: { ref: string; chargesEnabled: boolean; payoutsEnabled: boolean; detailsSubmitted: boolean },
): Promise<void> {
  const changed = await tx.query(
    `insert into payment.payout_account as a (user_id, gateway, account_ref, charges_enabled, payouts_enabled, details_submitted)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (user_id, gateway) do update set charges_enabled = excluded.charges_enabled, payouts_enabled = excluded.payouts_enabled,
       details_submitted = excluded.details_submitted, updated_at = now()
       where a.account_ref = excluded.account_ref
         and (a.charges_enabled, a.payouts_enabled, a.details_submitted) is distinct from (excluded.charges_enabled, excluded.payouts_enabled, excluded.details_submitted)
     returning user_id`,
    [userId, gateway, state.ref, state.chargesEnabled, state.payoutsEnabled, state.detailsSubmitted],
  );
  if (changed.length > 0) tx.emit({ type: 'payout_account.updated', subjectId: userId, actorId: userId, data: { gateway } });
}
