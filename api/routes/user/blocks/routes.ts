import { z } from 'zod';
import { blockUser, unblockUser } from '../../../../db/commands/user/blocks.ts';
import { toPage } from '../../../../db/cursor.ts';
import { type BlockView, findBlock, listBlocks } from '../../../../db/queries/user/friends.ts';
import { read } from '../../../../db/transact.ts';
import { databaseOf } from '../../../deps.ts';
import { type Access, type AnyRoute, route } from '../../../route.ts';
import { id, listOf, listQuery, toInstant } from '../../../schemas.ts';
import { actorOf } from '../friends/routes.ts';

const tag = 'friends';

const block = z.strictObject({ userId: id, displayName: z.string(), createdAt: z.string() }).meta({ id: 'Block' });

/** Somebody whom the caller has blocked; nobody else sees that. */
const ownBlock: Access<BlockView> = {
  resource: 'block',
  load: (deps, principal, params) =>
    findBlock((text, values) => read(databaseOf(deps, 'user'), text, values), principal.userId, params['userId'] ?? ''),
};

const list = route({
  service: 'user',
  method: 'get',
  path: '/v1/blocks',
  operationId: 'listBlocks',
  tag,
  summary: 'List whom I have blocked',
  query: listQuery,
  answers: { 200: { description: 'The newest first.', schema: listOf(block) } },
  handle: async (request) => {
    const page = request.page(`blocks/${request.principal.userId}`);
    const rows = await listBlocks(request.read, request.principal.userId, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.userId], present) };
  },
});

const create = route({
  service: 'user',
  method: 'post',
  path: '/v1/blocks',
  operationId: 'blockUser',
  tag,
  summary: 'Block somebody',
  description:
    'Their friend requests, and invitations of theirs to the address of the caller, are seen no more; a friendship ends. They are not told.',
  body: z.strictObject({ userId: id }),
  answers: {
    200: { description: 'They were blocked already.', schema: block },
    201: { description: 'They are blocked.', schema: block, headers: ['Location'] },
  },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { userId: blockedId } = request.body;
      const isNew = await blockUser(tx, actorOf(request), blockedId);
      const found = await findBlock(tx.query, request.principal.userId, blockedId);
      if (found === null) throw new Error('a block vanished within its own request');
      if (!isNew) return { status: 200, body: present(found) };
      return { status: 201, headers: { Location: `/v1/blocks/${blockedId}` }, body: present(found) };
    }),
});

const remove = route({
  service: 'user',
  method: 'delete',
  path: '/v1/blocks/:userId',
  operationId: 'unblockUser',
  tag,
  summary: 'Unblock somebody',
  description: 'What they asked meanwhile stays unseen; they may ask again.',
  access: ownBlock,
  params: z.strictObject({ userId: id }),
  answers: { 204: { description: 'They may ask and invite again.' } },
  handle: (request) =>
    request.command(async (tx) => {
      await unblockUser(tx, actorOf(request), request.params.userId);
      return { status: 204 };
    }),
});

/** Operations on whom the caller has blocked. */
export const blockRoutes: readonly AnyRoute[] = [list, create, remove];

function present(found: BlockView): Record<string, unknown> {
  return { ...found, createdAt: toInstant(found.createdAt) };
}
