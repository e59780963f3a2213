import { z } from 'zod';
import { adjustBalances } from '../../../../db/commands/expense/adjustments.ts';
import { toPage } from '../../../../db/cursor.ts';
import { type AdjustmentView, findAdjustment, listAdjustments } from '../../../../db/queries/expense/adjustments.ts';
import { ADJUSTMENT_ENTRIES_MAX } from '../../../../domain/ledger.ts';
import { groupAccess } from '../../../access.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { id, line, listOf, listQuery, money, toInstant } from '../../../schemas.ts';

const tag = 'adjustments';
const groupParams = z.strictObject({ groupId: id });
const entries = z
  .array(z.strictObject({ memberId: id, money }))
  .min(1)
  .max(ADJUSTMENT_ENTRIES_MAX);

const adjustment = z
  .strictObject({ id, groupId: id, entries, reason: z.string(), createdBy: id, createdAt: z.string().meta({ format: 'date-time' }) })
  .meta({ id: 'Adjustment' });

const create = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups/:groupId/adjustments',
  operationId: 'createAdjustment',
  tag,
  summary: 'Correct balances',
  description: 'Entries above zero raise a balance; in each currency they sum to zero.',
  access: groupAccess,
  idempotency: 'required',
  params: groupParams,
  body: z.strictObject({ id: id.optional(), entries, reason: line(500) }),
  answers: { 201: { description: 'The adjustment.', schema: adjustment } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { groupId } = request.params;
      const adjustmentId = await adjustBalances(tx, { groupId, userId: request.principal.userId, ...request.body });
      const view = await findAdjustment(tx.query, adjustmentId);
      if (view === null) throw new Error(`adjustment ${adjustmentId} vanished within its own request`);
      return { status: 201, body: present(view) };
    }),
});

const list = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/adjustments',
  operationId: 'listAdjustments',
  tag,
  summary: 'List the adjustments of a group',
  access: groupAccess,
  params: groupParams,
  query: listQuery,
  answers: { 200: { description: 'The newest first.', schema: listOf(adjustment) } },
  handle: async (request) => {
    const page = request.page(`adjustments/${request.params.groupId}`);
    const rows = await listAdjustments(request.read, request.params.groupId, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], present) };
  },
});

/** Operations on corrections of balances. */
export const adjustmentRoutes: readonly AnyRoute[] = [create, list];

function present(view: AdjustmentView): Record<string, unknown> {
  return { ...view, createdAt: toInstant(view.createdAt) };
}
