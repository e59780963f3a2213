import { GROUP_STATES, type GroupState, statesFor } from '../domain/group.ts';
import type { Role } from '../domain/roles.ts';
import { type PlatformRole, platformRoleAtLeast, type Scope } from '../domain/scopes.ts';
import { leastRoleOf, type Standing, type StandingName, STANDINGS } from '../domain/standing.ts';
import { Problem } from './problems.ts';
import type { AnyRoute, Principal } from './route.ts';

/** What an operation is done to; the path names it. */
export type ResourceKind =
  | 'group'
  | 'member'
  | 'expense'
  | 'recurring'
  | 'comment'
  | 'import'
  | 'export'
  | 'receipt'
  | 'transfer'
  | 'payment'
  | 'refund'
  | 'settlement'
  | 'reminder'
  | 'notification'
  | 'session'
  | 'token'
  | 'application'
  | 'authorization'
  | 'identity'
  | 'friend'
  | 'block'
  | 'request'
  | 'merge'
  | 'user';

/** Who may do one operation to what, and when. The routes' checks, the document and the permission matrix follow from it. */
export interface Policy {
  /** `anyone`: no credentials. `user`: signed in. Else the least platform role. */
  readonly caller: 'anyone' | 'user' | PlatformRole;
  /** What a personal access token or an application's token needs; `session`: only a sign-in itself may, no such token. */
  readonly scope: Scope | 'session' | null;
  /** What it is done to; null where the path names nothing that not everybody may see. */
  readonly resource: ResourceKind | null;
  /** What a member has to be to the resource, which members of its group see; `self`: only whose it is sees it and may act; null: the caller decides alone. */
  readonly standing: StandingName | 'self' | null;
  /** States of the group in which it can be done, 409 in others; null where the group's state does not matter. */
  readonly states: readonly GroupState[] | null;
  /** What the command itself asks besides, of those who have the standing: for the document. */
  readonly rule: string | null;
  /** Whether the access token of an account that was erased is still good for it: how far the erasure is. */
  readonly erased: boolean;
}

const anyone: Policy = { caller: 'anyone', scope: null, resource: null, standing: null, states: null, rule: null, erased: false };
const user = (scope: Scope | 'session'): Policy => ({ ...anyone, caller: 'user', scope });
/** Things of the caller's own, which nobody else sees. */
const own = (scope: Scope | 'session', resource: ResourceKind): Policy => ({ ...user(scope), resource, standing: 'self' });
/** A group or a thing of one, which its members see. */
const member = (
  scope: Scope,
  standing: StandingName,
  { on, states, rule }: { on?: ResourceKind; states?: readonly GroupState[]; rule?: string } = {},
): Policy => ({ ...user(scope), resource: on ?? 'group', standing, states: states ?? null, rule: rule ?? null });
/** Acts by virtue of a platform role are for people who signed in, never for tokens; each is in the audit log. */
const platform = (caller: PlatformRole, resource: ResourceKind | null = null): Policy => ({ ...user('session'), caller, resource });

