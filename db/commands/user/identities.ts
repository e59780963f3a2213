import { createHash, randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { emailKey } from '../../../domain/account.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { Tx } from '../../transact.ts';
import { lockAccount } from './accounts.ts';
import { audit } from './audit.ts';
import { claimFriendRequests } from './friends.ts';
import type { OidcPurpose } from './oidc-transactions.ts';
import { type OpenSession, signIn } from './sessions.ts';

/** A proved identity waits so many minutes for the proof of the account. */
export const IDENTITY_LINK_MINUTES = 15;
/** Most identities of one account. */
export const IDENTITIES_MAX = 10;
const EXPIRED_AT_ONCE = 20;

/** What a provider said of a person, checked. */
export interface ProvedIdentity {
  readonly provider: string;
  readonly issuer: string;
  readonly subject: string;
  /** An address that the provider has verified, or null. */
  readonly verifiedEmail: string | null;
  readonly displayName: string | null;
  readonly locale: string | null;
}

/** From where a person acts. */
export interface Caller {
  readonly address: string;
  readonly userAgent?: string | undefined;
}

/** What comes of a proved identity. Values and not refusals, so that what was noted is committed. */
export type FederatedOutcome =
  | { readonly kind: 'signed_in'; readonly session: OpenSession }
  /** The account that has the address, or for a link the one that is signed in, has to be proved first. */
  | { readonly kind: 'link_required'; readonly linkToken: string }
  | { readonly kind: 'email_unverified' }
  | { readonly kind: 'identity_taken' }
  | { readonly kind: 'refused' };

/**
 * Signs in with a proved identity: into its account, or into a new one with the address that the provider verified.
 *
 * An account that has the address already is never taken: a link token is given, which counts with the proof of that
 * account. Two that come with one new identity at once are taken in turn, so they end in one account.
 */
export async function federatedSignIn(tx: Tx, identity: ProvedIdentity, purpose: OidcPurpose, caller: Caller): Promise<FederatedOutcome> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 14))', [`${identity.issuer} ${identity.subject}`]);
  const [known] = await tx.query<{ id: string; accountId: string }>(
    `select id, account_id as "accountId" from "user".identity where issuer = $1 and subject = $2`,
    [identity.issuer, identity.subject],
  );
  if (purpose === 'link') {
    if (known !== undefined) return { kind: 'identity_taken' };
    return { kind: 'link_required', linkToken: await offerLink(tx, identity, null) };
  }
  if (known !== undefined) {
    await tx.query('update "user".identity set last_used_at = now() where id = $1', [known.id]);
    return openFor(tx, known.accountId, caller);
  }
  if (identity.verifiedEmail === null) return { kind: 'email_unverified' };
  const created = await createAccount(tx, identity, identity.verifiedEmail);
  if (created === null) {
    const [holder] = await tx.query<{ id: string }>('select id from "user".account where email_key = $1', [
      emailKey(identity.verifiedEmail),
    ]);
    return { kind: 'link_required', linkToken: await offerLink(tx, identity, holder?.id ?? null) };
  }
  await audit(tx, { action: 'account.registered', actorId: created, subjectId: created, address: caller.address });
  await addIdentity(tx, created, identity, caller, undefined);
  return openFor(tx, created, caller);
}

/** The account that a link token waits for; undefined where the token is none, null where any signed-in account may use it. */
export async function accountOfLink(query: Tx['query'], linkToken: string): Promise<string | null | undefined> {
  const [row] = await query<{ accountId: string | null }>(
    `select account_id as "accountId" from "user".identity_link where token_hash = $1 and expires_at > now()`,
    [hashOf(linkToken)],
  );
  return row?.accountId;
}

/**
 * Links an identity to an account that was proved. The token is used up with it.
 *
 * A token that came of the account's own address fits that account only. Any other is taken only by an account whose own
 * address is verified: else a stranger could prepare an account with somebody's address, and keep a way into it.
 *
 * @returns the identity's id.
 * @throws RefusalError token_invalid, link_other_account, email_not_verified, identity_taken, identity_limit_reached.
 */
export async function linkIdentity(
  tx: Tx,
  linkToken: string,
  { userId, sessionId, address }: { userId: string; sessionId: string; address: string },
): Promise<string> {
  const [link] = await tx.query<Omit<ProvedIdentity, 'verifiedEmail' | 'displayName' | 'locale'> & { accountId: string | null }>(
    `delete from "user".identity_link where token_hash = $1 and expires_at > now()
     returning provider, issuer, subject, account_id as "accountId"`,
    [hashOf(linkToken)],
  );
  if (link === undefined)
    throw refusal('token_invalid', 'This link token is not one of ours, was used or is too old; sign in there again.', '/linkToken');
  const account = await lockAccount(tx, userId);
  if (link.accountId !== null && link.accountId !== userId)
    throw refusal('link_other_account', 'Another account has the address of this identity; sign in to that one.', '/linkToken');
  if (link.accountId === null && account.emailVerifiedAt == null)
    throw refusal('email_not_verified', 'Verify the address of the account first.');
  const [{ n } = { n: 0 }] = await tx.query<{ n: number }>('select count(*)::int as n from "user".identity where account_id = $1', [
    userId,
  ]);
  if (n >= IDENTITIES_MAX) throw refusal('identity_limit_reached', `An account has at most ${IDENTITIES_MAX} identities.`);
  return addIdentity(tx, userId, link, { address }, sessionId);
}

