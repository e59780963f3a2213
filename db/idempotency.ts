import { createHash } from 'node:crypto';
import { refusal } from '../domain/refusal.ts';
import { databaseFailure } from './errors.ts';
import type { ServiceDatabase } from './orm.ts';
import { read, type Tx } from './transact.ts';

/** Keys are kept this long; afterwards the same key is a new command. */
export const IDEMPOTENCY_DAYS = 30;

/** Whose key it is and for which command: user, method and concrete path. */
export interface IdempotencyScope {
  readonly userId: string;
  readonly method: string;
  readonly path: string;
  readonly key: string;
  /** SHA-256 of the request's content, see {@link hashRequest}. */
  readonly requestHash: string;
}

/** An answer as it is kept and given again. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Hashes what makes two requests the same: the raw body, the query and the precondition. */
export function hashRequest(rawBody: string, query: string, ifMatch: string): string {
  return createHash('sha256').update(`${ifMatch}\n${query}\n${rawBody}`).digest('base64url');
}

/**
 * Claims a key inside the command's transaction. A second request with the same key waits here for the first, at most
 * the connection's lock time-out; a crash of the first rolls its claim back with everything else.
 *
 * @returns null when the key is ours and the command has to run; the first answer when it ran before.
 * @throws RefusalError idempotency_key_reused, idempotency_in_progress, already_done.
 */
export async function claimKey(tx: Tx, scope: IdempotencyScope): Promise<KeptAnswer | null> {
  const inserted = await insertKey(tx, scope);
  if (inserted) return null;
  const [row] = await tx.query<{
    request_hash: string;
    status: number | null;
    headers: Record<string, string> | null;
    body: unknown;
    secret: boolean;
  }>(
    `select request_hash, status, headers, body, secret from "${tx.db.service}".idempotency where user_id = $1 and key = $2 and method = $3 and path = $4`,
    [scope.userId, scope.key, scope.method, scope.path],
  );
  if (row === undefined) throw refusal('idempotency_in_progress', 'A request with this Idempotency-Key is still running.');
  return keptAnswer(row, scope.requestHash);
}

/**
 * The answer that a key has already led to, outside any command; null when there is none to give again: a new key, one
 * that is running, one with other content, or an answer that held a secret.
 */
export async function findAnswer(db: ServiceDatabase, scope: IdempotencyScope): Promise<KeptAnswer | null> {
  const [row] = await read<{ status: number; headers: Record<string, string> | null; body: unknown }>(
    db,
    `select status, headers, body from "${db.service}".idempotency
     where user_id = $1 and key = $2 and method = $3 and path = $4 and request_hash = $5 and status is not null and not secret
       and created_at >= now() - interval '${IDEMPOTENCY_DAYS} days'`,
    [scope.userId, scope.key, scope.method, scope.path, scope.requestHash],
  );
  return row === undefined ? null : { status: row.status, headers: row.headers ?? {}, body: row.body };
}

/** Turns a stored row into the answer to give again, or the refusal that it calls for. */
export function keptAnswer(
  row: { request_hash: string; status: number | null; headers: Record<string, string> | null; body: unknown; secret: boolean },
  requestHash: string,
): KeptAnswer {
  if (row.request_hash !== requestHash)
    throw refusal('idempotency_key_reused', 'This Idempotency-Key was used for a request with other content.');
  if (row.secret) throw refusal('already_done', 'This was done before; its answer held a secret and was not kept.');
  if (row.status === null) throw refusal('idempotency_in_progress', 'A request with this Idempotency-Key is still running.');
  return { status: row.status, headers: row.headers ?? {}, body: row.body };
}

async function insertKey(tx: Tx, scope: IdempotencyScope): Promise<boolean> {
  try {
    const rows = await tx.query(
      `insert into "${tx.db.service}".idempotency as kept (user_id, key, method, path, request_hash) values ($1, $2, $3, $4, $5)
       on conflict (user_id, key, method, path) do update set request_hash = excluded.request_hash, status = null, headers = null, body = null, secret = false, created_at = now()
         where kept.created_at < now() - interval '${IDEMPOTENCY_DAYS} days'
       returning key`,
      [scope.userId, scope.key, scope.method, scope.path, scope.requestHash],
    );
    return rows.length > 0;
  } catch (error) {
    if (databaseFailure(error) === 'busy')
      throw refusal('idempotency_in_progress', 'A request with this Idempotency-Key is still running.');
    throw error;
  }
}

/** Keeps the answer under the claimed key, in the same transaction. An answer with a secret leaves only the fact. */
export async function keepAnswer(tx: Tx, scope: IdempotencyScope, answer: KeptAnswer, secret: boolean): Promise<void> {
  await tx.query(
    `update "${tx.db.service}".idempotency set status = $5, headers = $6, body = $7, secret = $8
     where user_id = $1 and key = $2 and method = $3 and path = $4`,
    [
      scope.userId,
      scope.key,
      scope.method,
      scope.path,
      answer.status,
      secret ? null : JSON.stringify(answer.headers),
      secret || answer.body === undefined ? null : JSON.stringify(answer.body),
      secret,
    ],
  );
}
