import { createHash } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { v7 as uuidv7 } from 'uuid';
import { OAuthBrowser } from '../../support/oauth-browser.ts';
import { formOf, ONE_PIXEL } from '../../support/pictures.ts';
import { until } from '../../support/until.ts';
import { comeBack, goToProvider } from '../support/federated.ts';
import { mailedToken, register, signUp, type Addresses, type Json, type Person } from '../support/people.ts';

/** One request that succeeds in the world as it was made, once. */
export interface Recipe {
  /** Access token of whoever may do it; none for anonymous operations. */
  readonly token?: string;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body is a form with this file, in base64. */
  readonly file?: string;
  /** The body goes out with the gateway's signature. */
  readonly signed?: true;
}

/** What the hooks feed to the fuzzer. */
export interface World {
  /** How the main user signs in, and one who is in none of the groups. */
  readonly signIn: { readonly url: string; readonly body: Json; readonly stranger: Json };
  /** By operation: requests that get a 2xx, each on resources of its own. */
  readonly recipes: Recipes;
  /** By path parameter: values that the main user sees, for generated requests; no recipe uses them, as anything may happen to them. */
  readonly ids: Readonly<Record<string, readonly string[]>>;
  /** Ids of members, for bodies that name some, by group. */
  readonly members: Readonly<Record<string, readonly string[]>>;
}

type Recipes = Readonly<Record<string, readonly Recipe[]>>;

interface Group {
  readonly id: string;
  /** Ids of the members: the main user, the second, the third. */
  readonly ana: string;
  readonly ben: string;
  readonly cara: string;
}

/**
 * Plays a world through the REST API alone: three people with verified addresses, groups in every state, expenses that are
 * posted, pending and deleted, settlements with transfers in several states, payments, refunds, reminders and invitations.
 *
 * @param grantAdmin makes somebody an admin of the platform, which no request can for the first one.
 */
export async function playWorld(at: Addresses, grantAdmin: (email: string) => Promise<void>): Promise<World> {
  const [ana, ben, cara, dora] = (await Promise.all(['Ana', 'Ben', 'Cara', 'Dora'].map((name) => signUp(at, name)))) as [
    Person,
    Person,
    Person,
    Person,
  ];
  const play = new Play(at, ana, ben, cara);
  const all = { approval: { mode: 'all' } };
  const [home, owed, approving, open, asking] = (await Promise.all([
    play.group('Home'),
    play.group('Holiday'),
    play.group('Office', all),
    play.group('Open to all'),
    play.group('Open, and asking', all),
  ])) as [Group, Group, Group, Group, Group];

  const user = await playUsers(at, ana, dora, grantAdmin);
  const groups = await play.groups(home);
  const invitations = await play.invitations(home, dora);
  const expenses = await play.expenses(home, approving);
  const payments = await play.payments(owed);
  const reminders = await play.reminders(owed);
  const ids = await play.ids(open, asking);
  const [notices, others] = (await Promise.all([ana, ben].map(noticesOf))) as [Json[], Json[]];
  // Last, since what a provider gives is good for minutes only.
  const federated = await playFederated(at, cara);

  const recipes: Record<string, readonly Recipe[]> = {
    ...user,
    ...groups,
    ...invitations,
    ...expenses,
    ...payments,
    ...reminders,
    ...federated.recipes,
    listNotifications: [{ token: ben.token }],
    readNotification: others.slice(0, 3).map((notice) => ({ token: ben.token, path: { notificationId: idOf(notice) } })),
    readAllNotifications: [{ token: ben.token }],
    receiveWebhook: [
      {
        path: { gateway: 'stripe' },
        signed: true,
        body: { id: `evt_${uuidv7()}`, object: 'event', type: 'account.updated', data: { object: { id: 'acct_none', object: 'account' } } },
      },
    ],
  };
  const { email, password } = await signUp(at, 'Zoe');
  return {
    signIn: { url: `${at.apiUrl}/v1/auth/login`, body: { email: ana.email, password: ana.password }, stranger: { email, password } },
    recipes,
    ids: { ...ids, identityId: [federated.spareId], provider: ['sandbox'], gateway: ['stripe'], notificationId: notices.map(idOf) },
    members: Object.fromEntries([open, asking].map((group) => [group.id, [group.ana, group.ben, group.cara]])),
  };
}

function noticesOf(person: Person): Promise<Json[]> {
  return until(
    'a notice',
    async () => {
      const { data } = (await person.call('GET', '/v1/notifications')) as { data: Json[] };
      return data.length > 0 ? data : null;
    },
    120_000,
  );
}