/**
 * Takes an identity from an account.
 *
 * @throws RefusalError not_found, last_credential where nothing would be left to sign in with.
 */
export async function unlinkIdentity(
  tx: Tx,
  identityId: string,
  { userId, sessionId, address }: { userId: string; sessionId: string; address: string },
): Promise<void> {
  const account = await lockAccount(tx, userId);
  const identities = await tx.query<{ id: string; provider: string }>('select id, provider from "user".identity where account_id = $1', [
    userId,
  ]);
  const identity = identities.find(({ id }) => id === identityId);
  if (identity === undefined) throw refusal('not_found', 'There is no such identity.');
  if (identities.length === 1 && !account.passwordHash.startsWith('$argon2'))
    throw refusal('last_credential', 'This is the only way to sign in; set a password first, by a mail of password/forgot.');
  await tx.query('delete from "user".identity where id = $1', [identityId]);
  const who = { actorId: userId, subjectId: userId, sessionId, address };
  await audit(tx, { action: 'identity.unlinked', ...who, data: { identityId, provider: identity.provider } });
}

async function openFor(tx: Tx, userId: string, { address, userAgent }: Caller): Promise<FederatedOutcome> {
  const session = await signIn(tx, userId, { methods: ['fed'], userAgent });
  if (session === null) {
    await audit(tx, { action: 'sign_in', outcome: 'refused', subjectId: userId, address, data: { method: 'oidc', reason: 'state' } });
    return { kind: 'refused' };
  }
  const who = { actorId: userId, subjectId: userId, sessionId: session.sessionId, address };
  await audit(tx, { action: 'sign_in', ...who, data: { method: 'oidc' } });
  return { kind: 'signed_in', session };
}

/** Makes an account without a password. @returns its id, or null where an account has the address. */
async function createAccount(tx: Tx, { displayName, locale }: ProvedIdentity, email: string): Promise<string | null> {
  const id = uuidv7();
  const [created] = await tx.query(
    `insert into "user".account (id, email, email_key, email_verified_at, password_hash, display_name, locale, time_zone, default_currency)
     values ($1, $2, $3, now(), 'none', $4, $5, 'UTC', 'EUR') on conflict (email_key) do nothing returning id`,
    [id, email, emailKey(email), displayName ?? email.slice(0, email.indexOf('@')), locale ?? 'en'],
  );
  if (created === undefined) return null;
  // No mail is due: the provider has verified the address.
  tx.emit({ type: 'user.email_verified', subjectId: id, actorId: id, data: {} });
  await claimFriendRequests(tx, { id, key: emailKey(email) });
  return id;
}

async function addIdentity(
  tx: Tx,
  userId: string,
  { provider, issuer, subject }: Pick<ProvedIdentity, 'provider' | 'issuer' | 'subject'>,
  { address }: Caller,
  sessionId: string | undefined,
): Promise<string> {
  const identityId = uuidv7();
  const [added] = await tx.query(
    `insert into "user".identity (id, account_id, provider, issuer, subject, last_used_at) values ($1, $2, $3, $4, $5, now())
     on conflict (issuer, subject) do nothing returning id`,
    [identityId, userId, provider, issuer, subject],
  );
  if (added === undefined) throw refusal('identity_taken', 'This identity belongs to an account already.');
  const who = { actorId: userId, subjectId: userId, address, ...(sessionId === undefined ? {} : { sessionId }) };
  await audit(tx, { action: 'identity.linked', ...who, data: { identityId, provider } });
  return identityId;
}

async function offerLink(tx: Tx, { provider, issuer, subject }: ProvedIdentity, accountId: string | null): Promise<string> {
  await tx.query(
    `delete from "user".identity_link where token_hash in
       (select token_hash from "user".identity_link where expires_at < now() order by expires_at limit $1 for update skip locked)`,
    [EXPIRED_AT_ONCE],
  );
  const linkToken = randomBytes(32).toString('base64url');
  await tx.query(
    `insert into "user".identity_link (token_hash, provider, issuer, subject, account_id, expires_at)
     values ($1, $2, $3, $4, $5, now() + make_interval(mins => $6))`,
    [hashOf(linkToken), provider, issuer, subject, accountId, IDENTITY_LINK_MINUTES],
  );
  return linkToken;
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
