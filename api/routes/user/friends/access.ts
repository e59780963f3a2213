import { findFriend, type FriendView } from '../../../../db/queries/user/friends.ts';
import { read } from '../../../../db/transact.ts';
import { databaseOf } from '../../../deps.ts';
import type { Access } from '../../../route.ts';

/** A friend or a request of the caller's; the two see it, and nobody else. */
export const ownFriend: Access<FriendView> = {
  resource: 'friend',
  load: (deps, principal, params) =>
    findFriend((text, values) => read(databaseOf(deps, 'user'), text, values), principal.userId, params['friendId'] ?? ''),
};

/** The same, for what only the one who was asked may do. */
export const askedFriend: Access<FriendView> = { ...ownFriend, permit: ({ direction }) => direction === 'incoming' };