async function playUsers(at: Addresses, ana: Person, dora: Person, grantAdmin: (email: string) => Promise<void>): Promise<Recipes> {
  const [eva, finn] = await Promise.all([register(at.apiUrl, 'Eva'), register(at.apiUrl, 'Finn')]);
  return {
    register: [{ body: { email: `gus-${uuidv7()}@example.com`, password: uuidv7(), displayName: 'Gus' } }],
    login: [{ body: { email: ana.email, password: ana.password } }],
    refresh: [{ body: { refreshToken: dora.refreshToken } }],
    verifyEmail: [{ body: { token: await mailedToken(at.sandboxUrl, eva.email) } }],
    resendVerification: [{ token: finn.token }],
    getMe: [{ token: ana.token }],
    updateMe: [{ token: ana.token, headers: any, body: { displayName: 'Ana again' } }],
    getPreferences: [{ token: ana.token }],
    replacePreferences: [{ token: ana.token, body: { weekStart: 'sunday', groupCurrency: 'CHF' } }],
    ...(await playFriends(at, ana)),
    ...(await playCredentials(at, ana)),
    ...(await playRequests(at)),
    ...(await playPlatform(at, grantAdmin)),
    ...(await playApplications(at, ana)),
  };
}

/** People who ask Ana, and whom she has blocked. */
async function playFriends(at: Addresses, ana: Person): Promise<Recipes> {
  const names = ['Rae', 'Sol', 'Tia', 'Udo', 'Vic', 'Wim'];
  const [toAccept, toDecline, toRemove, standing, toBlock, blocked] = (await Promise.all(names.map((name) => signUp(at, name)))) as [
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
  ];
  const ask = (person: Person): Promise<Json> => person.call('POST', '/v1/friends', { email: ana.email });
  const of = (friend: Json): Recipe => ({ token: ana.token, path: { friendId: idOf(friend) } });
  const [accepting, declining, removing, friend] = (await Promise.all([toAccept, toDecline, toRemove, standing].map(ask))) as [
    Json,
    Json,
    Json,
    Json,
  ];
  await ana.call('POST', `/v1/friends/${idOf(friend)}/accept`);
  const userIdOf = async (person: Person): Promise<string> => idOf(await person.call('GET', '/v1/me'));
  const blockedId = await userIdOf(blocked);
  await ana.call('POST', '/v1/blocks', { userId: blockedId });
  return {
    listFriends: [{ token: ana.token }],
    askFriend: [{ token: ana.token, body: { email: `xen-${uuidv7()}@example.com` } }],
    getFriend: [of(friend)],
    getFriendBalances: [of(friend)],
    acceptFriend: [of(accepting)],
    declineFriend: [of(declining)],
    removeFriend: [of(removing)],
    listBlocks: [{ token: ana.token }],
    blockUser: [{ token: ana.token, body: { userId: await userIdOf(toBlock) } }],
    unblockUser: [{ token: ana.token, path: { userId: blockedId } }],
  };
}

/** What protects accounts; each on an account of its own. */
async function playCredentials(at: Addresses, ana: Person): Promise<Recipes> {
  const names = ['Hal', 'Ida', 'Jon', 'Kim', 'Lea'];
  const [hal, ida, jon, kim, lea] = (await Promise.all(names.map((name) => register(at.apiUrl, name)))) as [
    Person,
    Person,
    Person,
    Person,
    Person,
  ];
  await hal.call('POST', '/v1/auth/password/forgot', { email: hal.email });
  const { secret: asked } = (await kim.call('POST', '/v1/auth/totp', {})) as { secret: string };
  const { secret } = (await lea.call('POST', '/v1/auth/totp', {})) as { secret: string };
  await lea.call('POST', '/v1/auth/totp/confirm', { code: new TOTP({ secret: Secret.fromBase32(secret) }).generate() });
  const token = { name: 'Script', scopes: ['expenses:read'] };
  const toEnd = await ana.call('POST', '/v1/me/tokens', token);
  const session = await newestSession(ana);
  return {
    forgotPassword: [{ body: { email: ida.email } }],
    resetPassword: [{ body: { token: await mailedToken(at.sandboxUrl, hal.email, 'another password'), password: uuidv7() } }],
    changePassword: [{ token: ida.token, body: { currentPassword: ida.password, newPassword: uuidv7() } }],
    setUpTotp: [{ token: jon.token, body: { password: jon.password } }],
    confirmTotp: [{ token: kim.token, body: { code: `totp:${asked}` } }],
    disableTotp: [{ token: lea.token, body: { password: lea.password } }],
    listSessions: [{ token: ana.token }],
    endSession: [{ token: ana.token, path: { sessionId: session } }],
    createToken: [{ token: ana.token, body: token }],
    listTokens: [{ token: ana.token }],
    endToken: [{ token: ana.token, path: { tokenId: idOf(toEnd) } }],
  };
}

