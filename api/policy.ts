import { type PlatformRole, platformRoleAtLeast, type Scope } from '../domain/scopes.ts';
import { Problem } from './problems.ts';
import type { AnyRoute, Principal } from './route.ts';

/** Who may do one operation, before anything is known of the resource in its path. */
export interface Policy {
  /** `anyone`: no credentials. `user`: signed in. Else the least platform role. */
  readonly caller: 'anyone' | 'user' | PlatformRole;
  /** What a personal access token or an application's token needs; `session`: only a sign-in itself may, no such token. */
  readonly scope: Scope | 'session' | null;
}

const anyone: Policy = { caller: 'anyone', scope: null };
/** Acts by virtue of a platform role are for people who signed in, never for tokens; each is in the audit log. */
const platform = (caller: PlatformRole): Policy => ({ caller, scope: 'session' });
const user = (scope: Scope | 'session'): Policy => ({ caller: 'user', scope });

/** The policy of every operation, by operationId. An operation without one does not start. */
export const POLICIES: Readonly<Record<string, Policy>> = {
  register: anyone,
  login: anyone,
  refresh: anyone,
  verifyEmail: anyone,
  forgotPassword: anyone,
  resetPassword: anyone,
  listOidcProviders: anyone,
  startOidc: anyone,
  finishOidc: anyone,
  linkOidc: anyone,
  getInvitation: anyone,
  receiveWebhook: anyone,
  logout: user('session'),
  resendVerification: user('session'),
  changePassword: user('session'),
  setUpTotp: user('session'),
  confirmTotp: user('session'),
  disableTotp: user('session'),
  openPayoutAccount: user('session'),
  listSessions: user('session'),
  endSession: user('session'),
  listIdentities: user('session'),
  addIdentity: user('session'),
  removeIdentity: user('session'),
  createToken: user('session'),
  listTokens: user('session'),
  endToken: user('session'),
  listUsers: platform('support'),
  getUser: platform('support'),
  updateUser: platform('support'),
  listAudit: platform('support'),
  createApplication: user('session'),
  listApplications: user('session'),
  updateApplication: user('session'),
  replaceApplicationSecret: user('session'),
  deleteApplication: user('session'),
  listAuthorizations: user('session'),
  endAuthorization: user('session'),
  getMe: user('profile:read'),
  updateMe: user('profile:write'),
  getGroup: user('groups:read'),
  listGroups: user('groups:read'),
  getMember: user('groups:read'),
  listInvitations: user('groups:read'),
  createGroup: user('groups:write'),
  updateGroup: user('groups:write'),
  archiveGroup: user('groups:write'),
  unarchiveGroup: user('groups:write'),
  restoreGroup: user('groups:write'),
  deleteGroup: user('groups:write'),
  leaveGroup: user('groups:write'),
  handOverGroup: user('groups:write'),
  addMember: user('groups:write'),
  updateMember: user('groups:write'),
  removeMember: user('groups:write'),
  createInvitation: user('groups:write'),
  revokeInvitation: user('groups:write'),
  acceptInvitation: user('groups:write'),
  listGroupExpenses: user('expenses:read'),
  listExpenses: user('expenses:read'),
  getExpense: user('expenses:read'),
  getExpenseHistory: user('expenses:read'),
  getBalances: user('expenses:read'),
  getPlan: user('expenses:read'),
  listAdjustments: user('expenses:read'),
  createExpense: user('expenses:write'),
  createExpenses: user('expenses:write'),
  updateExpense: user('expenses:write'),
  deleteExpense: user('expenses:write'),
  restoreExpense: user('expenses:write'),
  approveExpense: user('expenses:write'),
  rejectExpense: user('expenses:write'),
  withdrawExpense: user('expenses:write'),
  createAdjustment: user('expenses:write'),
  listSettlements: user('payments:read'),
  getSettlement: user('payments:read'),
  getRefund: user('payments:read'),
  getPayoutAccount: user('payments:read'),
  listPayments: user('payments:read'),
  getPayment: user('payments:read'),
  getTransfer: user('payments:read'),
  createSettlement: user('payments:write'),
  cancelSettlement: user('payments:write'),
  createRefund: user('payments:write'),
  approveRefund: user('payments:write'),
  rejectRefund: user('payments:write'),
  payTransfer: user('payments:write'),
  confirmTransfer: user('payments:write'),
  disputeTransfer: user('payments:write'),
  remindTransfer: user('payments:write'),
  createPayment: user('payments:write'),
  listReminders: user('notifications:read'),
  getReminder: user('notifications:read'),
  listNotifications: user('notifications:read'),
  createReminder: user('notifications:write'),
  updateReminder: user('notifications:write'),
  stopReminder: user('notifications:write'),
  pauseReminder: user('notifications:write'),
  resumeReminder: user('notifications:write'),
  snoozeReminder: user('notifications:write'),
  readNotification: user('notifications:write'),
  readAllNotifications: user('notifications:write'),
};

/**
 * The policy of a route.
 *
 * @throws Error where the table has none, so that no process starts with an operation that nobody thought about.
 */
export function policyOf(route: Pick<AnyRoute, 'operationId'>): Policy {
  const policy = Object.hasOwn(POLICIES, route.operationId) ? POLICIES[route.operationId] : undefined;
  if (policy === undefined) throw new Error(`${route.operationId} has no policy in api/policy.ts`);
  return policy;
}

/** The platform role that an operation needs, or null. */
export function platformRoleOf({ caller }: Policy): PlatformRole | null {
  return caller === 'anyone' || caller === 'user' ? null : caller;
}

/** Whether an operation needs credentials. */
export function needsCredentials(route: Pick<AnyRoute, 'operationId'>): boolean {
  return policyOf(route).caller !== 'anyone';
}

/**
 * Holds a caller to a policy.
 *
 * @throws Problem forbidden (platform role), insufficient_scope (token), both 403.
 */
export function requirePolicy(policy: Policy, principal: Principal): void {
  const { scope } = policy;
  const role = platformRoleOf(policy);
  if (role !== null && !platformRoleAtLeast(principal.platformRole, role))
    throw new Problem('forbidden', `This needs the platform role ${role}.`);
  if (principal.scopes === null || scope === null) return;
  if (scope === 'session') throw new Problem('insufficient_scope', 'No token may do this; sign in.');
  if (!principal.scopes.has(scope))
    throw new Problem('insufficient_scope', `The token needs the scope ${scope}.`, {
      headers: { 'WWW-Authenticate': `Bearer realm="safesplitx", error="insufficient_scope", scope="${scope}"` },
    });
}
