// Goal: who may do what is exactly what the contract says, for every operation, every kind of caller and every target.
// Method: what is expected is written down here once more, by hand and apart from the product's own checks, and every cell is asked
// over HTTP. The order of checks is 401, 404, 400, 403, state; so each request is valid, and where that would end a thing it comes with a
// stale version or at a thing that has ended.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { GROUP_STATES, type GroupState } from '../domain/group.ts';
import { type Role, ROLES, roleAtLeast } from '../domain/roles.ts';
import { type Standing, STANDINGS } from '../domain/standing.ts';
import { startApi, type TestApi, type TestUser } from '../test/support/api.ts';
import { join } from '../test/support/groups.ts';
import { filledPath, oneOfEach, type OneOfEach } from '../test/support/one-of-each.ts';
import { formOf, ONE_PIXEL } from '../test/support/pictures.ts';
import { testDatabaseUrl } from '../test/support/servers.ts';
import { platformRoleOf, policyOf } from './policy.ts';
import { routesOf } from './registry.ts';
import type { AnyRoute } from './route.ts';

/** What makes a thing the caller's own. */
type Relation = 'creator' | 'payer' | 'receiver' | 'approver' | 'maker' | 'debtor' | 'self';

/** What is expected of one operation. */
interface Expected {
  /** `anyone`; `user`: signed in; `support`: a platform role; `group`: members of the group; `own`: only the caller's own things. */
  readonly for: 'anyone' | 'user' | 'support' | 'group' | 'own';
  /** Within a group: the least role for things of others. `nobody`: none, whatever the role. `open`: the rule of the thing itself decides. */
  readonly least?: Role | 'nobody' | 'open';
  /** What makes it the caller's own, and the least role with which that is enough. */
  readonly own?: readonly [Relation, Role];
  /** The caller's own, but seen by members of its group alone. */
  readonly membersOnly?: true;
  /** The scope that a token needs; `session`: no token may. */
  readonly scope?: string;
  readonly body?: object | ((world: OneOfEach) => object);
  readonly params?: (world: OneOfEach) => Record<string, string>;
  /** What the operation cannot do without, in its query. */
  readonly query?: (world: OneOfEach) => Record<string, string>;
}

const EUR5 = { amount: '5.00', currency: 'EUR' };
const CADENCE = { firstAfterDays: 3, everyDays: 7, max: 5, escalate: ['inApp'] };
const anyone: Expected = { for: 'anyone' };
const user = (scope: string, body?: object): Expected => ({ for: 'user', scope, ...(body === undefined ? {} : { body }) });
const group = (least: Role | 'open', scope: string, more: Omit<Expected, 'for' | 'least' | 'scope'> = {}): Expected => ({
  for: 'group',
  least,
  scope,
  ...more,
});
/** Only whom the thing concerns, whatever the role. */
const party = (relation: Relation, scope: string, body?: object): Expected => ({
  for: 'group',
  least: 'nobody',
  own: [relation, 'viewer'],
  scope,
  ...(body === undefined ? {} : { body }),
});
const own = (scope: string, body?: object): Expected => ({
  for: 'own',
  own: ['self', 'viewer'],
  scope,
  ...(body === undefined ? {} : { body }),
});
const support: Expected = { for: 'support', scope: 'session' };
const dinner = (world: OneOfEach): object => ({
  description: 'Dinner',
  total: EUR5,
  date: '2026-11-20',
  payers: [{ memberId: world.memberIds.owner, amount: '5.00' }],
  split: { method: 'equal', among: [world.memberIds.owner, world.memberIds.guest] },
});

const MONTHLY = { every: { n: 1, unit: 'month' }, start: '2099-01-31' };