/** Exports and erasures, each of people of its own; the platform of this run lets hours pass before an erasure begins. */
async function playRequests(at: Addresses): Promise<Recipes> {
  const names = ['Rex', 'Sue', 'Tom', 'Una', 'Vic', 'Wes'];
  const [rex, sue, tom, una, vic, wes] = (await Promise.all(names.map((name) => register(at.apiUrl, name)))) as [
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
  ];
  const [exported, erased, cancelled] = await Promise.all([
    una.call('POST', '/v1/me/export'),
    vic.call('POST', '/v1/me/erase', {}),
    wes.call('POST', '/v1/me/erase', {}),
  ]);
  const path = { requestId: idOf(exported) };
  await until('the export', async () => (await una.call('GET', `/v1/me/requests/${path.requestId}`))['state'] === 'done', 120_000);
  return {
    exportMe: [{ token: rex.token }],
    eraseMe: [{ token: sue.token, body: { password: sue.password } }],
    deleteMe: [{ token: tom.token, headers: any, body: {} }],
    getDataRequest: [{ token: una.token, path }],
    downloadExport: [{ token: una.token, path }],
    cancelDataRequest: [{ token: wes.token, path: { requestId: idOf(cancelled) } }],
    getErasure: [{ path: { erasureToken: String(erased['statusUrl']).split('/').at(-1)! } }],
  };
}

/** Sign-ins with the sandbox's OpenID provider. */
async function playFederated(at: Addresses, cara: Person): Promise<{ recipes: Recipes; spareId: string }> {
  const [nia, oda, pam] = (await Promise.all(['Nia', 'Oda', 'Pam'].map((name) => signUp(at, name)))) as [Person, Person, Person];
  const linkToken = async ({ email }: { email: string }, link: boolean): Promise<string> => {
    const told = await comeBack(at, await goToProvider(at, { email, name: 'Somebody' }, link));
    if (typeof told['linkToken'] !== 'string') throw new Error(`no link token: ${JSON.stringify(told)}`);
    return told['linkToken'];
  };
  const elsewhere = (): { email: string } => ({ email: `${uuidv7()}@elsewhere.example` });
  const add = async (person: Person): Promise<Json> =>
    person.call('POST', '/v1/me/identities', { linkToken: await linkToken(elsewhere(), true), password: person.password });
  const [toRemove, spare] = [await add(pam), await add(cara)];
  const { query, cookie } = await goToProvider(at, { ...elsewhere(), name: 'Quin' });
  return {
    spareId: idOf(spare),
    recipes: {
      listOidcProviders: [{}],
      startOidc: [{ path: { provider: 'sandbox' }, headers: { Accept: 'application/json' } }],
      finishOidc: [{ path: { provider: 'sandbox' }, query, headers: { Cookie: cookie } }],
      linkOidc: [{ body: { linkToken: await linkToken(nia, false), password: nia.password } }],
      listIdentities: [{ token: pam.token }],
      addIdentity: [{ token: oda.token, body: { linkToken: await linkToken(elsewhere(), true), password: oda.password } }],
      removeIdentity: [{ token: pam.token, path: { identityId: idOf(toRemove) } }],
    },
  };
}

const BACK = 'https://robot.example/back';
const ROBOT = { name: 'Robot', redirectUris: [BACK], scopes: ['profile:read', 'expenses:read'], kind: 'confidential' };

/** Applications of Ana's, and what she allows one of them. */
async function playApplications(at: Addresses, ana: Person): Promise<Recipes> {
  const [standing, toDelete, toRenew] = (await Promise.all(
    Array.from({ length: 3 }, () => ana.call('POST', '/v1/oauth/applications', ROBOT)),
  )) as [Json, Json, Json];
  const of = (application: Json): Recipe => ({ token: ana.token, path: { applicationId: idOf(application) } });
  const authorizationId = await allowed(at, ana, standing);
  return {
    createApplication: [{ token: ana.token, body: ROBOT }],
    listApplications: [{ token: ana.token }],
    updateApplication: [{ ...of(standing), body: { name: 'Robot two' } }],
    replaceApplicationSecret: [of(toRenew)],
    deleteApplication: [of(toDelete)],
    listAuthorizations: [{ token: ana.token }],
    endAuthorization: [{ token: ana.token, path: { authorizationId } }],
  };
}

