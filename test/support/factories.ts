import { v7 as uuidv7 } from 'uuid';
import { createGroup } from '../../db/commands/expense/groups.ts';
import { transact } from '../../db/transact.ts';
import type { GroupPolicy } from '../../domain/group.ts';
import type { TestDatabases } from './servers.ts';

/** A person with a verified address, as far as tests below the API need one. */
export interface BuiltUser {
  readonly userId: string;
  readonly email: string;
  readonly displayName: string;
}

/** Makes an account; the address is the id's own, so it is unique. */
export async function buildUser(
  databases: Pick<TestDatabases, 'user'>,
  options: { readonly name?: string; readonly timeZone?: string; readonly verified?: boolean } = {},
): Promise<BuiltUser> {
  const userId = uuidv7();
  const email = `${userId}@example.com`;
  const displayName = options.name ?? `Person ${userId.slice(-4)}`;
  await databases.user.pool.query(
    `insert into "user".account (id, email, email_key, email_verified_at, password_hash, display_name, locale, time_zone, default_currency)
     values ($1, $2, $2, case when $3 then now() end, 'none', $4, 'en', $5, 'EUR')`,
    [userId, email, options.verified ?? true, displayName, options.timeZone ?? 'UTC'],
  );
  return { userId, email, displayName };
}

/** A member of a built group. */
export interface BuiltMember {
  readonly memberId: string;
  /** Null for a member without an account. */
  readonly userId: string | null;
}

/** A group with its owner first among the members. */
export interface BuiltGroup {
  readonly groupId: string;
  readonly owner: BuiltMember & { readonly userId: string };
  readonly members: readonly BuiltMember[];
}

/**
 * Makes a group through its own command, and members beside the owner.
 *
 * @param options how many members in all have accounts (default 1, the owner) and how many have none (default 0).
 */
export async function buildGroup(
  databases: Pick<TestDatabases, 'user' | 'expense'>,
  options: {
    readonly withAccount?: number;
    readonly withoutAccount?: number;
    readonly currency?: string;
    readonly timeZone?: string;
    readonly policy?: GroupPolicy;
  } = {},
): Promise<BuiltGroup> {
  const ownerUser = await buildUser(databases);
  const { value } = await transact(databases.expense, (tx) =>
    createGroup(
      tx,
      { userId: ownerUser.userId },
      { name: 'Test group', currency: options.currency ?? 'EUR', timeZone: options.timeZone ?? 'UTC', policy: options.policy },
    ),
  );
  const owner = { memberId: value.memberId, userId: ownerUser.userId };
  const members: BuiltMember[] = [owner];
  for (let index = 1; index < (options.withAccount ?? 1); index++) {
    members.push(await buildMember(databases, value.groupId, (await buildUser(databases)).userId));
  }
  for (let index = 0; index < (options.withoutAccount ?? 0); index++) members.push(await buildMember(databases, value.groupId, null));
  return { groupId: value.groupId, owner, members };
}

/** Adds an active member who may record expenses. */
export async function buildMember(databases: Pick<TestDatabases, 'expense'>, groupId: string, userId: string | null): Promise<BuiltMember> {
  const memberId = uuidv7();
  await databases.expense.pool.query(
    `insert into expense.member (id, group_id, user_id, display_name, role) values ($1, $2, $3, $4, 'editor')`,
    [memberId, groupId, userId, `Member ${memberId.slice(-4)}`],
  );
  return { memberId, userId };
}