const EXPECTED: Readonly<Record<string, Expected>> = {
  register: { ...anyone, body: { email: 'no', password: 'x', displayName: 'x' } },
  login: { ...anyone, body: {} },
  refresh: { ...anyone, body: {} },
  verifyEmail: { ...anyone, body: { token: 'x' } },
  forgotPassword: { ...anyone, body: { email: 'nobody@example.com' } },
  resetPassword: { ...anyone, body: { token: 'x', password: 'correct horse battery' } },
  listOidcProviders: anyone,
  startOidc: anyone,
  finishOidc: anyone,
  linkOidc: { ...anyone, body: { linkToken: 'x', password: 'x' } },
  listIdentities: user('session'),
  addIdentity: user('session', { linkToken: 'x' }),
  removeIdentity: own('session'),
  getInvitation: anyone,
  receiveWebhook: anyone,
  logout: user('session'),
  resendVerification: user('session'),
  changePassword: user('session', { currentPassword: 'x', newPassword: 'correct horse battery' }),
  setUpTotp: user('session', {}),
  confirmTotp: user('session', { code: '000000' }),
  disableTotp: user('session', {}),
  listSessions: user('session'),
  endSession: own('session'),
  createToken: user('session', { name: 'x', scopes: ['profile:read'] }),
  listTokens: user('session'),
  endToken: own('session'),
  createApplication: user('session', { name: 'x', redirectUris: ['https://robot.example/back'], scopes: ['profile:read'], kind: 'public' }),
  listApplications: user('session'),
  updateApplication: own('session', { name: 'y' }),
  replaceApplicationSecret: own('session'),
  deleteApplication: own('session'),
  listAuthorizations: user('session'),
  endAuthorization: own('session'),
  openPayoutAccount: user('session'),
  getPayoutAccount: user('payments:read'),
  getMe: user('profile:read'),
  updateMe: user('profile:write', { displayName: 'x' }),
  getPreferences: user('profile:read'),
  replacePreferences: user('profile:write', { weekStart: 'sunday' }),
  listFriends: user('friends:read'),
  askFriend: user('friends:write', { email: 'somebody@example.com' }),
  getFriend: own('friends:read'),
  getFriendBalances: own('expenses:read'),
  acceptFriend: own('friends:write'),
  declineFriend: own('friends:write'),
  removeFriend: own('friends:write'),
  listBlocks: user('friends:read'),
  blockUser: user('friends:write', { userId: '019f2c6e-0000-7000-8000-000000000000' }),
  unblockUser: own('friends:write'),
  exportMe: user('session'),
  eraseMe: user('session', {}),
  deleteMe: user('session', {}),
  getDataRequest: own('session'),
  cancelDataRequest: own('session'),
  downloadExport: own('session'),
  getErasure: anyone,
  listUsers: support,
  getUser: support,
  updateUser: { ...support, body: { reason: 'x' } },
  listAudit: support,
  listMerges: support,
  undoMerge: { ...support, body: { reason: 'x' } },
  createGroup: user('groups:write', { name: 'x', currency: 'EUR' }),
  listGroups: user('groups:read'),
  getGroup: group('viewer', 'groups:read'),
  updateGroup: group('admin', 'groups:write', { body: { name: 'x' } }),
  archiveGroup: group('admin', 'groups:write'),
  unarchiveGroup: group('admin', 'groups:write'),
  restoreGroup: group('owner', 'groups:write'),
  deleteGroup: group('owner', 'groups:write'),
  leaveGroup: group('viewer', 'groups:write'),
  lockGroup: group('admin', 'groups:write', { body: { until: '2000-01-01' } }),
  handOverGroup: group('owner', 'groups:write', { body: (world) => ({ memberId: world.memberIds.guest }) }),
  addMember: group('admin', 'groups:write', { body: { displayName: 'x' } }),
  getMember: group('viewer', 'groups:read'),
  updateMember: group('admin', 'groups:write', { body: { displayName: 'x' } }),
  removeMember: group('admin', 'groups:write'),
  listPresets: group('viewer', 'groups:read'),
  createPreset: group('editor', 'groups:write', {
    body: (world) => ({ name: uuidv7(), split: { method: 'equal', among: [world.memberIds.owner] } }),
  }),
  deletePreset: group('editor', 'groups:write'),
  mergeMember: group('admin', 'groups:write', { body: () => ({ intoMemberId: uuidv7() }) }),
  createInvitation: group('admin', 'groups:write', { body: { role: 'viewer' } }),
  listInvitations: group('admin', 'groups:read'),
  revokeInvitation: group('admin', 'groups:write'),
  acceptInvitation: user('groups:write'),
  listActivity: group('viewer', 'expenses:read'),
  duplicateExpense: group('contributor', 'expenses:write', { body: {} }),
  moveExpense: group('editor', 'expenses:write', { own: ['creator', 'contributor'], body: () => ({ groupId: uuidv7() }) }),
  listReceipts: group('viewer', 'expenses:read'),
  createReceipt: group('editor', 'expenses:write', { own: ['creator', 'contributor'], body: () => formOf(ONE_PIXEL) }),
  getReceipt: group('viewer', 'expenses:read'),
  deleteReceipt: group('editor', 'expenses:write', { own: ['creator', 'contributor'] }),
  listComments: group('viewer', 'expenses:read'),
  createComment: group('contributor', 'expenses:write', { body: { text: 'x' } }),
  updateComment: party('creator', 'expenses:write', { text: 'x' }),
  deleteComment: group('admin', 'expenses:write', { own: ['creator', 'viewer'] }),
  listCategories: user('expenses:read'),
  listGroupCategories: group('viewer', 'expenses:read'),
  createGroupCategory: group('editor', 'groups:write', { body: { name: 'x' } }),
  updateGroupCategory: group('editor', 'groups:write', { body: { name: 'x' } }),
  createExpense: group('contributor', 'expenses:write', { body: dinner }),
  createExpenses: group('contributor', 'expenses:write', { body: (world) => ({ expenses: [dinner(world)] }) }),
  listGroupExpenses: group('viewer', 'expenses:read'),
  listExpenses: user('expenses:read'),
  getExpense: group('viewer', 'expenses:read'),
  updateExpense: group('editor', 'expenses:write', { own: ['creator', 'contributor'], body: { description: 'x' } }),
  deleteExpense: group('editor', 'expenses:write', { own: ['creator', 'contributor'] }),
  restoreExpense: group('editor', 'expenses:write', { own: ['creator', 'contributor'] }),
  getExpenseHistory: group('viewer', 'expenses:read'),
  approveExpense: group('open', 'expenses:write'),
  rejectExpense: group('open', 'expenses:write'),
  withdrawExpense: group('open', 'expenses:write'),
  disputeExpense: group('open', 'expenses:write', { body: { reason: 'x' } }),
  resolveDispute: group('open', 'expenses:write'),
  getBalances: group('viewer', 'expenses:read'),
  getPlan: group('viewer', 'expenses:read'),
  explainBalance: group('viewer', 'expenses:read', { query: (world) => ({ from: world.memberIds.debtor, to: world.memberIds.owner }) }),
  getMyBalances: user('expenses:read'),
  getRate: { ...user('expenses:read'), query: () => ({ base: 'EUR', quote: 'EUR' }) },
  createAdjustment: group('admin', 'expenses:write', {
    body: (world) => ({
      reason: 'x',
      entries: [
        { memberId: world.memberIds.owner, money: EUR5 },
        { memberId: world.memberIds.guest, money: { amount: '-5.00', currency: 'EUR' } },
      ],
    }),
  }),
  listAdjustments: group('viewer', 'expenses:read'),
  getGroupStats: group('viewer', 'expenses:read'),
  getBudgets: group('viewer', 'expenses:read'),
  setBudgets: group('admin', 'groups:write', { body: { budgets: [{ period: 'month', amount: EUR5 }] } }),
  getGroupChart: group('viewer', 'expenses:read'),
  getMyStats: user('expenses:read'),
  exportGroup: group('viewer', 'expenses:read'),
  createExport: group('viewer', 'expenses:read', { body: { format: 'csv' } }),
  getExport: { ...own('expenses:read'), membersOnly: true },
  getExportFile: { ...own('expenses:read'), membersOnly: true },
  cancelExport: { ...own('expenses:read'), membersOnly: true },
  createImport: group('admin', 'expenses:write', { body: { format: 'auto', content: 'x', dryRun: true } }),
  listImports: group('viewer', 'expenses:read'),
  getImport: group('viewer', 'expenses:read'),
  undoImport: group('admin', 'expenses:write'),
  createRecurring: group('contributor', 'expenses:write', { body: (world) => ({ ...MONTHLY, expense: dinner(world) }) }),
  listRecurring: group('viewer', 'expenses:read'),
  getRecurring: group('viewer', 'expenses:read'),
  previewRecurring: group('viewer', 'expenses:read'),
  updateRecurring: group('editor', 'expenses:write', { own: ['creator', 'contributor'], body: { noticeDays: 1 } }),
  pauseRecurring: group('editor', 'expenses:write', { own: ['creator', 'contributor'] }),
  resumeRecurring: group('editor', 'expenses:write', { own: ['creator', 'contributor'] }),
  skipRecurring: group('editor', 'expenses:write', { own: ['creator', 'contributor'] }),
  endRecurring: group('editor', 'expenses:write', { own: ['creator', 'contributor'] }),
  createSettlement: group('contributor', 'payments:write', { body: {} }),
  listSettlements: group('viewer', 'payments:read'),
  getSettlement: group('viewer', 'payments:read'),
  cancelSettlement: group('admin', 'payments:write', { own: ['creator', 'viewer'] }),
  getTransfer: group('viewer', 'payments:read'),
  payTransfer: party('payer', 'payments:write', { method: 'manual' }),
  confirmTransfer: party('receiver', 'payments:write'),
  disputeTransfer: party('receiver', 'payments:write', { reason: 'x' }),
  remindTransfer: party('receiver', 'payments:write'),
  createPayment: group('contributor', 'payments:write', {
    body: (world) => ({ from: world.memberIds.guest, to: uuidv7(), money: EUR5, method: 'manual' }),
  }),
  listPayments: user('payments:read'),
  getPayment: group('viewer', 'payments:read'),
  createRefund: party('payer', 'payments:write', { amount: '0.01', reason: 'x' }),
  getRefund: group('viewer', 'payments:read'),
  approveRefund: party('approver', 'payments:write'),
  rejectRefund: party('approver', 'payments:write'),
  createReminder: group('open', 'notifications:write', { body: (world) => ({ memberId: world.memberIds.guest, cadence: CADENCE }) }),
  listReminders: group('viewer', 'notifications:read'),
  getReminder: group('viewer', 'notifications:read'),
  updateReminder: group('editor', 'notifications:write', { own: ['maker', 'viewer'], body: { cadence: CADENCE } }),
  stopReminder: group('editor', 'notifications:write', { own: ['maker', 'viewer'] }),
  pauseReminder: group('editor', 'notifications:write', { own: ['maker', 'viewer'] }),
  resumeReminder: group('editor', 'notifications:write', { own: ['maker', 'viewer'] }),
  snoozeReminder: group('editor', 'notifications:write', { own: ['debtor', 'viewer'], body: { until: '2099-01-01T00:00:00Z' } }),
  listNotifications: user('notifications:read'),
  readNotification: own('notifications:write'),
  readAllNotifications: user('notifications:write'),
};