/** Lets somebody allow an application, on its pages. @returns the authorization's id. */
async function allowed(at: Addresses, person: Person, application: Json): Promise<string> {
  const query = new URLSearchParams({
    client_id: application['clientId'] as string,
    response_type: 'code',
    redirect_uri: BACK,
    scope: 'profile:read',
    state: uuidv7(),
    code_challenge: createHash('sha256').update(uuidv7()).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const browser = new OAuthBrowser(at.apiUrl);
  await browser.allow(`${at.apiUrl}/oauth/authorize?${query.toString()}`, person.email, person.password);
  const { data } = (await person.call('GET', '/v1/me/authorizations')) as { data: { id: string; application: { id: string } }[] };
  return data.find((row) => row.application.id === idOf(application))!.id;
}

/** What an admin of the platform does. */
async function playPlatform(at: Addresses, grantAdmin: (email: string) => Promise<void>): Promise<Recipes> {
  const [otto, max] = (await Promise.all([signUp(at, 'Otto'), register(at.apiUrl, 'Max')])) as [Person, Person];
  await grantAdmin(otto.email);
  const found = (await until('the role', async () => {
    const { data } = (await otto.call('GET', `/v1/users?q=${encodeURIComponent(max.email)}`).catch(() => ({ data: [] }))) as {
      data: Json[];
    };
    return data[0];
  })) as Json;
  const user = { token: otto.token, path: { userId: idOf(found) } };
  const [mergeId] = await merges(otto, 1);
  return {
    listUsers: [{ token: otto.token }],
    getUser: [user],
    updateUser: [{ ...user, headers: any, body: { state: 'suspended', reason: 'Asked for' } }],
    listAudit: [{ token: otto.token }],
    listMerges: [{ token: otto.token }],
    undoMerge: [{ token: otto.token, path: { mergeId: mergeId! }, body: { reason: 'They are two' } }],
  };
}

/** Members merged in a group of somebody who may read of it. @returns the merges' ids. */
async function merges(person: Person, count: number): Promise<string[]> {
  const group = await person.call('POST', '/v1/groups', { name: 'Twins', currency: 'EUR' });
  const members = `/v1/groups/${idOf(group)}/members`;
  const into = await person.call('POST', members, { displayName: 'Remaining' });
  for (let made = 0; made < count; made++) {
    const from = await person.call('POST', members, { displayName: 'Twin' });
    await person.call('POST', `${members}/${idOf(from)}/merge`, { intoMemberId: idOf(into) });
  }
  const { data } = (await person.call('GET', `/v1/operations/merges?groupId=${idOf(group)}`)) as { data: Json[] };
  return data.map(idOf);
}

/** A further sign-in of somebody, which nothing else uses. */
async function newestSession(person: Person): Promise<string> {
  await person.call('POST', '/v1/auth/login', { email: person.email, password: person.password });
  const { data } = (await person.call('GET', '/v1/me/sessions')) as { data: Json[] };
  return idOf(data.find(({ current }) => current === false)!);
}

const any = { 'If-Match': '*' } as const;

/** The groups' part of the world, by its three people. */
class Play {
  /** Files imported so far. */
  #files = 0;
  readonly #at: Addresses;
  readonly #ana: Person;
  readonly #ben: Person;
  readonly #cara: Person;

  constructor(at: Addresses, ana: Person, ben: Person, cara: Person) {
    this.#at = at;
    this.#ana = ana;
    this.#ben = ben;
    this.#cara = cara;
  }

  /** A group of Ana's with Ben as admin and Cara as contributor. */
  async group(name: string, policy?: Json): Promise<Group> {
    const made = await this.#ana.call('POST', '/v1/groups', { name, currency: 'EUR', ...(policy ? { policy } : {}) });
    const id = idOf(made);
    const join = async (person: Person, role: string): Promise<string> => {
      const { token } = await this.#ana.call('POST', `/v1/groups/${id}/invitations`, { role });
      return (await person.call('POST', `/v1/invitations/${token as string}/accept`))['myMemberId'] as string;
    };
    const ben = await join(this.#ben, 'admin');
    const cara = await join(this.#cara, 'contributor');
    return { id, ana: made['myMemberId'] as string, ben, cara };
  }

  async groups(home: Group): Promise<Recipes> {
    const ana = this.#ana.token;
    const names = ['deleted', 'archived', 'to delete', 'to archive', 'to leave', 'to hand over'];
    const [deleted, archived, toDelete, toArchive, toLeave, toHandOver] = (await Promise.all(names.map((name) => this.group(name)))) as [
      Group,
      Group,
      Group,
      Group,
      Group,
      Group,
    ];
    await this.#ana.call('DELETE', `/v1/groups/${deleted.id}`);
    await this.#ana.call('POST', `/v1/groups/${archived.id}/archive`);
    const members = `/v1/groups/${home.id}/members`;
    const [guest, leaving, twin] = (await Promise.all(
      ['Guest', 'Passing by', 'Twin'].map((displayName) => this.#ana.call('POST', members, { displayName })),
    )) as [Json, Json, Json];
    const rent = { name: 'Rent', split: { method: 'shares', parts: [{ memberId: home.ana, shares: '2' }] } };
    const preset = await this.#ana.call('POST', `/v1/groups/${home.id}/presets`, rent);
    const at = (group: Group): Pick<Recipe, 'token' | 'path'> => ({ token: ana, path: { groupId: group.id } });
    return {
      createGroup: [{ token: ana, body: { name: 'New', currency: 'JPY', timeZone: 'Asia/Tokyo' } }],
      listGroups: [{ token: ana }],
      getGroup: [at(home)],
      updateGroup: [{ ...at(home), headers: any, body: { name: 'Home again' } }],
      deleteGroup: [{ ...at(toDelete), headers: any }],
      restoreGroup: [at(deleted)],
      archiveGroup: [at(toArchive)],
      unarchiveGroup: [at(archived)],
      leaveGroup: [{ ...at(toLeave), token: this.#ben.token }],
      mergeMember: [{ token: ana, path: { groupId: home.id, memberId: idOf(twin) }, body: { intoMemberId: idOf(guest) } }],
      createPreset: [{ ...at(home), body: { name: 'Rent by rooms', split: { method: 'equal', among: [home.ana, home.ben] } } }],
      listPresets: [at(home)],
      deletePreset: [{ token: ana, path: { groupId: home.id, presetId: idOf(preset) } }],
      lockGroup: [{ ...at(home), body: { until: '2001-01-01' } }],
      handOverGroup: [{ ...at(toHandOver), body: { memberId: toHandOver.ben } }],
      addMember: [{ ...at(home), body: { displayName: 'Another guest', role: 'viewer', weight: '1.5' } }],
      getMember: [{ token: ana, path: { groupId: home.id, memberId: home.ben } }],
      updateMember: [{ token: ana, path: { groupId: home.id, memberId: idOf(guest) }, headers: any, body: { displayName: 'Guest two' } }],
      removeMember: [{ token: ana, path: { groupId: home.id, memberId: idOf(leaving) }, headers: any }],
    };
  }

  async invitations(home: Group, dora: Person): Promise<Recipes> {
    const path = `/v1/groups/${home.id}/invitations`;
    const [toAccept, toRevoke, standing] = (await Promise.all(
      Array.from({ length: 3 }, () => this.#ana.call('POST', path, { role: 'viewer', maxUses: 3 })),
    )) as [Json, Json, Json];
    const group = { token: this.#ana.token, path: { groupId: home.id } };
    return {
      createInvitation: [{ ...group, body: { role: 'viewer', expiresInHours: 24, maxUses: 2 } }],
      listInvitations: [group],
      revokeInvitation: [{ token: group.token, path: { groupId: home.id, invitationId: idOf(toRevoke) } }],
      getInvitation: [{ path: { token: standing['token'] as string } }],
      acceptInvitation: [{ token: dora.token, path: { token: toAccept['token'] as string } }],
    };
  }

  /** 90.00 paid by Ana for all three, on the day after the last one. */
  async expense(group: Group, by: Person = this.#ana): Promise<Json> {
    return by.call('POST', `/v1/groups/${group.id}/expenses`, dinner(group));
  }

  /** A file of one bill, another one each time, imported to its end. */
  async imported(group: Group): Promise<Json> {
    const content = BILLS.replace('bread', `bread ${(this.#files += 1)}`);
    const opened = await this.#ana.call('POST', `/v1/groups/${group.id}/imports`, { format: 'ihatemoney-csv', content });
    return this.#reaches(this.#ana, `/v1/imports/${idOf(opened)}`, ['done']);
  }

  /** An export that is done. */
  async exported(group: Group, by: Person, fields: Json = {}): Promise<Json> {
    const opened = await by.call('POST', `/v1/groups/${group.id}/exports`, fields);
    return this.#reaches(by, `/v1/exports/${idOf(opened)}`, ['done']);
  }

  /** A receipt of an expense. */
  async receipt(expense: Json): Promise<Json> {
    const answer = await fetch(`${this.#at.apiUrl}/v1/expenses/${idOf(expense)}/receipts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#ana.token}` },
      body: formOf(ONE_PIXEL),
    });
    if (answer.status !== 201) throw new Error(`a receipt: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Json;
  }

  async expenses(home: Group, approving: Group): Promise<Recipes> {
    const made = await Promise.all(Array.from({ length: 6 }, () => this.expense(home)));
    const [standing, toEdit, toDelete, toRestore, toDispute, toResolve] = made;
    const [toApprove, toReject, toWithdraw] = (await Promise.all(Array.from({ length: 3 }, () => this.expense(approving)))) as Json[];
    await this.#ana.call('DELETE', `/v1/expenses/${idOf(toRestore!)}`);
    await this.#ben.call('POST', `/v1/expenses/${idOf(toResolve!)}/dispute`, { reason: 'Not there' });
    const of = (expense: Json | undefined, token = this.#ana.token): Recipe => ({ token, path: { expenseId: idOf(expense!) } });
    const group = { token: this.#ana.token, path: { groupId: home.id } };
    const adjustment = {
      reason: 'Counted twice',
      entries: [
        { memberId: home.ana, money: { amount: '5.00', currency: 'EUR' } },
        { memberId: home.ben, money: { amount: '-5.00', currency: 'EUR' } },
      ],
    };
    await this.#ana.call('POST', `/v1/groups/${home.id}/adjustments`, adjustment);
    const [beside, toMove] = [await this.group('Beside home'), await this.expense(home)];
    const [kept, thrown] = (await Promise.all([1, 2].map(() => this.receipt(standing!)))) as Json[];
    const comment = (words: string): Promise<Json> => this.#ana.call('POST', `/v1/expenses/${idOf(standing!)}/comments`, { text: words });
    const [toChange, toTakeAway] = await Promise.all([comment('One'), comment('Two')]);
    const category = await this.#ana.call('POST', `/v1/groups/${home.id}/categories`, { name: 'Ski passes', parent: 'travel' });
    const [rule, toEnd] = [await this.recurring(home), await this.recurring(home)];
    const ofRule = { token: group.token, path: { recurringId: idOf(rule) } };
    // Ben's, since the last ten of a person are kept, and generated requests of Ana's make as many as they like.
    const ben = this.#ben;
    const [standingExport, toCancel] = [await this.exported(home, ben, { receipts: true }), await this.exported(home, ben)];
    const ofExport = { token: ben.token, path: { exportId: idOf(standingExport) } };
    const [standingImport, toUndo] = [await this.imported(home), await this.imported(home)];
    return {
      createExpense: [{ ...group, body: dinner(home) }],
      createExpenses: [{ ...group, body: { expenses: [dinner(home), dinner(home)] } }],
      listGroupExpenses: [group],
      listExpenses: [{ token: this.#ana.token }],
      getExpense: [of(standing)],
      getExpenseHistory: [of(standing)],
      updateExpense: [{ ...of(toEdit), headers: any, body: { description: 'Supper' } }],
      deleteExpense: [{ ...of(toDelete), headers: any }],
      restoreExpense: [of(toRestore)],
      approveExpense: [{ ...of(toApprove, this.#ben.token), body: { version: 1 } }],
      rejectExpense: [{ ...of(toReject, this.#ben.token), body: {} }],
      withdrawExpense: [of(toWithdraw)],
      listActivity: [group],
      duplicateExpense: [{ ...of(standing), body: { date: '2026-11-21' } }],
      moveExpense: [{ ...of(toMove!), body: { groupId: beside.id } }],
      listReceipts: [of(standing)],
      createReceipt: [{ ...of(standing), file: ONE_PIXEL.toString('base64') }],
      getReceipt: [{ token: group.token, path: { receiptId: idOf(kept!) } }],
      deleteReceipt: [{ token: group.token, path: { receiptId: idOf(thrown!) } }],
      listComments: [of(standing)],
      createComment: [{ ...of(standing), body: { text: `Really, @[${home.ben}]?`, mentions: [home.cara] } }],
      updateComment: [{ token: group.token, path: { commentId: idOf(toChange) }, body: { text: 'One more' } }],
      deleteComment: [{ token: group.token, path: { commentId: idOf(toTakeAway) } }],
      listCategories: [{ token: this.#ana.token, query: { locale: 'de' } }],
      listGroupCategories: [group],
      createGroupCategory: [{ ...group, body: { name: 'Ski school', parent: 'education', key: 'ski_school' } }],
      updateGroupCategory: [{ token: group.token, path: { groupId: home.id, categoryId: idOf(category) }, body: { archived: true } }],
      disputeExpense: [{ ...of(toDispute), body: { reason: 'I was not there' } }],
      resolveDispute: [of(toResolve)],
      createRecurring: [{ ...group, body: rent(home) }],
      listRecurring: [group],
      getRecurring: [ofRule],
      previewRecurring: [ofRule],
      updateRecurring: [{ ...ofRule, headers: any, body: { noticeDays: 3 } }],
      pauseRecurring: [ofRule],
      resumeRecurring: [ofRule],
      skipRecurring: [ofRule],
      endRecurring: [{ token: group.token, path: { recurringId: idOf(toEnd) }, headers: any }],
      getBalances: [group],
      getPlan: [group],
      explainBalance: [{ ...group, query: { from: home.ben, to: home.ana } }],
      getMyBalances: [{ token: this.#ana.token }],
      getRate: [{ token: this.#ana.token, query: { base: 'EUR', quote: 'USD' } }],
      createAdjustment: [{ ...group, body: adjustment }],
      listAdjustments: [group],
      getBudgets: [group],
      setBudgets: [{ ...group, body: { budgets: [{ category: 'food', period: 'month', amount: { amount: '500.00', currency: 'EUR' } }] } }],
      getGroupChart: [{ ...group, query: { kind: 'months', theme: 'dark' } }],
      exportGroup: [{ ...group, query: { format: 'json' } }],
      createExport: [{ ...group, token: ben.token, body: { format: 'qif', receipts: true } }],
      getExport: [ofExport],
      getExportFile: [ofExport],
      cancelExport: [{ token: ben.token, path: { exportId: idOf(toCancel) } }],
      createImport: [{ ...group, body: { format: 'auto', content: BILLS } }],
      listImports: [group],
      getImport: [{ token: group.token, path: { importId: idOf(standingImport) } }],
      undoImport: [{ token: group.token, path: { importId: idOf(toUndo) } }],
      getGroupStats: [{ ...group, query: { by: 'member', from: '2026-01-01' } }],
      getMyStats: [{ token: group.token, query: { by: 'month' } }],
    };
  }

  /** A group in which Ben and Cara owe, with an open settlement. */
  async settling(name: string): Promise<{ group: Group; settlementId: string; transferId: string }> {
    const group = await this.group(name);
    await this.expense(group);
    const opened = await this.#ana.call('POST', `/v1/groups/${group.id}/settlements`, {});
    const planned = await this.#reaches(this.#ana, `/v1/settlements/${idOf(opened)}`, ['collecting']);
    const transfers = planned['transfers'] as Json[];
    const transfer = transfers.find(({ from }) => from === group.ben);
    return { group, settlementId: idOf(opened), transferId: idOf(transfer!) };
  }

  /** A payment of Ben to Ana, made by hand and confirmed. */
  async paid(group: Group): Promise<string> {
    const transfer = await this.#ben.call('POST', `/v1/groups/${group.id}/payments`, handOver(group));
    const path = `/v1/transfers/${idOf(transfer)}`;
    await this.#reaches(this.#ana, path, ['awaiting_confirmation']);
    await this.#ana.call('POST', `${path}/confirm`);
    const done = await this.#reaches(this.#ana, path, ['succeeded']);
    return idOf((done['payments'] as Json[])[0]!);
  }

  async payments(owed: Group): Promise<Recipes> {
    await this.expense(owed);
    const settle = await this.group('To settle');
    await this.expense(settle);
    const names = ['paying', 'confirming', 'disputing', 'reminding', 'cancelling'];
    const [paying, confirming, disputing, reminding, cancelling] = await Promise.all(names.map((name) => this.settling(name)));
    for (const { transferId } of [confirming!, disputing!]) {
      await this.#ben.call('POST', `/v1/transfers/${transferId}/pay`, { method: 'manual' });
      await this.#reaches(this.#ana, `/v1/transfers/${transferId}`, ['awaiting_confirmation']);
    }
    const [refundable, toApprove, toReject] = await Promise.all([owed, owed, owed].map((group) => this.paid(group)));
    const [approving, rejecting] = await Promise.all(
      [toApprove!, toReject!].map((id) => this.#ben.call('POST', `/v1/payments/${id}/refunds`, { amount: '1.00', reason: 'Too much' })),
    );
    const [ana, ben] = [this.#ana.token, this.#ben.token];
    const at = (transferId: string, token: string): Recipe => ({ token, path: { transferId } });
    const group = { token: ana, path: { groupId: owed.id } };
    return {
      createSettlement: [{ token: ana, path: { groupId: settle.id }, body: { strategy: 'minimal', dueInDays: 7 } }],
      listSettlements: [{ token: ana, path: { groupId: paying!.group.id } }],
      getSettlement: [{ token: ana, path: { settlementId: paying!.settlementId } }],
      cancelSettlement: [{ token: ana, path: { settlementId: cancelling!.settlementId } }],
      getTransfer: [at(paying!.transferId, ana)],
      payTransfer: [{ ...at(paying!.transferId, ben), body: { method: 'manual', amount: '10.00' } }],
      confirmTransfer: [at(confirming!.transferId, ana)],
      disputeTransfer: [{ ...at(disputing!.transferId, ana), body: { reason: 'Not seen' } }],
      remindTransfer: [at(reminding!.transferId, ana)],
      createPayment: [{ token: ben, path: { groupId: owed.id }, body: handOver(owed) }],
      listPayments: [{ token: ana }],
      getPayment: [{ token: ana, path: { paymentId: refundable! } }],
      createRefund: [{ token: ben, path: { paymentId: refundable! }, body: { amount: '0.50', reason: 'Too much' } }],
      getRefund: [{ token: ana, path: { refundId: idOf(approving!) } }],
      approveRefund: [{ token: ana, path: { refundId: idOf(approving!) } }],
      rejectRefund: [{ token: ana, path: { refundId: idOf(rejecting!) } }],
      openPayoutAccount: [{ token: ana }],
      getPayoutAccount: [group].map(({ token }) => ({ token })),
    };
  }

  async reminders(owed: Group): Promise<Recipes> {
    const groups = await Promise.all(['pause', 'resume', 'snooze', 'stop', 'remind'].map((name) => this.group(`To ${name}`)));
    await Promise.all(groups.map((group) => this.expense(group)));
    const remind = (group: Group): Promise<Json> =>
      this.#ana.call('POST', `/v1/groups/${group.id}/reminders`, { memberId: group.ben, cadence: CADENCE });
    const standing = await remind(owed);
    const [toPause, toResume, toSnooze, toStop] = (await Promise.all(groups.slice(0, 4).map(remind))) as Json[];
    await this.#ana.call('POST', `/v1/reminders/${idOf(toResume!)}/pause`);
    const of = (reminder: Json | undefined): Recipe => ({ token: this.#ana.token, path: { reminderId: idOf(reminder!) } });
    const last = groups.at(-1)!;
    const until = new Date(Date.now() + 7 * 86_400_000).toISOString();
    return {
      createReminder: [{ token: this.#ana.token, path: { groupId: last.id }, body: { memberId: last.ben, cadence: CADENCE } }],
      listReminders: [{ token: this.#ana.token, path: { groupId: owed.id } }],
      getReminder: [of(standing)],
      updateReminder: [{ ...of(standing), headers: any, body: { cadence: { ...CADENCE, max: 4 } } }],
      pauseReminder: [of(toPause)],
      resumeReminder: [of(toResume)],
      snoozeReminder: [{ ...of(toSnooze), body: { until } }],
      stopReminder: [{ ...of(toStop), headers: any }],
    };
  }

  /** What generated requests may do as they like with. */
  async ids(open: Group, asking: Group): Promise<Record<string, string[]>> {
    const settling = await this.settling('Settling and open');
    await this.#ben.call('POST', `/v1/transfers/${settling.transferId}/pay`, { method: 'manual', amount: '10.00' });
    const spare = await this.#ana.call('POST', '/v1/me/tokens', { name: 'Spare', scopes: ['profile:read'] });
    const application = await this.#ana.call('POST', '/v1/oauth/applications', ROBOT);
    const [one, two, pending] = (await Promise.all([this.expense(open), this.expense(open), this.expense(asking)])) as [Json, Json, Json];
    const paymentId = await this.paid(open);
    const refund = await this.#ben.call('POST', `/v1/payments/${paymentId}/refunds`, { amount: '1.00', reason: 'Too much' });
    const invitation = await this.#ana.call('POST', `/v1/groups/${open.id}/invitations`, { role: 'viewer', maxUses: 50 });
    const comment = await this.#ana.call('POST', `/v1/expenses/${idOf(one)}/comments`, { text: 'One' });
    const category = await this.#ana.call('POST', `/v1/groups/${open.id}/categories`, { name: 'Anything' });
    const reminder = await this.#ana.call('POST', `/v1/groups/${open.id}/reminders`, { memberId: open.ben, cadence: CADENCE });
    const friend = await this.#ana.call('POST', '/v1/friends', { email: this.#ben.email });
    return {
      friendId: [idOf(friend)],
      sessionId: [await newestSession(this.#ana)],
      tokenId: [idOf(spare)],
      applicationId: [idOf(application)],
      authorizationId: [await allowed(this.#at, this.#ana, application)],
      groupId: [open.id, open.id, asking.id, settling.group.id],
      memberId: [open.ben, open.cara, open.ana, asking.ben],
      invitationId: [idOf(invitation)],
      token: [invitation['token'] as string],
      expenseId: [idOf(one), idOf(two), idOf(pending)],
      importId: [idOf(await this.imported(open))],
      exportId: [idOf(await this.exported(open, this.#ana))],
      categoryId: [idOf(category)],
      recurringId: [idOf(await this.recurring(open))],
      commentId: [idOf(comment)],
      receiptId: [idOf(await this.receipt(one))],
      settlementId: [settling.settlementId],
      transferId: [settling.transferId],
      paymentId: [paymentId],
      refundId: [idOf(refund)],
      requestId: [idOf(await this.#ana.call('POST', '/v1/me/export'))],
      reminderId: [idOf(reminder)],
    };
  }

  async recurring(group: Group): Promise<Json> {
    return this.#ana.call('POST', `/v1/groups/${group.id}/recurring`, rent(group));
  }

  #reaches(person: Person, path: string, states: readonly string[]): Promise<Json> {
    return until(
      `${path} is ${states.join(' or ')}`,
      async () => {
        const found = await person.call('GET', path);
        return states.includes(found['state'] as string) ? found : null;
      },
      120_000,
    );
  }
}

/** A file of I Hate Money. */
const BILLS = 'what,amount,date,payer_name,payer_weight,owers\nbread,3.00,2026-01-01,Guest of a file,1,Guest of a file\n';

const CADENCE = { firstAfterDays: 3, everyDays: 7, max: 5, escalate: ['inApp', 'email'] };

function dinner(group: Group): Json {
  return {
    description: 'Dinner',
    total: { amount: '90.00', currency: 'EUR' },
    date: '2026-11-20',
    payers: [{ memberId: group.ana, amount: '90.00' }],
    split: { method: 'equal', among: [group.ana, group.ben, group.cara] },
  };
}

function rent(group: Group): Json {
  const { date: _date, ...expense } = dinner(group);
  return { expense: { ...expense, description: 'Rent' }, every: { n: 1, unit: 'month' }, start: '2099-01-31' };
}

function handOver(group: Group): Json {
  return { from: group.ben, to: group.ana, money: { amount: '2.00', currency: 'EUR' }, method: 'manual' };
}

function idOf(resource: Json): string {
  return resource['id'] as string;
}
