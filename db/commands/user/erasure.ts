import { SERVICES } from '../../../config/env.ts';
import { type DataRequestState, ERASED_NAME, erasedAddress, type ErasureProof } from '../../../domain/data-request.ts';
import { RefusalError } from '../../../domain/refusal.ts';
import type { Account } from '../../entities/user/account.ts';
import type { Tx } from '../../transact.ts';
import { lockAccount } from './accounts.ts';
import { audit } from './audit.ts';
import { endRequest, holdRequest } from './data-requests.ts';
import { requireErasable } from './erasure-rules.ts';
import { deleteApplication } from './oauth.ts';
import { endSessions } from './sessions.ts';

/**
 * The point of no return: the account becomes a pseudonym, and every way to sign in or to act as it ends, everywhere within a
 * second. Its address stays with the request until the other services have let go of it.
 *
 * @returns the request's state: `running` from now on; `failed` where the account must not be erased now; `pending` where it
 *   is not time yet.
 */
export async function beginErasure(
  tx: Tx,
  requestId: string,
): Promise<{ state: DataRequestState | 'not_found'; failureCode: string | null }> {
  const [known] = await tx.query<{ account_id: string }>(`select account_id from "user".data_request where id = $1 and kind = 'erasure'`, [
    requestId,
  ]);
  if (known === undefined) return { state: 'not_found', failureCode: null };
  // The account first, as everywhere; who asks for an erasure holds it too.
  const account = await lockAccount(tx, known.account_id);
  const request = await holdRequest(tx, requestId);
  if (request === null || request.state !== 'pending' || !request.due) return { state: request?.state ?? 'not_found', failureCode: null };
  const failureCode = await whyNot(tx, account);
  if (failureCode !== null) {
    await endRequest(tx, requestId, 'failed', failureCode);
    await audit(tx, { action: 'account.erasure', outcome: 'refused', subjectId: account.id, data: { requestId, reason: failureCode } });
    return { state: 'failed', failureCode };
  }
  await tx.query(`update "user".data_request set state = 'running', begun_at = now(), updated_at = now(), email_key = $2 where id = $1`, [
    requestId,
    account.emailKey,
  ]);
  await audit(tx, { action: 'account.erasure', subjectId: account.id, data: { requestId } });
  await endSessions(tx, account.id, 'erased');
  makePseudonym(tx, account);
  await tx.em.flush();
  return { state: 'running', failureCode: null };
}

/**
 * Deletes what the user service still has of an account whose erasure has begun, and takes the person out of what it keeps:
 * sessions and the security log stay as ids, times and codes.
 *
 * @returns how many rows were changed.
 */
export async function eraseUser(tx: Tx, userId: string): Promise<number> {
  const applications = await tx.query<{ id: string }>(`select id from "user".oauth_application where owner_id = $1`, [userId]);
  for (const { id } of applications) await deleteApplication(tx, id);
  let rows = applications.length + (await endFriendships(tx, userId)) + (await endExports(tx, userId));
  for (const statement of STATEMENTS) rows += (await tx.query(statement, [userId])).length;
  return rows;
}

/** Ends the friendships of an account; the ledgers of two stay with the other one. What was only asked is deleted. @returns how many. */
async function endFriendships(tx: Tx, userId: string): Promise<number> {
  const ended = await tx.query<{ id: string; ledger_id: string }>(
    `update "user".friendship set state = 'ended', closed_at = now(), asked_email = '', asked_key = ''
     where state = 'accepted' and (asker_id = $1 or asked_id = $1) returning id, ledger_id`,
    [userId],
  );
  for (const { id, ledger_id: ledgerId } of ended) tx.emit({ type: 'friend.ended', subjectId: id, actorId: userId, data: { ledgerId } });
  return ended.length;
}

/** Ends the exports of an account and deletes their ZIPs; their processes delete what the services gave to them. @returns how many. */
async function endExports(tx: Tx, userId: string): Promise<number> {
  await tx.query(`delete from "user".export_archive where request_id in (select id from "user".data_request where account_id = $1)`, [
    userId,
  ]);
  const ended = await tx.query<{ id: string }>(
    `update "user".data_request set state = 'cancelled', archive_id = null, archive_bytes = null, archive_sha256 = null,
       ended_at = coalesce(ended_at, now()), updated_at = now()
     where account_id = $1 and kind = 'export' and state in ('running', 'done') returning id`,
    [userId],
  );
  for (const { id: requestId } of ended)
    tx.emit({ type: 'user.request_cancelled', subjectId: userId, data: { requestId, kind: 'export' } });
  return ended.length;
}

/** Traces of an account that are left in the user service after {@link eraseUser}. */
export async function countUserTraces(query: Tx['query'], userId: string): Promise<number> {
  const [row] = await query<{ n: number }>(`select (${TRACES.map((one) => `(select count(*) from ${one})`).join(' + ')})::int as n`, [
    userId,
  ]);
  return row?.n ?? 0;
}

/**
 * Ends an erasure with its proof; the address goes at last.
 *
 * @returns the request's state.
 */
export async function finishErasure(tx: Tx, requestId: string, proof: ErasureProof): Promise<DataRequestState | 'not_found'> {
  const request = await holdRequest(tx, requestId);
  if (request === null || request.kind !== 'erasure') return 'not_found';
  if (request.state !== 'running') return request.state;
  await tx.query(
    `update "user".data_request set state = 'done', email_key = null, proof = $2, ended_at = now(), updated_at = now() where id = $1`,
    [requestId, JSON.stringify(proof)],
  );
  await audit(tx, { action: 'account.erased', subjectId: request.accountId, data: { requestId } });
  tx.emit({ type: 'user.erased', subjectId: request.accountId, data: { requestId } });
  return 'done';
}

