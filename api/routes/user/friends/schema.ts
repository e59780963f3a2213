import { z } from 'zod';
import { email, id, listQuery } from '../../../schemas.ts';

const state = z.enum(['pending', 'accepted']);
const direction = z.enum(['incoming', 'outgoing']);

export const friend = z
  .strictObject({
    id,
    state,
    direction: direction.meta({ description: 'Who asked: the other one, or the caller.' }),
    userId: id.nullable(),
    displayName: z.string().nullable(),
    email: z
      .string()
      .nullable()
      .meta({ description: 'The address that was asked; of a friend, or who asks, the one that they have verified.' }),
    groupId: id.nullable().meta({ description: 'The group that is the ledger of the two: `kind` is `friends`. Null until it is open.' }),
    createdAt: z.string(),
    acceptedAt: z.string().nullable(),
  })
  .meta({ id: 'Friend', description: 'Of somebody who has not accepted yet, the asker is told nothing but the address that was asked.' });

/** A request that its asked one has answered may be declined. */
export const answered = friend.extend({ state: z.enum(['accepted', 'declined']) }).meta({ id: 'AnsweredFriend' });

export const askFriend = z.strictObject({ email });

export const listFriends = listQuery.extend({ state: state.optional(), direction: direction.optional() });

export const friendParams = z.strictObject({ friendId: id });