const CALLERS = [
  'anonymous',
  'outsider',
  'invited',
  ...ROLES.toReversed(),
  'former member',
  'suspended user',
  'token with the wrong scope',
  'support',
] as const;
type Caller = (typeof CALLERS)[number];
const TARGETS = ['own', 'same group', 'other group'] as const;
type Target = (typeof TARGETS)[number];

/** What a cell may be answered with. `open`: seen, and then the rule of the thing decides. */
type Verdict = 'allowed' | 'open' | 401 | 403 | 404;

/** The role of a caller in the group of the world; null for those who are not in it. The token is an editor's. */
function roleOf(caller: Caller): Role | null {
  if (caller === 'token with the wrong scope') return 'editor';
  return (ROLES as readonly string[]).includes(caller) ? (caller as Role) : null;
}

function verdictOf(expected: Expected, caller: Caller, target: Target): Verdict {
  if (expected.for === 'anyone') return 'allowed';
  if (caller === 'anonymous' || caller === 'suspended user') return 401;
  const wrongScope = caller === 'token with the wrong scope';
  if (expected.for === 'user') return wrongScope ? 403 : 'allowed';
  const role = roleOf(caller);
  if (expected.membersOnly === true && role === null) return 404;
  if (expected.for === 'own') return target !== 'own' ? 404 : wrongScope ? 403 : 'allowed';
  if (target === 'other group' || role === null) return 404;
  if (wrongScope) return 403;
  if (expected.least === 'open') return 'open';
  if (expected.least !== 'nobody' && roleAtLeast(role, expected.least ?? 'viewer')) return 'allowed';
  return target === 'own' && expected.own !== undefined && roleAtLeast(role, expected.own[1]) ? 'allowed' : 403;
}

