import { acceptFriend, askFriend, declineFriend, removeFriend } from '../../../../db/commands/user/friends.ts';
import { toPage } from '../../../../db/cursor.ts';
import { findFriend, type FriendView, listFriends } from '../../../../db/queries/user/friends.ts';
import type { Tx } from '../../../../db/transact.ts';
import type { Principal } from '../../../route.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { listOf, toInstant } from '../../../schemas.ts';
import { askedFriend, ownFriend } from './access.ts';
import * as schema from './schema.ts';

const tag = 'friends';

const list = route({
  service: 'user',
  method: 'get',
  path: '/v1/friends',
  operationId: 'listFriends',
  tag,
  summary: 'List my friends and requests',
  query: schema.listFriends,
  answers: { 200: { description: 'Friends, and requests that wait, the newest first.', schema: listOf(schema.friend) } },
  handle: async (request) => {
    const { state, direction } = request.query;
    const { userId } = request.principal;
    const page = request.page(`friends/${userId}/${state ?? ''}/${direction ?? ''}`);
    const rows = await listFriends(request.read, userId, { state, direction }, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], presentFriend) };
  },
});

const ask = route({
  service: 'user',
  method: 'post',
  path: '/v1/friends',
  operationId: 'askFriend',
  tag,
  summary: 'Ask somebody to be a friend',
  description:
    'Answered alike, whether there is an account with this address or not: who has the address, and has verified it or does so within 90 days, sees the request. Where they have asked the caller already, the two are friends at once.',
  body: schema.askFriend,
  answers: { 201: { description: 'The request.', schema: schema.friend, headers: ['Location'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { DAILY_LIMIT_FRIEND_REQUESTS: requests, DAILY_LIMIT_MAILS_TO_ADDRESS: mailsToAddress } = request.deps.env;
      const id = await askFriend(tx, actorOf(request), request.body.email, { requests, mailsToAddress });
      return { status: 201, headers: { Location: `/v1/friends/${id}` }, body: await shown(tx, request.principal, id) };
    }),
});

const get = route({
  service: 'user',
  method: 'get',
  path: '/v1/friends/:friendId',
  operationId: 'getFriend',
  tag,
  summary: 'Read a friend or a request',
  access: ownFriend,
  params: schema.friendParams,
  answers: { 200: { description: 'The friend.', schema: schema.friend } },
  handle: (request) => Promise.resolve({ status: 200, body: presentFriend(request.resource) }),
});

const accept = route({
  service: 'user',
  method: 'post',
  path: '/v1/friends/:friendId/accept',
  operationId: 'acceptFriend',
  tag,
  summary: 'Accept a request',
  description: 'The two are friends, and get a ledger of their own: its `groupId` shows within seconds.',
  access: askedFriend,
  params: schema.friendParams,
  answers: { 200: { description: 'The friend.', schema: schema.answered } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      await acceptFriend(tx, actorOf(request), request.params.friendId);
      return { status: 200, body: await shown(tx, request.principal, request.params.friendId) };
    }),
});

const decline = route({
  service: 'user',
  method: 'post',
  path: '/v1/friends/:friendId/decline',
  operationId: 'declineFriend',
  tag,
  summary: 'Decline a request',
  description: 'It is gone for both; nobody is told.',
  access: askedFriend,
  params: schema.friendParams,
  answers: { 200: { description: 'What was declined.', schema: schema.answered } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      await declineFriend(tx, actorOf(request), request.params.friendId);
      return { status: 200, body: { ...presentFriend(request.resource), state: 'declined' } };
    }),
});

const remove = route({
  service: 'user',
  method: 'delete',
  path: '/v1/friends/:friendId',
  operationId: 'removeFriend',
  tag,
  summary: 'End a friendship, or withdraw a request',
  description: 'The ledger of the two stays: it takes nothing new, can be read by both, and what is owed in it can still be paid.',
  access: ownFriend,
  params: schema.friendParams,
  answers: { 204: { description: 'It has ended.' } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      await removeFriend(tx, actorOf(request), request.params.friendId);
      return { status: 204 };
    }),
});

/** Operations on the caller's friends. */
export const friendRoutes: readonly AnyRoute[] = [list, ask, get, accept, decline, remove];

/** A friend as the API answers it. */
export function presentFriend(friend: FriendView): Record<string, unknown> {
  const { createdAt, acceptedAt } = friend;
  return { ...friend, createdAt: toInstant(createdAt), acceptedAt: acceptedAt === null ? null : toInstant(acceptedAt) };
}

/** Who acts, for commands on friends and blocks. */
export function actorOf({ principal, address }: { readonly principal: Principal; readonly address: string }): {
  userId: string;
  sessionId: string;
  address: string;
} {
  return { userId: principal.userId, sessionId: principal.sessionId, address };
}

async function shown(tx: Tx, { userId }: Principal, friendshipId: string): Promise<Record<string, unknown>> {
  const friend = await findFriend(tx.query, userId, friendshipId);
  if (friend === null) throw new Error(`friendship ${friendshipId} vanished within its own request`);
  return presentFriend(friend);
}
