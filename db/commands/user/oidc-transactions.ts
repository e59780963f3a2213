import type { Tx } from '../../transact.ts';

/** A browser may stay at its provider for so many minutes. */
export const OIDC_TRANSACTION_MINUTES = 10;
/** Rows that ran out and go with a new one: more than come in, so that none pile up. */
const EXPIRED_AT_ONCE = 20;

/** What a browser went to its provider for: to sign in, or to prove an identity that is then linked. */
export type OidcPurpose = 'sign-in' | 'link';

/** A sign-in at a provider that begins or comes back. */
export interface OidcTransactionKey {
  readonly provider: string;
  /** SHA-256 of `state`. */
  readonly stateHash: string;
  /** SHA-256 of the cookie. */
  readonly browserHash: string;
}

/** Notes that a browser goes to its provider. */
export async function beginOidc(tx: Tx, { provider, stateHash, browserHash }: OidcTransactionKey, purpose: OidcPurpose): Promise<void> {
  await tx.query(
    `delete from "user".oidc_transaction where state_hash in
       (select state_hash from "user".oidc_transaction where expires_at < now() order by expires_at limit $1 for update skip locked)`,
    [EXPIRED_AT_ONCE],
  );
  await tx.query(
    `insert into "user".oidc_transaction (state_hash, provider, browser_hash, purpose, expires_at)
     values ($1, $2, $3, $4, now() + make_interval(mins => $5))`,
    [stateHash, provider, browserHash, purpose, OIDC_TRANSACTION_MINUTES],
  );
}

/**
 * Takes what a browser went for when it comes back; each is taken once, and only by the same browser from the same provider.
 *
 * @returns null where there is none: used, too old, of another browser or another provider.
 */
export async function takeOidc(tx: Tx, { provider, stateHash, browserHash }: OidcTransactionKey): Promise<OidcPurpose | null> {
  const [row] = await tx.query<{ purpose: OidcPurpose }>(
    `delete from "user".oidc_transaction where state_hash = $1 and provider = $2 and browser_hash = $3 and expires_at > now() returning purpose`,
    [stateHash, provider, browserHash],
  );
  return row?.purpose ?? null;
}
