import { randomUUID } from 'node:crypto';
import { inParallel } from './measurement.ts';
import { caughtUp } from './relay-lag.ts';
import type { Stand } from './stand.ts';

/** Registrations at once: hashing a password fills a core. */
const REGISTRATIONS_AT_ONCE = 2;
const COMMANDS_AT_ONCE = 8;

/** A signed-in user. */
export interface User {
  readonly userId: string;
  readonly token: string;
}

/** A group and who may record in it. */
export interface BenchGroup {
  readonly groupId: string;
  /** Of its owner. */
  readonly token: string;
  readonly memberIds: readonly string[];
}

/** Users and groups made through the API's commands. */
export interface World {
  readonly users: readonly User[];
  readonly groups: readonly BenchGroup[];
}

/**
 * Makes users, and groups that they own in turn; then waits until the relay has caught up.
 *
 * Temporal is away meanwhile, so that what four commands of a group ask of its process is done once, when it is back.
 *
 * @param size how many of each; every group has four members, of whom the owner has an account.
 */
export async function buildWorld(stand: Stand, size: { users: number; groups: number }, progress: (text: string) => void): Promise<World> {
  await stand.platform.hold('temporal');
  progress(`registering ${size.users} users`);
  const users = await inParallel(Array.from({ length: size.users }), REGISTRATIONS_AT_ONCE, (_, index) =>
    register(stand, `User ${index + 1}`),
  );
  let made = 0;
  const groups = await inParallel(Array.from({ length: size.groups }), COMMANDS_AT_ONCE, async (_, index) => {
    const group = await makeGroup(stand, users[index % users.length] as User, index);
    made += 1;
    if (made % 20 === 0) progress(`groups of four: ${made} of ${size.groups}`);
    return group;
  });
  await stand.platform.release('temporal');
  await caughtUp(stand, progress);
  return { users, groups };
}

/** Registers a user with a new address. */
export async function register(stand: Stand, displayName: string): Promise<User> {
  const { user, accessToken } = await stand.call<{ user: { id: string }; accessToken: string }>({
    method: 'POST',
    path: '/v1/auth/register',
    body: { email: `${randomUUID()}@example.com`, password: randomUUID(), displayName, timeZone: 'Europe/Berlin' },
  });
  return { userId: user.id, token: accessToken };
}

/** Makes a group of four: its owner, and three without an account. */
export async function makeGroup(stand: Stand, { token }: User, index: number): Promise<BenchGroup> {
  const group = await stand.call<{ id: string; myMemberId: string }>({
    method: 'POST',
    path: '/v1/groups',
    token,
    body: { name: `Group ${index + 1}`, currency: 'EUR' },
  });
  const memberIds = [group.myMemberId];
  for (const displayName of ['Ben', 'Cem', 'Dora']) {
    const member = await stand.call<{ id: string }>({
      method: 'POST',
      path: `/v1/groups/${group.id}/members`,
      token,
      body: { displayName },
    });
    memberIds.push(member.id);
  }
  return { groupId: group.id, token, memberIds };
}
