import { v7 as uuidv7 } from 'uuid';
import { type DataRequestKind, type DataRequestState, isCancellable } from '../../../domain/data-request.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { Tx } from '../../transact.ts';
import { lockAccount } from './accounts.ts';
import { requireErasable } from './erasure-rules.ts';

/** Exports that a person may ask for within a day: a new one each time something was added, not a load on everybody else. */
export const EXPORTS_PER_DAY = 5;
/** Days for which the ZIP of an export is kept. */
export const EXPORT_DAYS = 7;

/**
 * Asks for an export of everything about a person.
 *
 * @returns the request's id.
 * @throws RefusalError request_in_progress, export_limit_reached.
 */
export async function requestExport(tx: Tx, userId: string): Promise<string> {
  // The account's row is held, so that two at once cannot both be the last one allowed.
  await lockAccount(tx, userId);
  await refuseSecond(tx, userId, 'export');
  const [count] = await tx.query<{ number: number }>(
    `select count(*)::int as number from "user".data_request where account_id = $1 and kind = 'export' and created_at > now() - interval '1 day'`,
    [userId],
  );
  if ((count?.number ?? 0) >= EXPORTS_PER_DAY)
    throw refusal('export_limit_reached', `${EXPORTS_PER_DAY} exports a day are the most; take the last one, or wait.`);
  const id = uuidv7();
  await tx.query(`insert into "user".data_request (id, account_id, kind, state) values ($1, $2, 'export', 'running')`, [id, userId]);
  tx.emit({ type: 'user.export_requested', subjectId: userId, actorId: userId, data: { requestId: id } });
  return id;
}

/**
 * Asks for the erasure of an account. It begins after the given time, in which it can be taken back.
 *
 * @param graceMinutes 0 lets it begin at once.
 * @returns the request's id.
 * @throws RefusalError request_in_progress, last_admin, payments_in_flight.
 */
export async function requestErasure(tx: Tx, userId: string, graceMinutes: number): Promise<string> {
  const account = await lockAccount(tx, userId);
  await refuseSecond(tx, userId, 'erasure');
  await requireErasable(tx, account);
  const id = uuidv7();
  await tx.query(
    `insert into "user".data_request (id, account_id, kind, state, begins_at) values ($1, $2, 'erasure', 'pending', now() + make_interval(mins => $3))`,
    [id, userId, graceMinutes],
  );
  tx.emit({ type: 'user.erasure_requested', subjectId: userId, actorId: userId, data: { requestId: id } });
  return id;
}

/** A request under its lock. */
export interface HeldRequest {
  readonly id: string;
  readonly accountId: string;
  readonly kind: DataRequestKind;
  readonly state: DataRequestState;
  readonly archiveId: string | null;
  /** Whether the time of its beginning, or of its end, has come. */
  readonly due: boolean;
}

/** Takes a request to change it, or null. */
export async function holdRequest(tx: Tx, requestId: string): Promise<HeldRequest | null> {
  const [row] = await tx.query<HeldRequest>(
    `select id, account_id as "accountId", kind, state, archive_id as "archiveId",
       coalesce(case when kind = 'erasure' then begins_at else expires_at end <= clock_timestamp(), false) as due
     from "user".data_request where id = $1 for update`,
    [requestId],
  );
  return row ?? null;
}

/**
 * Takes a request back: an export that is being collected, or an erasure before its point of no return.
 *
 * @throws RefusalError not_found, not_cancellable.
 */
export async function cancelRequest(tx: Tx, requestId: string, actorId?: string): Promise<void> {
  const request = await holdRequest(tx, requestId);
  if (request === null) throw refusal('not_found', 'There is no such request.');
  if (request.state === 'cancelled') return;
  if (!isCancellable(request.kind, request.state)) throw refusal('not_cancellable', `The request is ${request.state} already.`);
  await endRequest(tx, requestId, 'cancelled');
  tx.emit({
    type: 'user.request_cancelled',
    subjectId: request.accountId,
    ...(actorId === undefined ? {} : { actorId }),
    data: { requestId, kind: request.kind },
  });
}

/** Notes that a request has ended; its archive, if any, is named by it no more. */
export async function endRequest(
  tx: Tx,
  requestId: string,
  state: 'failed' | 'cancelled' | 'expired',
  failureCode: string | null = null,
): Promise<void> {
  await tx.query(
    `update "user".data_request set state = $2, failure_code = $3, archive_id = null, archive_bytes = null, ended_at = now(), updated_at = now() where id = $1`,
    [requestId, state, failureCode],
  );
}

/** A finished ZIP. */
export interface Archive {
  readonly archiveId: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Gives an export its ZIP, tells its owner, and lets an earlier one expire: an account has one at a time.
 *
 * @returns its state; other than `done` where it was cancelled meanwhile, and then the archive is nobody's.
 */
export async function finishExport(tx: Tx, requestId: string, archive: Archive): Promise<DataRequestState | null> {
  const request = await holdRequest(tx, requestId);
  if (request === null || request.state !== 'running') return request?.state ?? null;
  const earlier = await tx.query<{ id: string }>(
    `update "user".data_request set expires_at = now(), updated_at = now() where account_id = $1 and kind = 'export' and archive_id is not null returning id`,
    [request.accountId],
  );
  await tx.query(
    `update "user".data_request set state = 'done', archive_id = $2, archive_bytes = $3, archive_sha256 = $4, expires_at = now() + make_interval(days => $5),
       ended_at = now(), updated_at = now() where id = $1`,
    [requestId, archive.archiveId, archive.bytes, archive.sha256, EXPORT_DAYS],
  );
  for (const { id } of earlier) tx.emit({ type: 'user.export_replaced', subjectId: request.accountId, data: { requestId: id } });
  tx.emit({ type: 'user.export_ready', subjectId: request.accountId, data: { requestId } });
  return 'done';
}

/** Ends an export whose time is over. @returns its state; `done` where it is not time yet. */
export async function expireExport(tx: Tx, requestId: string): Promise<DataRequestState | null> {
  const request = await holdRequest(tx, requestId);
  if (request === null) return null;
  if (request.state !== 'done' || !request.due) return request.state;
  await endRequest(tx, requestId, 'expired');
  return 'expired';
}

/** Deletes what an export wrote, but for the archive that its row names. */
export async function discardArchives(tx: Tx, requestId: string): Promise<void> {
  await tx.query(
    `delete from "user".export_archive a where a.request_id = $1
       and not exists (select 1 from "user".data_request r where r.id = $1 and r.archive_id = a.archive_id)`,
    [requestId],
  );
}

async function refuseSecond(tx: Tx, userId: string, kind: DataRequestKind): Promise<void> {
  const open = await tx.query(
    `select id from "user".data_request where account_id = $1 and kind = $2 and state in ('pending', 'running')`,
    [userId, kind],
  );
  if (open.length > 0) throw refusal('request_in_progress', `An ${kind} was asked for already and has not ended.`);
}
