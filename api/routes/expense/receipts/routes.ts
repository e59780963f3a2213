import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { cleanReceipt, RECEIPT_BYTES_MAX, RECEIPT_TYPES } from '../../../../config/receipt-files.ts';
import { announceFile, removeDueFiles } from '../../../../db/commands/expense/file-removals.ts';
import { addReceipt, receiptKey, removeReceipt } from '../../../../db/commands/expense/receipts.ts';
import { toPage } from '../../../../db/cursor.ts';
import { findReceipt, listReceipts, type ReceiptView } from '../../../../db/queries/expense/receipts.ts';
import { Problem } from '../../../problems.ts';
import type { RouteRequest } from '../../../request.ts';
import { type AnyRoute, type Answer, route } from '../../../route.ts';
import { id, listOf, listQuery, toInstant } from '../../../schemas.ts';
import { expenseAccess } from '../expenses/access.ts';
import { expenseParams } from '../expenses/schema.ts';
import { receiptAccess, type SeenReceipt } from './access.ts';

const tag = 'receipts';
const receiptParams = z.strictObject({ receiptId: id });

const receipt = z
  .strictObject({
    id,
    expenseId: id,
    uploadedBy: id,
    contentType: z.enum(RECEIPT_TYPES),
    bytes: z.int(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    url: z.string().meta({ description: 'Path of the file itself.' }),
    createdAt: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'Receipt' });

const list = route({
  service: 'expense',
  method: 'get',
  path: '/v1/expenses/:expenseId/receipts',
  operationId: 'listReceipts',
  tag,
  summary: 'List the receipts of an expense',
  access: expenseAccess,
  params: expenseParams,
  query: listQuery,
  answers: { 200: { description: 'The oldest first.', schema: listOf(receipt) } },
  handle: async (request) => {
    const page = request.page(`receipts/${request.params.expenseId}`);
    const rows = await listReceipts(request.read, request.params.expenseId, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], present) };
  },
});

const create = route({
  service: 'expense',
  method: 'post',
  path: '/v1/expenses/:expenseId/receipts',
  operationId: 'createReceipt',
  tag,
  summary: 'Add a receipt to an expense',
  description:
    'A JPEG, PNG or WebP picture or a PDF, by what its bytes are. Pictures are encoded anew without anything but what they show; of an animation the first frame is kept. Also for an expense of a locked period, since proofs come late.',
  access: expenseAccess,
  upload: { bytesMax: RECEIPT_BYTES_MAX, types: RECEIPT_TYPES },
  params: expenseParams,
  answers: { 201: { description: 'The receipt.', schema: receipt, headers: ['Location'] } },
  problems: [409, 422, 503],
  handle: async (request) => {
    const { expenseId, groupId } = request.resource;
    const { bytes, ...clean } = await cleanReceipt(request.rawBody);
    const receiptId = uuidv7();
    // Announced, written, claimed: whatever dies between, no row is without its file, and no file for long without a row.
    await announceFile(request.db, receiptKey(receiptId));
    await request.deps.files.put(receiptKey(receiptId), bytes, clean.contentType);
    const sha256 = createHash('sha256').update(bytes).digest('base64url');
    return request.command(async (tx) => {
      const made = { ...clean, id: receiptId, bytes: bytes.length, sha256 };
      await addReceipt(tx, { expenseId, groupId, userId: request.principal.userId, receipt: made });
      const view = await findReceipt(tx.query, receiptId);
      if (view === null) throw new Error(`receipt ${receiptId} vanished within its own request`);
      return { status: 201, headers: { Location: `/v1/receipts/${receiptId}` }, body: present(view) };
    });
  },
});

const get = route({
  service: 'expense',
  method: 'get',
  path: '/v1/receipts/:receiptId',
  operationId: 'getReceipt',
  tag,
  summary: 'Read the file of a receipt',
  description: 'Only members of the group get it. A PDF comes as an attachment.',
  access: receiptAccess,
  params: receiptParams,
  answers: {
    200: {
      description: 'The picture or PDF.',
      schema: z.string().meta({ format: 'binary' }),
      contentType: RECEIPT_TYPES,
      headers: ['ETag'],
    },
  },
  problems: [503],
  handle: sendFile,
});

const remove = route({
  service: 'expense',
  method: 'delete',
  path: '/v1/receipts/:receiptId',
  operationId: 'deleteReceipt',
  tag,
  summary: 'Remove a receipt',
  description: 'Its file is gone for good. Not where the expense is dated in a locked period (409 `period_locked`).',
  access: receiptAccess,
  params: receiptParams,
  answers: { 204: { description: 'The receipt is gone.' } },
  problems: [409],
  handle: async (request) => {
    const { receiptId, expenseId, groupId } = request.resource;
    const answer = await request.command(async (tx) => {
      await removeReceipt(tx, { expenseId, groupId, userId: request.principal.userId, receiptId });
      return { status: 204 };
    });
    // What this one does not manage, the sweep does.
    removeDueFiles(request.db, request.deps.files, 1).catch((error: unknown) =>
      request.deps.logger.warn({ err: error, requestId: request.requestId }, 'file not removed yet'),
    );
    return answer;
  },
});

/** Operations on receipts. */
export const receiptRoutes: readonly AnyRoute[] = [list, create, get, remove];

const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'application/pdf': 'pdf',
};

async function sendFile(request: RouteRequest<{ receiptId: string }, unknown, unknown, SeenReceipt>): Promise<Answer> {
  const { contentType, sha256, receiptId } = request.resource;
  const etag = `"${sha256}"`;
  const shown = contentType === 'application/pdf' ? 'attachment' : 'inline';
  const headers = {
    ETag: etag,
    'Content-Type': contentType,
    'Content-Disposition': `${shown}; filename="receipt-${receiptId}.${EXTENSIONS[contentType] ?? 'bin'}"`,
    // Nothing in it runs, whatever it is taken for. The browser keeps it and asks each time whether its reader may still see it.
    'Content-Security-Policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
    'Cross-Origin-Resource-Policy': 'same-site',
    'Cache-Control': 'private, no-cache',
  };
  // The file of a receipt never changes; one that is there already need not be opened.
  if (request.headers['if-none-match']?.includes(etag) === true) return { status: 200, headers };
  const file = await request.deps.files.get(receiptKey(receiptId));
  if (file === null) throw new Problem('not_found', 'There is no such resource, or you may not see it.');
  return { status: 200, headers: { ...headers, 'Content-Length': String(file.bytes) }, body: file.stream };
}

function present(view: ReceiptView): Record<string, unknown> {
  const { id: receiptId, expenseId, uploadedBy, contentType, bytes, width, height, createdAt } = view;
  const url = `/v1/receipts/${receiptId}`;
  return { id: receiptId, expenseId, uploadedBy, contentType, bytes, width, height, url, createdAt: toInstant(createdAt) };
}