/** States of a group that takes what is new. */
const OPEN = statesFor('change');
/** States of a group whose debts may be paid. */
const UNDELETED = statesFor('settle');

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
  endSession: own('session', 'session'),
  listIdentities: user('session'),
  addIdentity: user('session'),
  removeIdentity: own('session', 'identity'),
  createToken: user('session'),
  listTokens: user('session'),
  endToken: own('session', 'token'),
  listUsers: platform('support'),
  getUser: platform('support', 'user'),
  updateUser: platform('support', 'user'),
  listAudit: platform('support'),
  listMerges: platform('support'),
  undoMerge: platform('support', 'merge'),
  createApplication: user('session'),
  listApplications: user('session'),
  updateApplication: own('session', 'application'),
  replaceApplicationSecret: own('session', 'application'),
  deleteApplication: own('session', 'application'),
  listAuthorizations: user('session'),
  endAuthorization: own('session', 'authorization'),
  getMe: user('profile:read'),
  updateMe: user('profile:write'),
  getPreferences: user('profile:read'),
  replacePreferences: user('profile:write'),
  listFriends: user('friends:read'),
  askFriend: user('friends:write'),
  getFriend: own('friends:read', 'friend'),
  getFriendBalances: own('expenses:read', 'friend'),
  acceptFriend: own('friends:write', 'friend'),
  declineFriend: own('friends:write', 'friend'),
  removeFriend: own('friends:write', 'friend'),
  listBlocks: user('friends:read'),
  blockUser: user('friends:write'),
  unblockUser: own('friends:write', 'block'),
  exportMe: user('session'),
  eraseMe: user('session'),
  deleteMe: user('session'),
  getDataRequest: { ...own('session', 'request'), erased: true },
  cancelDataRequest: own('session', 'request'),
  downloadExport: own('session', 'request'),
  getErasure: anyone,
  getGroup: member('groups:read', 'viewer'),
  listGroups: user('groups:read'),
  getMember: member('groups:read', 'viewer', { on: 'member' }),
  listPresets: member('groups:read', 'viewer'),
  listInvitations: member('groups:read', 'admin'),
  createGroup: user('groups:write'),
  updateGroup: member('groups:write', 'admin', { states: OPEN }),
  archiveGroup: member('groups:write', 'admin', { states: statesFor('archive') }),
  unarchiveGroup: member('groups:write', 'admin', { states: statesFor('unarchive') }),
  restoreGroup: member('groups:write', 'owner', { states: statesFor('restore') }),
  deleteGroup: member('groups:write', 'owner', { states: statesFor('delete') }),
  leaveGroup: member('groups:write', 'viewer', { states: UNDELETED }),
  lockGroup: member('groups:write', 'admin', { states: OPEN, rule: 'Only the owner opens again what is locked.' }),
  handOverGroup: member('groups:write', 'owner', { states: OPEN }),
  addMember: member('groups:write', 'admin', { states: OPEN }),
  updateMember: member('groups:write', 'admin', { on: 'member', states: OPEN }),
  mergeMember: member('groups:write', 'admin', { on: 'member', states: OPEN, rule: 'The owner’s account is moved by the owner alone.' }),
  removeMember: member('groups:write', 'admin', { on: 'member', states: OPEN }),
  createInvitation: member('groups:write', 'admin', { states: OPEN }),
  createPreset: member('groups:write', 'editor', { states: OPEN }),
  deletePreset: member('groups:write', 'editor', { states: OPEN }),
  revokeInvitation: member('groups:write', 'admin', { states: UNDELETED }),
  acceptInvitation: { ...user('groups:write'), states: OPEN },
  listActivity: member('expenses:read', 'viewer'),
  duplicateExpense: member('expenses:write', 'recorder', { on: 'expense', states: OPEN }),
  moveExpense: member('expenses:write', 'editor or creator', { on: 'expense', states: OPEN, rule: 'Who may record in the other group.' }),
  listReceipts: member('expenses:read', 'viewer', { on: 'expense' }),
  createReceipt: member('expenses:write', 'editor or creator', { on: 'expense', states: OPEN }),
  getReceipt: member('expenses:read', 'viewer', { on: 'receipt' }),
  deleteReceipt: member('expenses:write', 'editor or creator', { on: 'receipt', states: OPEN }),
  listComments: member('expenses:read', 'viewer', { on: 'expense' }),
  createComment: member('expenses:write', 'contributor', { on: 'expense', states: OPEN }),
  updateComment: member('expenses:write', 'author', { on: 'comment', states: OPEN }),
  deleteComment: member('expenses:write', 'admin or creator', { on: 'comment', states: OPEN }),
  listCategories: user('expenses:read'),
  listGroupCategories: member('expenses:read', 'viewer'),
  createGroupCategory: member('groups:write', 'editor', { states: OPEN }),
  updateGroupCategory: member('groups:write', 'editor', { states: OPEN }),
  listGroupExpenses: member('expenses:read', 'viewer'),
  listExpenses: user('expenses:read'),
  getExpense: member('expenses:read', 'viewer', { on: 'expense' }),
  getExpenseHistory: member('expenses:read', 'viewer', { on: 'expense' }),
  getBalances: member('expenses:read', 'viewer'),
  getPlan: member('expenses:read', 'viewer'),
  explainBalance: member('expenses:read', 'viewer'),
  getMyBalances: user('expenses:read'),
  getRate: user('expenses:read'),
  listAdjustments: member('expenses:read', 'viewer'),
  getGroupStats: member('expenses:read', 'viewer'),
  getBudgets: member('expenses:read', 'viewer'),
  setBudgets: member('groups:write', 'admin', { states: OPEN }),
  getGroupChart: member('expenses:read', 'viewer'),
  getMyStats: user('expenses:read'),
  createExpense: member('expenses:write', 'recorder', { states: OPEN }),
  createExpenses: member('expenses:write', 'recorder', { states: OPEN }),
  updateExpense: member('expenses:write', 'editor or creator', { on: 'expense', states: OPEN }),
  deleteExpense: member('expenses:write', 'editor or creator', { on: 'expense', states: OPEN }),
  restoreExpense: member('expenses:write', 'editor or creator', { on: 'expense', states: OPEN }),
  approveExpense: member('expenses:write', 'viewer', { on: 'expense', states: OPEN, rule: 'Who is asked about the version that waits.' }),
  rejectExpense: member('expenses:write', 'viewer', { on: 'expense', states: OPEN, rule: 'Who is asked about the version that waits.' }),
  withdrawExpense: member('expenses:write', 'viewer', { on: 'expense', states: OPEN, rule: 'Who recorded it or proposed the edit.' }),
  disputeExpense: member('expenses:write', 'viewer', { on: 'expense', states: OPEN, rule: 'Who has a part in it, and editors.' }),
  resolveDispute: member('expenses:write', 'viewer', { on: 'expense', states: OPEN, rule: 'Who disputed it, and admins.' }),
  createRecurring: member('expenses:write', 'recorder', { states: OPEN }),
  listRecurring: member('expenses:read', 'viewer'),
  getRecurring: member('expenses:read', 'viewer', { on: 'recurring' }),
  previewRecurring: member('expenses:read', 'viewer', { on: 'recurring' }),
  updateRecurring: member('expenses:write', 'editor or creator', { on: 'recurring', states: OPEN }),
  pauseRecurring: member('expenses:write', 'editor or creator', { on: 'recurring', states: UNDELETED }),
  resumeRecurring: member('expenses:write', 'editor or creator', { on: 'recurring', states: OPEN }),
  skipRecurring: member('expenses:write', 'editor or creator', { on: 'recurring', states: OPEN }),
  endRecurring: member('expenses:write', 'editor or creator', { on: 'recurring', states: UNDELETED }),
  createAdjustment: member('expenses:write', 'admin', { states: OPEN }),
  exportGroup: member('expenses:read', 'viewer'),
  createExport: member('expenses:read', 'viewer'),
  getExport: own('expenses:read', 'export'),
  getExportFile: own('expenses:read', 'export'),
  cancelExport: own('expenses:read', 'export'),
  createImport: member('expenses:write', 'admin', { states: OPEN }),
  listImports: member('expenses:read', 'viewer'),
  getImport: member('expenses:read', 'viewer', { on: 'import' }),
  undoImport: member('expenses:write', 'admin', { on: 'import', states: OPEN }),
  listSettlements: member('payments:read', 'viewer'),
  getSettlement: member('payments:read', 'viewer', { on: 'settlement' }),
  getRefund: member('payments:read', 'viewer', { on: 'refund' }),
  getPayoutAccount: user('payments:read'),
  listPayments: user('payments:read'),
  getPayment: member('payments:read', 'viewer', { on: 'payment' }),
  getTransfer: member('payments:read', 'viewer', { on: 'transfer' }),
  createSettlement: member('payments:write', 'contributor', { states: OPEN }),
  cancelSettlement: member('payments:write', 'admin or creator', { on: 'settlement' }),
  createRefund: member('payments:write', 'payer or receiver', { on: 'payment', states: UNDELETED }),
  approveRefund: member('payments:write', 'approver', { on: 'refund' }),
  rejectRefund: member('payments:write', 'approver', { on: 'refund' }),
  payTransfer: member('payments:write', 'payer', { on: 'transfer', states: UNDELETED }),
  confirmTransfer: member('payments:write', 'receiver', { on: 'transfer', states: UNDELETED }),
  disputeTransfer: member('payments:write', 'receiver', { on: 'transfer' }),
  remindTransfer: member('payments:write', 'receiver', { on: 'transfer', states: UNDELETED }),
  createPayment: member('payments:write', 'contributor', { states: OPEN, rule: 'The payer; by hand the receiver too.' }),
  listReminders: member('notifications:read', 'viewer'),
  getReminder: member('notifications:read', 'viewer', { on: 'reminder' }),
  listNotifications: user('notifications:read'),
  createReminder: member('notifications:write', 'viewer', { states: UNDELETED, rule: 'Who is owed something, and editors.' }),
  updateReminder: member('notifications:write', 'editor or maker', { on: 'reminder' }),
  stopReminder: member('notifications:write', 'editor or maker', { on: 'reminder' }),
  pauseReminder: member('notifications:write', 'editor or maker', { on: 'reminder' }),
  resumeReminder: member('notifications:write', 'editor or maker', { on: 'reminder' }),
  snoozeReminder: member('notifications:write', 'editor, maker or debtor', { on: 'reminder' }),
  readNotification: own('notifications:write', 'notification'),
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

