import type { DataRequestKind, DataRequestState, ErasureProof } from '../../../domain/data-request.ts';
import type { ServiceDatabase } from '../../orm.ts';
import { read, type Tx } from '../../transact.ts';

type Query = Tx['query'];

/** What a person asked for about their own data. */
export interface DataRequestView {
  readonly id: string;
  readonly accountId: string;
  readonly kind: DataRequestKind;
  readonly state: DataRequestState;
  readonly failureCode: string | null;
  readonly createdAt: Date;
  readonly beginsAt: Date | null;
  readonly expiresAt: Date | null;
  readonly endedAt: Date | null;
  readonly archive: { readonly id: string; readonly bytes: number; readonly sha256: string } | null;
  readonly proof: ErasureProof | null;
}

interface Row {
  id: string;
  account_id: string;
  kind: DataRequestKind;
  state: DataRequestState;
  failure_code: string | null;
  created_at: string;
  begins_at: string | null;
  expires_at: string | null;
  ended_at: string | null;
  archive_id: string | null;
  archive_bytes: string | null;
  archive_sha256: string | null;
  proof: ErasureProof | null;
}

/** Reads a request; null where there is none. */
export async function findDataRequest(query: Query, requestId: string): Promise<DataRequestView | null> {
  const [row] = await query<Row>(
    `select id, account_id, kind, state, failure_code, created_at, begins_at, expires_at, ended_at, archive_id, archive_bytes, archive_sha256, proof
     from "user".data_request where id = $1`,
    [requestId],
  );
  if (row === undefined) return null;
  const { archive_id: archiveId, archive_bytes: bytes, archive_sha256: sha256 } = row;
  return {
    id: row.id,
    accountId: row.account_id,
    kind: row.kind,
    state: row.state,
    failureCode: row.failure_code,
    createdAt: new Date(row.created_at),
    beginsAt: time(row.begins_at),
    expiresAt: time(row.expires_at),
    endedAt: time(row.ended_at),
    archive: archiveId === null || bytes === null || sha256 === null ? null : { id: archiveId, bytes: Number(bytes), sha256 },
    proof: row.proof,
  };
}

/** The ZIP of an export, piece by piece, so that a large one takes no memory. */
export async function* readArchive(db: ServiceDatabase, archiveId: string): AsyncGenerator<Buffer> {
  for (let seq = 0; ; seq++) {
    const [piece] = await read<{ content: Buffer }>(db, `select content from "user".export_archive where archive_id = $1 and seq = $2`, [
      archiveId,
      seq,
    ]);
    if (piece === undefined) return;
    yield piece.content;
  }
}

function time(value: string | null): Date | null {
  return value === null ? null : new Date(value);
}
