import { v7 as uuidv7 } from 'uuid';
import { redirectUriFault } from '../../../config/redirect-uris.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { Scope } from '../../../domain/scopes.ts';
import type { Tx } from '../../transact.ts';
import { lockAccount } from './accounts.ts';
import { openSession, SESSION_DAYS } from './sessions.ts';

/** Most applications of a person. */
export const APPLICATIONS_MAX = 20;

/** What an owner says of an application. */
export interface ApplicationFields {
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly scopes: readonly Scope[];
  readonly homepageUrl: string | null;
}

/**
 * Registers an application.
 *
 * @param input.secretHash see config/client-secrets.ts; null for a public application, which can keep no secret.
 * @returns its id, which is its client id too.
 * @throws RefusalError application_limit_reached, invalid_redirect_uri.
 */
export async function createApplication(
  tx: Tx,
  ownerId: string,
  input: ApplicationFields & { kind: 'confidential' | 'public'; secretHash: string | null },
): Promise<string> {
  checkRedirectUris(input.redirectUris, input.kind);
  // The account's row is held, so that two at once cannot both be the last one allowed.
  await lockAccount(tx, ownerId);
  const [count] = await tx.query<{ number: number }>(`select count(*)::int as number from "user".oauth_application where owner_id = $1`, [
    ownerId,
  ]);
  if ((count?.number ?? 0) >= APPLICATIONS_MAX)
    throw refusal('application_limit_reached', `There are ${APPLICATIONS_MAX} applications already; delete one that is not needed.`);
  const id = uuidv7();
  await tx.query(
    `insert into "user".oauth_application (id, owner_id, name, kind, redirect_uris, scopes, homepage_url, secret_hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [id, ownerId, input.name, input.kind, [...input.redirectUris], sorted(input.scopes), input.homepageUrl, input.secretHash],
  );
  return id;
}

/**
 * Changes an application. What people allowed it stays as it was: more scopes are asked for at the next authorization.
 *
 * @throws RefusalError invalid_redirect_uri.
 */
export async function changeApplication(
  tx: Tx,
  application: { id: string; kind: 'confidential' | 'public' },
  change: { [Field in keyof ApplicationFields]?: ApplicationFields[Field] | undefined },
): Promise<void> {
  if (change.redirectUris !== undefined) checkRedirectUris(change.redirectUris, application.kind);
  await tx.query(
    `update "user".oauth_application set name = coalesce($2, name), redirect_uris = coalesce($3, redirect_uris), scopes = coalesce($4, scopes),
       homepage_url = case when $5 then $6 else homepage_url end, updated_at = now() where id = $1`,
    [
      application.id,
      change.name ?? null,
      change.redirectUris === undefined ? null : [...change.redirectUris],
      change.scopes === undefined ? null : sorted(change.scopes),
      change.homepageUrl !== undefined,
      change.homepageUrl ?? null,
    ],
  );
}

/** Gives a confidential application another secret; the old one is refused from the commit on. */
export async function replaceClientSecret(tx: Tx, applicationId: string, secretHash: string): Promise<void> {
  await tx.query(`update "user".oauth_application set secret_hash = $2, updated_at = now() where id = $1 and kind = 'confidential'`, [
    applicationId,
    secretHash,
  ]);
}

/** Deletes an application, and ends all that people allowed it; its tokens are refused everywhere within a second. */
export async function deleteApplication(tx: Tx, applicationId: string): Promise<void> {
  const ended = await tx.query<{ id: string }>(
    `update "user".session set ended_at = now(), end_reason = 'revoked' where application_id = $1 and ended_at is null returning id`,
    [applicationId],
  );
  await tx.query(`delete from "user".oauth_artifact where grant_id = any($1::uuid[])`, [ended.map(({ id }) => id)]);
  await tx.query(`delete from "user".oauth_application where id = $1`, [applicationId]);
}

/**
 * Notes that a person allows an application some scopes: one session of kind `application` for the two, whose scopes grow.
 *
 * @returns id of the session, which is the id of the grant and the `sid` of its tokens; null where either is gone.
 */
export async function authorizeApplication(
  tx: Tx,
  userId: string,
  applicationId: string,
  scopes: readonly Scope[],
): Promise<string | null> {
  // The account's row is held, so that two pages at once make one authorization.
  const [account] = await tx.query(`select id from "user".account where id = $1 and state = 'active' for no key update`, [userId]);
  const [application] = await tx.query<{ name: string }>(`select name from "user".oauth_application where id = $1 for key share`, [
    applicationId,
  ]);
  if (account === undefined || application === undefined) return null;
  // One whose time is over makes place.
  await tx.query(
    `update "user".session set ended_at = now(), end_reason = 'revoked'
     where account_id = $1 and application_id = $2 and kind = 'application' and ended_at is null and expires_at <= now()`,
    [userId, applicationId],
  );
  const [known] = await tx.query<{ id: string }>(
    `update "user".session set scopes = array(select distinct unnest(scopes || $3::text[]) order by 1),
       expires_at = now() + interval '${SESSION_DAYS} days'
     where account_id = $1 and application_id = $2 and kind = 'application' and ended_at is null returning id`,
    [userId, applicationId, [...scopes]],
  );
  if (known !== undefined) return known.id;
  const { sessionId } = openSession(tx, userId, { kind: 'application', applicationId, name: application.name, scopes: sorted(scopes) });
  return sessionId;
}

function checkRedirectUris(uris: readonly string[], kind: 'confidential' | 'public'): void {
  uris.forEach((uri, at) => {
    const fault = redirectUriFault(uri, kind);
    if (fault !== null) throw refusal('invalid_redirect_uri', `The redirect URI ${fault}.`, `/redirectUris/${at}`);
  });
}

function sorted(scopes: readonly Scope[]): Scope[] {
  return [...new Set(scopes)].toSorted();
}
