import { openImport, requestUndo } from '../../../../db/commands/expense/imports.ts';
import { findImport, type ImportSummary, listImports } from '../../../../db/queries/expense/imports.ts';
import { toPage } from '../../../../db/cursor.ts';
import type { Tx } from '../../../../db/transact.ts';
import { workflowId } from '../../../../domain/events.ts';
import { IMPORT_BYTES_MAX } from '../../../../domain/import/file.ts';
import { groupAccess } from '../../../access.ts';
import { leastOf, statesOf } from '../../../policy.ts';
import { type AnyRoute, type Answer, route } from '../../../route.ts';
import { listOf, listQuery, toInstant } from '../../../schemas.ts';
import { importAccess } from './access.ts';
import * as schema from './schema.ts';

const tag = 'imports and exports';

const create = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups/:groupId/imports',
  operationId: 'createImport',
  tag,
  summary: "Import a file of another program, or one of this product's own",
  description:
    'Followed by an `importGroup` workflow. Every row is checked before the first one is recorded: one bad row refuses the file, with every problem listed, unless `skipBadRows`. What is recorded is not asked for approval. The same file again imports nothing new; equal rows of one file are all kept. As JSON, or as a form with the file.',
  access: groupAccess,
  bodyLimitBytes: IMPORT_BYTES_MAX,
  params: schema.groupParams,
  body: schema.createImport,
  form: schema.importForm,
  answers: { 202: { description: 'The import, which runs.', schema: schema.importView, headers: ['Location'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { content, ...fields } = request.body;
      const importId = await openImport(tx, {
        ...fields,
        content: request.file ?? Buffer.from(content, 'utf8'),
        groupId: request.params.groupId,
        userId: request.principal.userId,
        least: leastOf(request.policy),
        states: statesOf(request.policy),
      });
      return answerImport(tx.query, importId, 202);
    }),
});

const list = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/imports',
  operationId: 'listImports',
  tag,
  summary: 'List the imports of a group',
  access: groupAccess,
  params: schema.groupParams,
  query: listQuery,
  answers: {
    200: { description: 'The newest first; each tells by itself what is wrong with its rows.', schema: listOf(schema.importSummary) },
  },
  handle: async (request) => {
    const page = request.page(`imports/${request.params.groupId}`);
    const rows = await listImports(request.read, request.params.groupId, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], present) };
  },
});

const get = route({
  service: 'expense',
  method: 'get',
  path: '/v1/imports/:importId',
  operationId: 'getImport',
  tag,
  summary: 'Read how an import is going, or how it went',
  access: importAccess,
  params: schema.importParams,
  answers: { 200: { description: 'The import.', schema: schema.importView } },
  handle: (request) => answerImport(request.read, request.params.importId, 200),
});

const undo = route({
  service: 'expense',
  method: 'post',
  path: '/v1/imports/:importId/undo',
  operationId: 'undoImport',
  tag,
  summary: 'Undo an import',
  description:
    'One that runs stops. What it recorded is deleted and its postings are reversed, whatever was edited since; members whom it added and who have no other part leave. Categories that it added stay. The state is `undone` when that is finished. Refused where it would change the balance of a member who has left; of one who leaves meanwhile, the expense is kept and listed in `problems`.',
  access: importAccess,
  params: schema.importParams,
  answers: { 202: { description: 'The import, which is being undone.', schema: schema.importView, headers: ['Location'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { importId, groupId } = request.resource;
      await requestUndo(tx, { importId, groupId, userId: request.principal.userId, least: leastOf(request.policy) });
      return answerImport(tx.query, importId, 202);
    }),
});

/** Operations on imports. */
export const importRoutes: readonly AnyRoute[] = [create, list, get, undo];

async function answerImport(query: Tx['query'], importId: string, status: number): Promise<Answer> {
  const view = await findImport(query, importId);
  if (view === null) throw new Error(`import ${importId} vanished within its own request`);
  return { status, ...(status === 202 ? { headers: { Location: `/v1/imports/${importId}` } } : {}), body: present(view) };
}

function present(view: ImportSummary): Record<string, unknown> {
  return {
    ...view,
    createdAt: toInstant(view.createdAt),
    endedAt: view.endedAt === null ? null : toInstant(view.endedAt),
    workflowId: workflowId('importGroup', view.id),
  };
}
