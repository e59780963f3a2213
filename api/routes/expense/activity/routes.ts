import { z } from 'zod';
import { toPage } from '../../../../db/cursor.ts';
import { ACTIVITY_SUBJECTS, type ActivityView, listActivity } from '../../../../db/queries/expense/activity.ts';
import { groupAccess } from '../../../access.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { id, listOf, listQuery, money, toInstant } from '../../../schemas.ts';
import { groupParams } from '../groups/schema.ts';

const activity = z
  .strictObject({
    id: z.string(),
    type: z.string().meta({ description: 'What happened to what, such as `expense.edited` or `member.left`.', example: 'expense.created' }),
    subject: z.strictObject({ kind: z.enum(ACTIVITY_SUBJECTS), id }),
    expenseId: id.nullable(),
    title: z.string().nullable().meta({ description: 'What the expense is called, or the reason of an adjustment.' }),
    version: z.int().nullable(),
    outcome: z
      .enum(['waiting', 'approved', 'rejected', 'expired', 'withdrawn', 'voided'])
      .nullable()
      .meta({ description: 'How the asking about this version of an expense has come out; null where nobody was asked.' }),
    money: money.nullable(),
    from: id.nullable(),
    to: id.nullable(),
    by: id.nullable().meta({ description: 'The member who did it; null for the clock.' }),
    at: z.string().meta({ format: 'date-time' }),
    changes: z.array(z.strictObject({ field: z.string(), from: z.unknown(), to: z.unknown() })),
  })
  .meta({ id: 'Activity' });

const list = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/activity',
  operationId: 'listActivity',
  tag: 'activity',
  summary: 'Read what happened in a group',
  description: 'Expenses, members, invitations, the group and its policy, settlements, payments and refunds: who, when, field by field.',
  access: groupAccess,
  params: groupParams,
  query: listQuery.extend({
    subject: z.enum(ACTIVITY_SUBJECTS).optional().meta({ description: 'Only what is about things of this kind.' }),
  }),
  answers: { 200: { description: 'The newest first.', schema: listOf(activity) } },
  handle: async (request) => {
    const { groupId } = request.params;
    const { subject } = request.query;
    const page = request.page(`activity/${groupId}/${subject ?? ''}`);
    const rows = await listActivity(request.read, groupId, subject, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.at, row.id], present) };
  },
});

/** What happened in a group. */
export const activityRoutes: readonly AnyRoute[] = [list];

function present({ subject, subjectId, at, ...rest }: ActivityView): Record<string, unknown> {
  return { ...rest, subject: { kind: subject, id: subjectId }, at: toInstant(at) };
}
