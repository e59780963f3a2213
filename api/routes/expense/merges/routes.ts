import { z } from 'zod';
import { undoMerge } from '../../../../db/commands/expense/undo-merge.ts';
import { toPage } from '../../../../db/cursor.ts';
import { findMerge, listMerges, type MergeView } from '../../../../db/queries/expense/merges.ts';
import { read } from '../../../../db/transact.ts';
import { databaseOf } from '../../../deps.ts';
import { type Access, type AnyRoute, route } from '../../../route.ts';
import { id, line, listOf, listQuery, toInstant } from '../../../schemas.ts';

const tag = 'operations';
const instant = z.string().meta({ format: 'date-time' });

const fields = {
  id,
  groupId: id,
  fromMemberId: id,
  intoMemberId: id,
  movedUserId: id.nullable().meta({ description: 'The account that went with the merged member.' }),
  mergedBy: id.meta({ description: 'Account of who merged.' }),
  mergedAt: instant,
  undoneBy: id.nullable(),
  undoneAt: instant.nullable(),
  undoReason: z.string().nullable(),
};
const merge = z.strictObject(fields).meta({ id: 'Merge' });
const undone = z
  .strictObject({
    ...fields,
    restored: z.int().meta({ description: 'Expenses, payments, refunds and adjustments that went back.' }),
    kept: z
      .array(z.strictObject({ kind: z.enum(['expense', 'transfer', 'refund', 'adjustment']), id }))
      .meta({ description: 'Changed after the merge: they stay with the member who remained.' }),
  })
  .meta({ id: 'UndoneMerge' });

/** Any merge, for those who have a platform role; the policy has asked for it before. */
const anyMerge: Access<MergeView> = {
  resource: 'merge',
  load: (deps, principal, params) =>
    principal.platformRole === null
      ? Promise.resolve(null)
      : findMerge((text, values) => read(databaseOf(deps, 'expense'), text, values), params['mergeId'] ?? ''),
};

const list = route({
  service: 'expense',
  method: 'get',
  path: '/v1/operations/merges',
  operationId: 'listMerges',
  tag,
  summary: 'Find merges of members',
  query: listQuery.extend({ groupId: id.optional() }),
  answers: { 200: { description: 'The newest first.', schema: listOf(merge) } },
  handle: async (request) => {
    const { groupId } = request.query;
    const page = request.page(`merges/${groupId ?? ''}`);
    const rows = await listMerges(request.read, groupId, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.mergedAt, row.id], present) };
  },
});

const undo = route({
  service: 'expense',
  method: 'post',
  path: '/v1/operations/merges/:mergeId/undo',
  operationId: 'undoMerge',
  tag,
  summary: 'Undo a merge of members',
  description:
    'Both members are there again, each with what was theirs and with the account that it had. What was changed after the merge stays with the one who remained, and is told as `kept`. The default split and presets of the group say again what they said, unless somebody changed them.',
  access: anyMerge,
  params: z.strictObject({ mergeId: id }),
  body: z.strictObject({ reason: line(500).meta({ description: 'Why; kept with the merge.' }) }),
  answers: { 200: { description: 'The merge, and what went back.', schema: undone } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { mergeId } = request.params;
      const { restored, kept } = await undoMerge(tx, { mergeId, operatorId: request.principal.userId, reason: request.body.reason });
      const view = await findMerge(tx.query, mergeId);
      return { status: 200, body: { ...present(view ?? request.resource), restored, kept } };
    }),
});

/** Operations of the platform's own people on merges of members. */
export const mergeRoutes: readonly AnyRoute[] = [list, undo];

function present(view: MergeView): Record<string, unknown> {
  return { ...view, mergedAt: toInstant(view.mergedAt), undoneAt: view.undoneAt === null ? null : toInstant(view.undoneAt) };
}