describe('permission matrix', function () {
  this.timeout(180_000);
  let api: TestApi;
  let home: OneOfEach;
  let away: OneOfEach;
  let cells = 0;
  /** The application as it was, for those who come after it was deleted. */
  let application: string;
  const people = new Map<Caller, { user: TestUser; memberId: string | null }>();
  const routes = routesOf();

  before(async () => {
    api = await startApi(await testDatabaseUrl(), {
      STRIPE_SECRET_KEY: 'sk_test_x',
      STRIPE_WEBHOOK_SECRET: 'whsec_x',
      STRIPE_API_BASE: 'http://127.0.0.1:1',
      OIDC_PROVIDERS: OIDC_AWAY,
    });
    const owner = await api.user('Owner');
    const [ruth, dan] = [await api.user('Ruth'), await api.user('Dan')];
    home = await oneOfEach(api, owner, dan);
    away = await oneOfEach(api, await api.user('Other owner'), await api.user('Other debtor'));
    await belongTo(await join(owner, home.params['groupId']!, ruth, { role: 'viewer' }), ruth);
    people.set('owner', { user: owner, memberId: home.memberIds.owner });
    for (const role of ['admin', 'editor', 'contributor', 'viewer'] as const) people.set(role, await member(role, await api.user(role)));
    people.set('outsider', { user: await api.user('Outsider'), memberId: null });
    const invited = await api.user('Invited');
    await owner.call('POST', `/v1/groups/${home.params['groupId']}/invitations`, { email: invited.email, role: 'editor' });
    people.set('invited', { user: invited, memberId: null });
    const former = await member('editor', await api.user('Former'));
    const removed = await owner.call('DELETE', `/v1/groups/${home.params['groupId']}/members/${former.memberId}`, undefined, {
      'if-match': '*',
    });
    assert.equal(removed.status, 204);
    people.set('former member', former);
    const suspended = await member('admin', await api.user('Suspended'));
    await rows('user', `update "user".account set state = 'suspended' where id = $1`, [suspended.user.userId]);
    people.set('suspended user', suspended);
    people.set('support', { user: await api.user('Support', { platformRole: 'support' }), memberId: null });
    await ended();
    const kept = await api.deps.databases.user!.pool.query<{ row: string }>(
      'select to_jsonb(a)::text as row from "user".oauth_application a where id = $1',
      [home.params['applicationId']],
    );
    application = kept.rows[0]!.row;
    // What was believed of the suspended person a moment ago is forgotten by then.
    await delay(1_100);
  });
  after(() => {
    process.stdout.write(`    matrix: ${cells} cells, 0 skipped\n`);
    return api.stop();
  });

  const rows = async (service: 'user' | 'expense' | 'payment' | 'notification', text: string, values: unknown[]): Promise<void> => {
    await api.deps.databases[service]!.pool.query(text, values);
  };
  async function member(role: Role, person: TestUser): Promise<{ user: TestUser; memberId: string }> {
    return { user: person, memberId: await join(people.get('owner')!.user, home.params['groupId']!, person, { role }) };
  }

  /** Makes somebody all that a thing of the group can be to a person, so that it is nobody's of the callers. */
  async function belongTo(memberId: string, { userId }: { readonly userId: string }): Promise<void> {
    const { expenseId, receiptId, recurringId, commentId, transferId, paymentId, refundId, settlementId, reminderId } = home.params;
    const { notificationId, applicationId, identityId, sessionId, tokenId, authorizationId } = home.params;
    await rows('expense', 'update expense.expense set created_by = $2 where id = $1', [expenseId, memberId]);
    await rows('expense', 'update expense.receipt set uploaded_by = $2 where id = $1', [receiptId, memberId]);
    await rows('expense', 'update expense.recurring_rule set created_by = $2 where id = $1', [recurringId, memberId]);
    await rows('expense', 'update expense.comment set author_member_id = $2 where id = $1', [commentId, memberId]);
    await rows('expense', 'update expense.group_export set user_id = $2 where id = $1', [home.params['exportId'], userId]);
    await rows('payment', 'update payment.transfer set to_member_id = $2 where id = $1', [transferId, memberId]);
    await rows('payment', 'update payment.payment set to_member_id = $2 where id = $1', [paymentId, memberId]);
    await rows('payment', 'update payment.refund set approver_member_id = $2 where id = $1', [refundId, memberId]);
    await rows('payment', 'update payment.settlement set created_by = $2 where id = $1', [settlementId, userId]);
    await rows('notification', 'update notification.reminder set created_by = $2 where id = $1', [reminderId, userId]);
    await rows('notification', 'update notification.notification set user_id = $2 where id = $1', [notificationId, userId]);
    await rows('user', 'update "user".oauth_application set owner_id = $2 where id = $1', [applicationId, userId]);
    await giveIdentity(identityId!, userId);
    await rows('user', 'update "user".data_request set account_id = $2 where id = $1', [home.params['requestId'], userId]);
    await rows('user', 'update "user".session set account_id = $2 where id = any($1)', [[sessionId, tokenId, authorizationId], userId]);
    await rows('user', 'update "user".friendship set asked_id = $2 where id = $1', [home.params['friendId'], userId]);
    await rows('user', 'update "user".block set account_id = $2 where blocked_id = $1', [home.params['userId'], userId]);
  }

  /** An identity never changes its account, so it goes and comes again. @returns whose it was. */
  async function giveIdentity(id: string, userId: string): Promise<string> {
    const { pool } = api.deps.databases.user!;
    const { rows: gone } = await pool.query<{ account_id: string }>('delete from "user".identity where id = $1 returning account_id', [id]);
    await pool.query(
      `insert into "user".identity (id, account_id, provider, issuer, subject) values ($1::uuid, $2, 'sandbox', 'https://op.example', $1::uuid::text)`,
      [id, userId],
    );
    return gone[0]!.account_id;
  }

  /** An invitation that is used up, so that whoever may accept it is told so and stays where they are. */
  async function ended(): Promise<void> {
    for (const world of [home, away])
      await rows('expense', 'update expense.invitation set uses = max_uses where id = $1', [world.params['invitationId']]);
  }

  /** Makes the thing of a route the caller's own. @returns what puts it back. */
  async function makeOwn(
    route: AnyRoute,
    relation: Relation,
    who: { user: TestUser; memberId: string | null },
  ): Promise<() => Promise<void>> {
    const { params } = home;
    const { userId } = who.user;
    if (who.memberId === null && relation !== 'self') return async () => {};
    const swap = async (
      service: 'user' | 'expense' | 'payment' | 'notification',
      table: string,
      column: string,
      id: string | undefined,
      value: string | null,
    ): Promise<() => Promise<void>> => {
      const { pool } = api.deps.databases[service]!;
      const { rows: before } = await pool.query<{ was: string }>(`select ${column} as was from ${table} where id = $1`, [id]);
      await pool.query(`update ${table} set ${column} = $2 where id = $1`, [id, value]);
      return async () => void (await pool.query(`update ${table} set ${column} = $2 where id = $1`, [id, before[0]!.was]));
    };
    if (relation === 'creator' && route.path.includes('expenseId'))
      return swap('expense', 'expense.expense', 'created_by', params['expenseId'], who.memberId);
    if (relation === 'creator' && route.path.includes('receiptId'))
      return swap('expense', 'expense.receipt', 'uploaded_by', params['receiptId'], who.memberId);
    if (relation === 'creator' && route.path.includes('recurringId'))
      return swap('expense', 'expense.recurring_rule', 'created_by', params['recurringId'], who.memberId);
    if (relation === 'creator' && route.path.includes('commentId'))
      return swap('expense', 'expense.comment', 'author_member_id', params['commentId'], who.memberId);
    if (relation === 'creator') return swap('payment', 'payment.settlement', 'created_by', params['settlementId'], userId);
    if (relation === 'payer' && route.path.includes('paymentId'))
      return swap('payment', 'payment.payment', 'from_member_id', params['paymentId'], who.memberId);
    if (relation === 'payer') return swap('payment', 'payment.transfer', 'from_member_id', params['transferId'], who.memberId);
    if (relation === 'receiver') return swap('payment', 'payment.transfer', 'to_member_id', params['transferId'], who.memberId);
    if (relation === 'approver') return swap('payment', 'payment.refund', 'approver_member_id', params['refundId'], who.memberId);
    if (relation === 'maker') return swap('notification', 'notification.reminder', 'created_by', params['reminderId'], userId);
    if (relation === 'debtor') return swap('notification', 'notification.reminder', 'member_id', params['reminderId'], who.memberId);
    if (route.path.includes('notificationId'))
      return swap('notification', 'notification.notification', 'user_id', params['notificationId'], userId);
    if (route.path.includes('applicationId')) return swap('user', '"user".oauth_application', 'owner_id', params['applicationId'], userId);
    if (route.path.includes('exportId')) return swap('expense', 'expense.group_export', 'user_id', params['exportId'], userId);
    if (route.path.includes('requestId')) return swap('user', '"user".data_request', 'account_id', params['requestId'], userId);
    if (route.path.includes('identityId')) {
      const holder = await giveIdentity(params['identityId']!, userId);
      return async () => void (await giveIdentity(params['identityId']!, holder));
    }
    if (route.path.includes('friendId')) {
      // Whatever became of it, it waits again for the next one.
      const holder = await swap('user', '"user".friendship', 'asked_id', params['friendId'], userId);
      return async () => {
        await rows('user', FRIEND_AGAIN, [params['friendId']]);
        await holder();
      };
    }
    if (route.path.startsWith('/v1/blocks')) {
      await rows('user', 'insert into "user".block (account_id, blocked_id) values ($1, $2)', [userId, params['userId']]);
      return () => rows('user', 'delete from "user".block where account_id = $1 and blocked_id = $2', [userId, params['userId']]);
    }
    const id = /:(\w+Id)/.exec(route.path)?.[1] ?? '';
    return swap('user', '"user".session', 'account_id', params[id], userId);
  }

  async function ask(
    route: AnyRoute,
    expected: Expected,
    caller: Caller,
    target: Target,
    ifMatch = '"v0"',
  ): Promise<{ status: number; code: unknown; detail: unknown }> {
    const world = target === 'other group' ? away : home;
    const headers: Record<string, string> = { 'if-match': ifMatch, 'idempotency-key': uuidv7() };
    const body = typeof expected.body === 'function' ? expected.body(world) : expected.body;
    const query = expected.query === undefined ? '' : `?${new URLSearchParams(expected.query(world)).toString()}`;
    const path = filledPath(route.path, world.params) + query;
    const method = route.method.toUpperCase();
    const by = caller === 'anonymous' ? api : (await personOf(route, caller)).user;
    const restore =
      target === 'own' && expected.own !== undefined && caller !== 'anonymous'
        ? await makeOwn(route, expected.own[0], await personOf(route, caller))
        : null;
    const answer = await by.call(method, path, body, headers);
    await restore?.();
    // What was ended lives again, for the next one who asks.
    if (route.operationId === 'deleteReceipt') await receiptAgain(world);
    if (route.operationId === 'deleteComment')
      await rows('expense', 'update expense.comment set deleted_at = null where id = $1', [world.params['commentId']]);
    if (route.operationId === 'deleteApplication') await rows('user', APPLICATION_AGAIN, [application]);
    if (route.operationId === 'deletePreset')
      await rows('expense', PRESET_AGAIN, [world.params['presetId'], world.params['groupId'], world.memberIds.owner]);
    if (['endSession', 'endToken', 'endAuthorization', 'deleteApplication'].includes(route.operationId))
      await rows('user', 'update "user".session set ended_at = null where id = any($1)', [
        ['sessionId', 'tokenId', 'authorizationId'].map((name) => world.params[name]),
      ]);
    const { code, detail } = (answer.body ?? {}) as { code?: unknown; detail?: unknown };
    return { status: answer.status, code, detail };
  }

  /** The row of a receipt that was deleted; its file is gone for good. */
  async function receiptAgain({ params }: OneOfEach): Promise<void> {
    await rows(
      'expense',
      `insert into expense.receipt (id, expense_id, group_id, uploaded_by, content_type, bytes, sha256)
       select $1, $2, $3, created_by, 'image/png', 1, 'x' from expense.expense where id = $2 on conflict (id) do nothing`,
      [params['receiptId'], params['expenseId'], params['groupId']],
    );
  }

  /** Brings the group into a state, whatever it was; a new version, so that nobody remembers another. */
  async function bringTo(state: GroupState): Promise<void> {
    await rows(
      'expense',
      `update expense."group" set state = $2, version = version + 1, archived_at = case when $2 = 'archived' then now() end,
         deleted_at = case when $2 = 'deleted' then now() end where id = $1`,
      [home.params['groupId'], state],
    );
  }

  /** The person of a caller. What ends somebody's session or membership is asked by somebody new; a token by one with another scope. */
  async function personOf(route: AnyRoute, caller: Caller): Promise<{ user: TestUser; memberId: string | null }> {
    if (caller === 'token with the wrong scope') {
      const { scope } = policyOf(route);
      const key = scope === 'notifications:read' ? 'profile:read' : 'notifications:read';
      const name = `token ${key}` as Caller;
      const kept = people.get(name) ?? (await memberByToken(key));
      people.set(name, kept);
      return kept;
    }
    const role = roleOf(caller);
    if (route.operationId === 'leaveGroup' && role !== null && role !== 'owner') return member(role, await api.user('Passing'));
    if (route.operationId === 'logout' && caller !== 'suspended user') return { user: await api.user('Passing'), memberId: null };
    return people.get(caller)!;
  }

  async function memberByToken(scope: string): Promise<{ user: TestUser; memberId: string }> {
    const person = await api.user('By token', { scopes: [scope] });
    // Nobody joins by a token without the scope for it, so the owner adds the person.
    const memberId = uuidv7();
    await rows(
      'expense',
      `insert into expense.member (id, group_id, user_id, display_name, role) values ($1, $2, $3, 'By token', 'editor')`,
      [memberId, home.params['groupId'], person.userId],
    );
    return { user: person, memberId };
  }

  it('says something of every operation, and of no other', () => {
    assert.deepEqual(Object.keys(EXPECTED).toSorted(), routes.map(({ operationId }) => operationId).toSorted());
  });

  it('agrees with the scopes of the policy', () => {
    for (const route of routes) assert.equal(policyOf(route).scope, EXPECTED[route.operationId]!.scope ?? null, route.operationId);
  });

  it('agrees with the standings of the policy', () => {
    for (const route of routes) {
      const { standing } = policyOf(route);
      const { for: whom, least, own: mine } = EXPECTED[route.operationId]!;
      assert.equal(platformRoleOf(policyOf(route)), whom === 'support' ? 'support' : null, route.operationId);
      if (whom !== 'group') {
        assert.equal(standing, whom === 'own' ? 'self' : null, route.operationId);
        continue;
      }
      assert.ok(standing !== null && standing !== 'self', route.operationId);
      const asked: Standing = STANDINGS[standing];
      assert.equal(asked.least, least === 'nobody' ? null : least === 'open' ? 'viewer' : least, route.operationId);
      if (mine === undefined) assert.deepEqual(asked.as, [], route.operationId);
      else assert.ok(mine[0] !== 'self' && asked.as.includes(mine[0]) && asked.leastAs === mine[1], route.operationId);
    }
  });

  for (const route of routes)
    it(`${route.operationId}, is done by those who may, and by nobody else`, async () => {
      const expected = EXPECTED[route.operationId]!;
      const targets = targetsOf(expected);
      const wrong: string[] = [];
      for (const caller of CALLERS)
        for (const target of targets) {
          cells += 1;
          const verdict = expected.for === 'support' ? supportVerdict(route, caller) : verdictOf(expected, caller, target);
          const { status, code } = await ask(route, expected, caller, target);
          const denied = status === 401 ? code === 'unauthenticated' : status === 403 || status === 404;
          // A rule may say "forbidden" or "no such member" itself; what is asked here is whether the caller got that far.
          const fits =
            verdict === 'allowed' ? !denied || isRule(code) : verdict === 'open' ? status !== 401 && status !== 404 : status === verdict;
          if (!fits) wrong.push(`${caller} / ${target}: ${status} ${String(code)}, expected ${verdict}`);
        }
      assert.deepEqual(wrong, []);
    });

  for (const route of routes.filter((one) => inGroup(one)))
    it(`${route.operationId}, is possible in the states of a group that its policy names, and in no other`, async () => {
      const { states, rule } = policyOf(route);
      const wrong: string[] = [];
      for (const state of GROUP_STATES) {
        cells += 1;
        await bringTo(state);
        const { status, code, detail } = await ask(route, EXPECTED[route.operationId]!, 'owner', 'own', '*');
        const refused = status === 409 && STATE_CODES.has(code) && String(detail).startsWith('The group is');
        const possible = states === null || states.includes(state);
        // Where the command has a rule of its own, that may refuse the owner before the state is looked at.
        const fits = possible ? !refused : refused || (rule !== null && status >= 400);
        if (!fits) wrong.push(`${state}: ${status} ${String(code)} ${String(detail)}, expected ${possible ? 'possible' : 'refused'}`);
      }
      await bringTo('active');
      assert.deepEqual(wrong, []);
    });

  it('every cell was asked: all operations by all callers at all targets, and those of a group in all its states', () => {
    assert.deepEqual([CALLERS.length, TARGETS.length, GROUP_STATES.length], [12, 3, 3]);
    const things = routes.filter((route) => policyOf(route).standing !== null).length;
    const whole = things * 12 * 3 + (routes.length - things) * 12 + routes.filter((one) => inGroup(one)).length * 3;
    assert.equal(cells, whole);
  });
});