/**
 * What a member has to be to the resource of an operation.
 *
 * @throws Error where the table asks for none, which is a mistake in the table or the route.
 */
export function standingOf({ standing }: Policy): Standing {
  if (standing === null || standing === 'self') throw new Error('this operation asks for no standing in a group');
  return STANDINGS[standing];
}

/** The least role that an operation asks for. @throws Error where it asks for more or for none. */
export function leastOf({ standing }: Policy): Role {
  if (standing === null || standing === 'self') throw new Error('this operation asks for no role in a group');
  return leastRoleOf(standing);
}

/** The states of the group in which an operation can be done, for the command that locks it. */
export function statesOf({ states }: Policy): readonly GroupState[] {
  return states ?? GROUP_STATES;
}

/** The platform role that an operation needs, or null. */
export function platformRoleOf({ caller }: Policy): PlatformRole | null {
  return caller === 'anyone' || caller === 'user' ? null : caller;
}

/**
 * Compares the table with the routes: every route has its row, with the resource that it loads, and every row its route.
 *
 * @param every all routes of the product, whichever of them a process serves.
 * @throws Error that names what does not fit.
 */
export function checkPolicies(every: readonly AnyRoute[]): void {
  const known = new Set(every.map((route) => route.operationId));
  const stale = Object.keys(POLICIES).filter((operationId) => !known.has(operationId));
  if (stale.length > 0) throw new Error(`no route has the policies of ${stale.join(', ')}`);
  for (const route of every) {
    const { resource } = policyOf(route);
    const loaded = route.access?.resource ?? null;
    if (loaded !== resource)
      throw new Error(`${route.operationId} loads ${loaded ?? 'nothing'}, its policy is about ${resource ?? 'nothing'}`);
  }
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
