import { lockAccount } from '../../../../db/commands/user/accounts.ts';
import { changeUser } from '../../../../db/commands/user/platform.ts';
import { toPage } from '../../../../db/cursor.ts';
import { findUser, listUsers, type UserView } from '../../../../db/queries/user/users.ts';
import { read } from '../../../../db/transact.ts';
import { databaseOf } from '../../../deps.ts';
import { etag } from '../../../request.ts';
import { type Access, type AnyRoute, type Answer, route } from '../../../route.ts';
import { listOf, toInstant } from '../../../schemas.ts';
import * as schema from './schema.ts';

const tag = 'operations';

/** Any account, for those who have a platform role; the policy has asked for it before. */
const anyUser: Access<UserView> = {
  resource: 'user',
  load: (deps, principal, params) =>
    principal.platformRole === null
      ? Promise.resolve(null)
      : findUser((text, values) => read(databaseOf(deps, 'user'), text, values), params['userId'] ?? ''),
};

const list = route({
  service: 'user',
  method: 'get',
  path: '/v1/users',
  operationId: 'listUsers',
  tag,
  summary: 'Find accounts',
  query: schema.listUsers,
  answers: { 200: { description: 'The newest first.', schema: listOf(schema.account) } },
  handle: async (request) => {
    const { q, state, role } = request.query;
    const page = request.page(`users/${JSON.stringify([q, state, role])}`);
    const rows = await listUsers(request.read, { q, state, role }, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], present) };
  },
});

const get = route({
  service: 'user',
  method: 'get',
  path: '/v1/users/:userId',
  operationId: 'getUser',
  tag,
  summary: 'Read an account',
  access: anyUser,
  params: schema.userParams,
  answers: { 200: { description: 'The account.', schema: schema.account, headers: ['ETag'] } },
  handle: (request) => Promise.resolve(answer(request.resource)),
});

const update = route({
  service: 'user',
  method: 'patch',
  path: '/v1/users/:userId',
  operationId: 'updateUser',
  tag,
  summary: 'Suspend an account, let it back in, or give it a platform role',
  description:
    'A suspension ends every session and token within a second. Support may suspend who has no platform role; roles are given and taken by admins. Nobody changes themselves.',
  access: anyUser,
  precondition: true,
  params: schema.userParams,
  body: schema.changeUser,
  answers: { 200: { description: 'The changed account.', schema: schema.account, headers: ['ETag'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const account = await lockAccount(tx, request.params.userId);
      request.checkVersion(account.version);
      const { userId, platformRole } = request.principal;
      await changeUser(tx, { userId, platformRole, address: request.address }, account, request.body);
      const changed = await findUser(tx.query, account.id);
      return answer(changed ?? request.resource);
    }),
});

/** Operations on other people's accounts. */
export const userRoutes: readonly AnyRoute[] = [list, get, update];

function answer(user: UserView): Answer {
  return { status: 200, headers: { ETag: etag(user.version) }, body: present(user) };
}

function present(user: UserView): Record<string, unknown> {
  return { ...user, createdAt: toInstant(user.createdAt) };
}
