import { refusal } from '../../../domain/refusal.ts';
import type { PlatformRole } from '../../../domain/scopes.ts';
import type { Account } from '../../entities/user/account.ts';
import type { Tx } from '../../transact.ts';
import { audit } from './audit.ts';
import { endSessions } from './sessions.ts';

/** What the platform's own people may change of an account, and why. */
export interface UserChange {
  readonly state?: 'active' | 'suspended' | undefined;
  /** null takes the role away. */
  readonly platformRole?: PlatformRole | null | undefined;
  readonly reason: string;
}

/** Who changes it. */
export interface PlatformActor {
  readonly userId: string;
  readonly platformRole: PlatformRole | null;
  readonly address: string;
}

/**
 * Changes a locked account by virtue of a platform role. A suspension ends every session, token and grant at once.
 *
 * Support may suspend and let back in who has no platform role; only an admin gives and takes roles. Nobody changes
 * themselves, and the last admin stays one.
 *
 * @throws RefusalError forbidden, own_account, account_erased, last_admin.
 */
export async function changeUser(tx: Tx, actor: PlatformActor, account: Account, change: UserChange): Promise<void> {
  if (account.id === actor.userId) throw refusal('own_account', 'Somebody else has to change this about you.');
  if (account.state === 'erased') throw refusal('account_erased', 'The account was erased; there is nothing left to change.');
  const state = change.state ?? account.state;
  const role = change.platformRole === undefined ? (account.platformRole ?? null) : change.platformRole;
  const roleChanges = role !== (account.platformRole ?? null);
  if (actor.platformRole !== 'admin' && (roleChanges || account.platformRole != null))
    throw refusal('forbidden', 'Only an admin gives and takes platform roles, or suspends who has one.');
  if (account.platformRole === 'admin' && (role !== 'admin' || state !== 'active')) await requireAnotherAdmin(tx, account.id);
  if (!roleChanges && state === account.state) return;
  const about = { actorId: actor.userId, subjectId: account.id, address: actor.address };
  if (state !== account.state) {
    account.state = state;
    if (state === 'suspended') await endSessions(tx, account.id, 'suspended');
    await audit(tx, { action: state === 'suspended' ? 'user.suspended' : 'user.reinstated', ...about, data: { reason: change.reason } });
  }
  if (roleChanges) {
    await audit(tx, {
      action: 'user.role_changed',
      ...about,
      data: { from: account.platformRole ?? null, to: role, reason: change.reason },
    });
    account.platformRole = role;
  }
  account.version += 1;
  account.updatedAt = tx.now;
}

/** Holds every admin's row in one order, so that two who take each other's role away cannot both succeed. @throws RefusalError last_admin. */
export async function requireAnotherAdmin(tx: Tx, accountId: string): Promise<void> {
  const admins = await tx.query<{ id: string }>(
    `select id from "user".account where platform_role = 'admin' and state = 'active' order by id for update`,
  );
  if (!admins.some(({ id }) => id !== accountId)) throw refusal('last_admin', 'This is the last admin; make another one first.');
}
