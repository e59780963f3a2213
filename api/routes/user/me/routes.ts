import { lockAccount, updateProfile } from '../../../../db/commands/user/accounts.ts';
import { findAccount } from '../../../../db/queries/user/accounts.ts';
import type { Tx } from '../../../../db/transact.ts';
import { etag } from '../../../request.ts';
import { type AnyRoute, type Answer, route } from '../../../route.ts';
import * as schema from './schema.ts';

const tag = 'me';

const get = route({
  service: 'user',
  method: 'get',
  path: '/v1/me',
  operationId: 'getMe',
  tag,
  summary: 'Read my account',
  answers: { 200: { description: 'The account of the caller.', schema: schema.user, headers: ['ETag'] } },
  handle: (request) => answerMe(request.read, request.principal.userId),
});

const update = route({
  service: 'user',
  method: 'patch',
  path: '/v1/me',
  operationId: 'updateMe',
  tag,
  summary: 'Change my name, language, time zone or currency',
  precondition: true,
  body: schema.updateMe,
  answers: { 200: { description: 'The changed account.', schema: schema.user, headers: ['ETag'] } },
  handle: (request) =>
    request.command(async (tx) => {
      const account = await lockAccount(tx, request.principal.userId);
      request.checkVersion(account.version);
      updateProfile(tx, account, request.body);
      return answerMe(tx.query, account.id);
    }),
});

/** Operations on the caller's own account. */
export const meRoutes: readonly AnyRoute[] = [get, update];

async function answerMe(query: Tx['query'], userId: string): Promise<Answer> {
  const user = await findAccount(query, userId);
  if (user === null) throw new Error(`account ${userId} vanished within its own request`);
  return { status: 200, headers: { ETag: etag(user.version) }, body: user };
}
