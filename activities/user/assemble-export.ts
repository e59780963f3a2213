import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { v7 as uuidv7 } from 'uuid';
import { ZipFile } from 'yazl';
import { type Archive, discardArchives, endRequest, finishExport, holdRequest } from '../../db/commands/user/data-requests.ts';
import type { ServiceDatabase } from '../../db/orm.ts';
import { type ExportedFile, exportedFiles, exportedPart } from '../../db/queries/user/export-parts.ts';
import { read } from '../../db/transact.ts';
import type { DataRequestState } from '../../domain/data-request.ts';
import { type ActivityDeps, runCommand } from '../edge.ts';

/** Version of the archive's layout, in its manifest. */
export const EXPORT_FORMAT = 1;
/** Most bytes of an export before it is compressed: some million expenses. More than that needs a person's hand. */
const EXPORT_BYTES_MAX = 512 * 1024 * 1024;
/** Bytes of one row of the archive. */
const PIECE_BYTES = 1024 * 1024;

/** A file of the archive as its manifest lists it. */
interface Listed {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Puts the parts that the services gave together into a ZIP with a manifest, in pieces of a megabyte and in the memory of a few.
 * Each try writes an archive of its own; the request names the one that is whole, the rest is deleted.
 */
export async function assembleExport(
  deps: Pick<ActivityDeps, 'db' | 'dispatcher'>,
  requestId: string,
): Promise<{ state: DataRequestState; files: number; bytes: number }> {
  const [request] = await read<{ state: DataRequestState; account_id: string }>(
    deps.db,
    `select state, account_id from "user".data_request where id = $1 and kind = 'export'`,
    [requestId],
  );
  if (request?.state !== 'running') return { state: request?.state ?? 'expired', files: 0, bytes: 0 };
  const files = await exportedFiles(deps.db, requestId);
  if (files.reduce((sum, file) => sum + file.bytes, 0) > EXPORT_BYTES_MAX) {
    await runCommand(deps, async (tx) => {
      if ((await holdRequest(tx, requestId))?.state === 'running') await endRequest(tx, requestId, 'failed', 'export_too_large');
    });
    return { state: 'failed', files: files.length, bytes: 0 };
  }
  const archive = await writeArchive(deps.db, requestId, request.account_id, files);
  const state = await runCommand(deps, async (tx) => {
    const ended = await finishExport(tx, requestId, archive);
    await discardArchives(tx, requestId);
    return ended;
  });
  return { state: state ?? 'expired', files: files.length, bytes: archive.bytes };
}

async function writeArchive(db: ServiceDatabase, requestId: string, userId: string, files: readonly ExportedFile[]): Promise<Archive> {
  const archiveId = uuidv7();
  const hash = createHash('sha256');
  let [seq, bytes] = [0, 0];
  for await (const piece of pieces(zipOf(db, requestId, userId, files))) {
    hash.update(piece);
    bytes += piece.length;
    await read(db, `insert into "user".export_archive (archive_id, seq, request_id, content) values ($1, $2, $3, $4)`, [
      archiveId,
      seq++,
      requestId,
      piece,
    ]);
  }
  return { archiveId, bytes, sha256: hash.digest('hex') };
}

function zipOf(db: ServiceDatabase, requestId: string, userId: string, files: readonly ExportedFile[]): Readable {
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  const made = new Date();
  const listed: Listed[] = [];
  // A part that cannot be read ends the whole, and the activity is tried again.
  zip.on('error', (error: Error) => output.destroy(error));
  for (const file of files) {
    const name = `${file.service}/${file.file}`;
    zip.addReadStreamLazy(name, { mtime: made }, (give) =>
      give(null, Readable.from(contentOf(db, requestId, file, (sums) => listed.push({ name, rows: file.rows, ...sums })))),
    );
  }
  zip.addReadStreamLazy('manifest.json', { mtime: made }, (give) =>
    give(null, Readable.from([Buffer.from(`${JSON.stringify(manifestOf(requestId, userId, made, listed), null, 2)}\n`)])),
  );
  zip.end();
  return output;
}

/** The bytes of a file, part by part; one of JSON is a list of all its parts' rows. */
async function* contentOf(
  db: ServiceDatabase,
  requestId: string,
  file: ExportedFile,
  onEnd: (sums: { bytes: number; sha256: string }) => void,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let bytes = 0;
  const counted = (piece: Buffer): Buffer => {
    hash.update(piece);
    bytes += piece.length;
    return piece;
  };
  const isList = file.file.endsWith('.json');
  if (isList) yield counted(Buffer.from('[\n'));
  for (let seq = 0; seq < file.parts; seq++) {
    const part = await exportedPart(db, requestId, file, seq);
    if (part.length === 0) continue;
    if (isList && seq > 0) yield counted(Buffer.from(',\n'));
    yield counted(part);
  }
  if (isList) yield counted(Buffer.from('\n]\n'));
  onEnd({ bytes, sha256: hash.digest('hex') });
}

function manifestOf(requestId: string, userId: string, made: Date, files: readonly Listed[]): object {
  return {
    format: 'safesplitx-account-export',
    version: EXPORT_FORMAT,
    requestId,
    userId,
    createdAt: made.toISOString(),
    about:
      'Everything that SafeSplitX knows of you, by service. Texts and names of other people are in it where you share a group with them. Hashes of your password and tokens are left out: they are of no use to anybody.',
    files,
  };
}

async function* pieces(stream: Readable): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    held.push(chunk);
    size += chunk.length;
    if (size < PIECE_BYTES) continue;
    yield Buffer.concat(held);
    [held, size] = [[], 0];
  }
  if (size > 0) yield Buffer.concat(held);
}