async function whyNot(tx: Tx, account: Account): Promise<string | null> {
  if (account.state === 'erased') return 'account_erased';
  try {
    await requireErasable(tx, account);
    return null;
  } catch (error) {
    if (error instanceof RefusalError) return error.refusal.code;
    throw error;
  }
}

function makePseudonym(tx: Tx, account: Account): void {
  account.state = 'erased';
  account.email = erasedAddress(account.id);
  account.emailKey = erasedAddress(account.id);
  account.emailVerifiedAt = null;
  account.passwordHash = 'none';
  account.displayName = ERASED_NAME;
  account.locale = 'en';
  account.timeZone = 'UTC';
  account.defaultCurrency = 'EUR';
  account.platformRole = null;
  account.totpSecret = null;
  account.totpAskedAt = null;
  account.totpEnabledAt = null;
  account.totpLastStep = null;
  account.passwordChangedAt = null;
  account.version += 1;
  account.updatedAt = tx.now;
}

const NOT_A_PSEUDONYM = `(display_name <> '${ERASED_NAME}' or email <> email_key or password_hash <> 'none' or totp_secret is not null
  or email_verified_at is not null or locale <> 'en' or time_zone <> 'UTC' or password_changed_at is not null)`;

/** Of everything that names a way in or says something of the person; `$1` is the account. Each gives the rows that it changed. */
const STATEMENTS: readonly string[] = [
  // Again what the point of no return did, for a request that had begun before it.
  `update "user".account set email = email_key, email_verified_at = null, password_hash = 'none', display_name = '${ERASED_NAME}', locale = 'en', time_zone = 'UTC',
     default_currency = 'EUR', totp_secret = null, totp_asked_at = null, totp_enabled_at = null, totp_last_step = null, password_changed_at = null
   where id = $1 and ${NOT_A_PSEUDONYM} returning 1`,
  `delete from "user".oauth_artifact where payload ->> 'accountId' = $1::uuid::text
     or grant_id in (select id from "user".session where account_id = $1) returning 1`,
  `delete from "user".recovery_code where account_id = $1 returning 1`,
  `delete from "user".mail_token where account_id = $1 returning 1`,
  `delete from "user".identity where account_id = $1 returning 1`,
  `delete from "user".identity_link where account_id = $1 returning 1`,
  // Whoever signs in meanwhile by a request that had begun before.
  `update "user".session set ended_at = coalesce(ended_at, now()), end_reason = coalesce(end_reason, 'erased'), user_agent = null, name = null, secret_hash = null
   where account_id = $1 and (ended_at is null or user_agent is not null or name is not null or secret_hash is not null) returning 1`,
  // The addresses of others who acted on the account are theirs; what they wrote about the person goes.
  `update "user".audit_event set address = case when actor_id is null or actor_id = $1 then null else address end, data = data - 'reason'
   where (actor_id = $1 or subject_id = $1) and ((address is not null and (actor_id is null or actor_id = $1)) or (action like 'user.%' and data ? 'reason'))
   returning 1`,
  // Answers kept for replays: the person's own, and what they told others of the person.
  `delete from "user".idempotency where user_id = $1 returning 1`,
  `update "user".idempotency set body = body || jsonb_build_object('email', a.email, 'displayName', a.display_name)
   from "user".account a where a.id = $1 and body ->> 'id' = $1::uuid::text and body ->> 'email' <> a.email returning 1`,
  // Those of others who asked the person, or were asked, show the address that was asked.
  `update "user".idempotency i set body = i.body || jsonb_build_object('email', a.email, 'displayName', a.display_name)
   from "user".account a join "user".data_request r on r.account_id = a.id and r.kind = 'erasure' and r.state = 'running'
   where a.id = $1 and starts_with(i.path, '/v1/friends') and i.body ->> 'email' <> a.email
     and (i.body ->> 'userId' = $1::uuid::text or lower(i.body ->> 'email') = r.email_key) returning 1`,
  `delete from "user".friendship f using "user".data_request r
   where r.account_id = $1 and r.kind = 'erasure' and r.state = 'running' and f.ledger_id is null
     and (f.asker_id = $1 or f.asked_id = $1 or (f.asked_key = r.email_key and f.created_at <= r.begun_at)) returning 1`,
  `delete from "user".block where account_id = $1 or blocked_id = $1 returning 1`,
  `delete from "user".preference where account_id = $1 returning 1`,
];

/** What must not be there any more; `$1` is the account. */
const TRACES: readonly string[] = [
  `"user".account where id = $1 and (state <> 'erased' or ${NOT_A_PSEUDONYM})`,
  `"user".session where account_id = $1 and (ended_at is null or user_agent is not null or name is not null or secret_hash is not null)`,
  `"user".identity where account_id = $1`,
  `"user".identity_link where account_id = $1`,
  `"user".recovery_code where account_id = $1`,
  `"user".mail_token where account_id = $1`,
  `"user".oauth_application where owner_id = $1`,
  `"user".oauth_artifact where payload ->> 'accountId' = $1::uuid::text`,
  `"user".audit_event where actor_id = $1 and address is not null`,
  `"user".idempotency where user_id = $1`,
  `"user".friendship f where (f.asker_id = $1 or f.asked_id = $1) and (f.ledger_id is null or f.state = 'accepted' or f.asked_email <> '')`,
  `"user".block where account_id = $1 or blocked_id = $1`,
  `"user".preference where account_id = $1`,
  `"user".data_request where account_id = $1 and archive_id is not null`,
  ...SERVICES.map(
    (service) => `${service}_pub.export_part_v1 where request_id in (select id from "user".data_request where account_id = $1)`,
  ),
];