/** What the path can name: a thing of the caller's own, of the same group or of another; where it names none, there is one target. */
function targetsOf(expected: Expected): readonly Target[] {
  return expected.for === 'group' || expected.for === 'own' ? TARGETS : ['own'];
}

/** Codes of refusals that are about the state of a group. */
const STATE_CODES = new Set<unknown>(['archived', 'deleted', 'not_archived', 'not_deleted']);

function inGroup(route: AnyRoute): boolean {
  const { standing, states } = policyOf(route);
  return states !== null || (standing !== null && standing !== 'self');
}

const PRESET_AGAIN = `insert into expense.preset (id, group_id, name, split, created_by) values ($1::uuid, $2, $1::uuid::text, '{}', $3) on conflict do nothing`;

const APPLICATION_AGAIN =
  'insert into "user".oauth_application select * from jsonb_populate_record(null::"user".oauth_application, $1::jsonb) on conflict (id) do nothing';

const FRIEND_AGAIN = `update "user".friendship set state = 'pending', accepted_at = null, closed_at = null, ledger_id = null,
  asked_email = id::text, asked_key = id::text where id = $1`;

function supportVerdict(route: AnyRoute, caller: Caller): Verdict {
  if (caller === 'anonymous' || caller === 'suspended user') return 401;
  if (caller === 'support') return 'allowed';
  return route.path.includes(':') ? 404 : 403;
}

/** A provider that nobody reaches: whoever gets so far is told that. */
const OIDC_AWAY = JSON.stringify([{ id: 'sandbox', issuer: 'https://127.0.0.1:1', clientId: 'x', displayName: 'Away' }]);

/** Codes of refusals that are about something else than the caller's right. */
function isRule(code: unknown): boolean {
  return code === 'reauthentication_required' || code === 'email_not_verified';
}
