import { z } from 'zod';
import { addComment, deleteComment, editComment } from '../../../../db/commands/expense/comments.ts';
import { toPage } from '../../../../db/cursor.ts';
import { type CommentView, findComment, listComments } from '../../../../db/queries/expense/comments.ts';
import type { Tx } from '../../../../db/transact.ts';
import { MENTIONS_MAX } from '../../../../domain/comment.ts';
import { hasStanding } from '../../../../domain/standing.ts';
import { type Policy, standingOf } from '../../../policy.ts';
import { type Access, type AnyRoute, type Answer, route } from '../../../route.ts';
import { id, listOf, listQuery, text, toInstant } from '../../../schemas.ts';
import { findAsMember, type OfGroup } from '../as-member.ts';
import { expenseAccess } from '../expenses/access.ts';
import { expenseParams } from '../expenses/schema.ts';

const tag = 'comments';
const instant = z.string().meta({ format: 'date-time' });

const comment = z
  .strictObject({
    id,
    expenseId: id,
    groupId: id,
    authorMemberId: id,
    text: z.string(),
    mentions: z.array(id),
    createdAt: instant,
    editedAt: instant.nullable(),
  })
  .meta({ id: 'Comment' });

const fields = {
  text: text(2000)
    .refine((value) => value.trim() !== '', 'must say something')
    .meta({ description: 'Plain text of several lines. `@[memberId]` in it names a member.', example: 'Was this with tip?' }),
  mentions: z.array(id).max(MENTIONS_MAX).optional().meta({ description: 'Members named, beside those in the text.' }),
};

const commentParams = z.strictObject({ commentId: id });

const list = route({
  service: 'expense',
  method: 'get',
  path: '/v1/expenses/:expenseId/comments',
  operationId: 'listComments',
  tag,
  summary: 'List the comments on an expense',
  access: expenseAccess,
  params: expenseParams,
  query: listQuery,
  answers: { 200: { description: 'The oldest first.', schema: listOf(comment) } },
  handle: async (request) => {
    const page = request.page(`comments/${request.params.expenseId}`);
    const rows = await listComments(request.read, request.params.expenseId, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], present) };
  },
});

const create = route({
  service: 'expense',
  method: 'post',
  path: '/v1/expenses/:expenseId/comments',
  operationId: 'createComment',
  tag,
  summary: 'Comment on an expense',
  description: 'Whom it names is told, and so is everybody with a part in the expense or a comment on it.',
  access: expenseAccess,
  params: expenseParams,
  body: z.strictObject({ id: id.optional(), ...fields }),
  answers: { 201: { description: 'The comment.', schema: comment } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { expenseId, groupId } = request.resource;
      const commentId = await addComment(tx, { expenseId, groupId, userId: request.principal.userId, comment: request.body });
      return answer(tx.query, commentId, 201);
    }),
});

const update = route({
  service: 'expense',
  method: 'patch',
  path: '/v1/comments/:commentId',
  operationId: 'updateComment',
  tag,
  summary: 'Change a comment of mine',
  description: 'Text and mentions are replaced. Who is named anew is told.',
  access: commentAccess,
  params: commentParams,
  body: z.strictObject(fields),
  answers: { 200: { description: 'The comment as it is now.', schema: comment } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { commentId, groupId } = request.resource;
      await editComment(tx, { commentId, groupId, userId: request.principal.userId, edit: request.body });
      return answer(tx.query, commentId, 200);
    }),
});

const remove = route({
  service: 'expense',
  method: 'delete',
  path: '/v1/comments/:commentId',
  operationId: 'deleteComment',
  tag,
  summary: 'Take a comment away',
  description: 'Its text is gone for good.',
  access: commentAccess,
  params: commentParams,
  answers: { 204: { description: 'The comment is gone.' } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { commentId, groupId } = request.resource;
      await deleteComment(tx, { commentId, groupId, userId: request.principal.userId });
      return { status: 204 };
    }),
});

/** Operations on comments. */
export const commentRoutes: readonly AnyRoute[] = [list, create, update, remove];

interface SeenComment extends OfGroup {
  readonly commentId: string;
  readonly isAuthor: boolean;
  readonly isShown: boolean;
}

/** A comment that the caller may see. */
function commentAccess(policy: Policy): Access<SeenComment> {
  const standing = standingOf(policy);
  return {
    resource: 'comment',
    async load(deps, { userId }, params) {
      const columns = `r.id as "commentId", r.author_member_id = m.member_id as "isAuthor", r.deleted_at is null
        and exists (select 1 from expense.expense e where e.id = r.expense_id and e.group_id = r.group_id) as "isShown"`;
      const found = await findAsMember<SeenComment>(deps, 'comment', columns, { id: params['commentId'], userId });
      return found?.isShown === true ? found : null;
    },
    permit: ({ role, isAuthor }) => hasStanding(standing, role, (relation) => relation === 'creator' && isAuthor),
  };
}

async function answer(query: Tx['query'], commentId: string, status: number): Promise<Answer> {
  const view = await findComment(query, commentId);
  if (view === null) throw new Error(`comment ${commentId} vanished within its own request`);
  return { status, body: present(view) };
}

function present({ createdAt, editedAt, ...rest }: CommentView): Record<string, unknown> {
  return { ...rest, createdAt: toInstant(createdAt), editedAt: editedAt === null ? null : toInstant(editedAt) };
}
