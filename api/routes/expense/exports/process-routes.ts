import { Readable } from 'node:stream';
import { z } from 'zod';
import { cancelExport, openExport } from '../../../../db/commands/expense/group-exports.ts';
import { fileKind } from '../../../../db/commands/expense/export-store.ts';
import { exportParts, findExportOf, type GroupExportView } from '../../../../db/queries/expense/group-exports.ts';
import { read, type Tx } from '../../../../db/transact.ts';
import { workflowId } from '../../../../domain/events.ts';
import { EXPORTS } from '../../../../domain/export/formats.ts';
import {
  EXPORT_FILE_DAYS,
  KEPT_EXPORTS_MAX,
  RUNNING_EXPORTS_MAX,
  RUNNING_EXPORTS_OF_PERSON_MAX,
} from '../../../../domain/export/group-export.ts';
import { refusal } from '../../../../domain/refusal.ts';
import { groupAccess } from '../../../access.ts';
import { databaseOf } from '../../../deps.ts';
import { leastOf, statesOf } from '../../../policy.ts';
import { type Access, type AnyRoute, type Answer, route } from '../../../route.ts';
import { toInstant } from '../../../schemas.ts';
import * as schema from './schema.ts';

const tag = 'imports and exports';

/** An export of the caller, as long as they are in its group; nobody else may see it. */
const own: Access<GroupExportView> = {
  resource: 'export',
  load: (deps, principal, { exportId = '' }) =>
    findExportOf((text, values) => read(databaseOf(deps, 'expense'), text, values), exportId, principal.userId),
};

const create = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups/:groupId/exports',
  operationId: 'createExport',
  tag,
  summary: 'Have a group written to a file, with its receipts',
  description: `For groups of any size: an \`exportData\` workflow writes the same file as \`GET .../export\`, of what is recorded until now, and tells you when it is there. What gets another day while it is written makes it begin again, a few times; then it fails by \`group_changed\`. With \`receipts\` it is a ZIP of that file, of the receipts, and of a \`manifest.json\` with the SHA-256 of each and the expense that it is of. Kept for ${EXPORT_FILE_DAYS} days; at most ${RUNNING_EXPORTS_MAX} of yours run at once in a group and ${RUNNING_EXPORTS_OF_PERSON_MAX} in all, and the last ${KEPT_EXPORTS_MAX} are kept, of two gigabytes together.`,
  access: groupAccess,
  params: schema.groupParams,
  body: schema.createExport,
  answers: { 202: { description: 'The export, which runs.', schema: schema.exportView, headers: ['Location'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { userId } = request.principal;
      const exportId = await openExport(tx, {
        ...request.body,
        groupId: request.params.groupId,
        userId,
        least: leastOf(request.policy),
        states: statesOf(request.policy),
      });
      return accepted(tx, exportId, userId);
    }),
});

const get = route({
  service: 'expense',
  method: 'get',
  path: '/v1/exports/:exportId',
  operationId: 'getExport',
  tag,
  summary: 'Read how far an export of mine is',
  description: 'Only who asked for it sees it, and only as a member of the group.',
  access: own,
  params: schema.exportParams,
  answers: { 200: { description: 'The export.', schema: schema.exportView } },
  handle: async (request) => ({ status: 200, body: present(request.resource) }),
});

const getFile = route({
  service: 'expense',
  method: 'get',
  path: '/v1/exports/:exportId/file',
  operationId: 'getExportFile',
  tag,
  summary: 'Get the file of an export of mine',
  access: own,
  params: schema.exportParams,
  answers: {
    200: {
      description: 'The file, or the ZIP of it and the receipts.',
      schema: z.unknown(),
      headers: ['Content-Disposition'],
      contentType: ['text/csv', 'application/json', 'application/qif', 'application/zip'],
    },
  },
  problems: [409],
  handle: async (request) => {
    const { id, groupId, receipts, bytes } = request.resource;
    if (bytes === null) throw refusal('export_not_ready', 'There is no file of this export now.');
    const format = EXPORTS[request.resource.format];
    const { contentType, extension } = receipts ? { contentType: 'application/zip', extension: 'zip' } : format;
    return {
      status: 200,
      headers: {
        'Content-Type': contentType,
        'Content-Length': String(bytes),
        'Content-Disposition': `attachment; filename="${groupId}.${extension}"`,
      },
      body: Readable.from(whole(exportParts(request.db, id, fileKind({ receipts })), bytes), { objectMode: false }),
    };
  },
});

const cancel = route({
  service: 'expense',
  method: 'post',
  path: '/v1/exports/:exportId/cancel',
  operationId: 'cancelExport',
  tag,
  summary: 'Take an export back',
  description: 'One that runs stops; the file of one that is done is gone at once.',
  access: own,
  params: schema.exportParams,
  answers: { 202: { description: 'The export, cancelled.', schema: schema.exportView, headers: ['Location'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { exportId } = request.params;
      await cancelExport(tx, exportId);
      return accepted(tx, exportId, request.principal.userId);
    }),
});

/** Operations on exports that a process writes. */
export const groupExportRoutes: readonly AnyRoute[] = [create, get, getFile, cancel];

async function accepted(tx: Tx, exportId: string, userId: string): Promise<Answer> {
  const view = await findExportOf(tx.query, exportId, userId);
  // They left the group between being let in and now.
  if (view === null) throw refusal('not_found', 'There is no such resource, or you may not see it.');
  return { status: 202, headers: { Location: `/v1/exports/${exportId}` }, body: present(view) };
}

/** The parts of a file, which may be deleted while they are sent: then the connection breaks off, and nobody takes a half for the whole. */
async function* whole(parts: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let sent = 0;
  for await (const part of parts) {
    sent += part.length;
    yield part;
  }
  if (sent !== bytes) throw new Error(`${sent} of ${bytes} bytes of an export are there`);
}

function present({ userId: _whose, ...view }: GroupExportView): Record<string, unknown> {
  return {
    ...view,
    createdAt: toInstant(view.createdAt),
    endedAt: view.endedAt === null ? null : toInstant(view.endedAt),
    expiresAt: view.expiresAt === null ? null : toInstant(view.expiresAt),
    workflowId: workflowId('exportData', view.id),
  };
}
