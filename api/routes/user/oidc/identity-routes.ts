import { accountOfLink, linkIdentity, unlinkIdentity } from '../../../../db/commands/user/identities.ts';
import { passwordSignIn, type SignInRefusal } from '../../../../db/commands/user/password-sign-in.ts';
import { toPage } from '../../../../db/cursor.ts';
import { findIdentity, findLinkTarget, type IdentityView, listIdentities } from '../../../../db/queries/user/identities.ts';
import { read } from '../../../../db/transact.ts';
import { passwordKey } from '../../../../domain/account.ts';
import { refusal } from '../../../../domain/refusal.ts';
import { databaseOf } from '../../../deps.ts';
import { type Access, type AnyRoute, route } from '../../../route.ts';
import { listOf, listQuery, toInstant } from '../../../schemas.ts';
import { presentSession } from '../auth/presenter.ts';
import { requireProof } from '../auth/proof.ts';
import { signedIn } from '../auth/schema.ts';
import { signInProblem } from '../auth/sign-in-problem.ts';
import * as schema from './schema.ts';

const own: Access<IdentityView> = {
  resource: 'identity',
  load: async (deps, principal, params) => {
    const found = await findIdentity((text, values) => read(databaseOf(deps, 'user'), text, values), params['identityId'] ?? '');
    return found?.accountId === principal.userId ? found : null;
  },
};

const linkByPassword = route({
  service: 'user',
  method: 'post',
  path: '/v1/auth/oidc/link',
  operationId: 'linkOidc',
  tag: 'auth',
  summary: 'Link a proved identity to the account that has its address, and sign in',
  description:
    'With the `linkToken` of the callback and the password of that account; with a second factor also `totp`. A wrong password leaves the token good.',
  rate: 'sign-in',
  secretAnswer: true,
  body: schema.link,
  answers: { 200: { description: 'The account and a pair of tokens.', schema: signedIn } },
  problems: [401, 409],
  handle: async (request) => {
    const { limits, passwords, secrets } = request.deps;
    const { linkToken, password, totp } = request.body;
    const accountId = await accountOfLink(request.read, linkToken);
    if (accountId == null)
      throw refusal(
        'token_invalid',
        'This link token waits for no password: it was used, is too old, or is not one of ours.',
        '/linkToken',
      );
    const target = await findLinkTarget(request.read, accountId);
    await limits.consumeAccount(target?.emailKey ?? accountId);
    const { fits } = await passwords.matches(target?.passwordHash ?? null, passwordKey(password));
    const answer = await request.command(async (tx) => {
      const { address } = request;
      const tried = {
        found: fits ? { userId: accountId } : null,
        subjectId: accountId,
        totp,
        userAgent: request.headers['user-agent'],
        address,
      };
      const session = await passwordSignIn(tx, secrets, tried);
      if (typeof session === 'string') return { status: 401, body: session };
      await linkIdentity(tx, linkToken, { ...session, address });
      return { status: 200, headers: { 'Cache-Control': 'no-store' }, body: await presentSession(tx.query, secrets, session) };
    });
    // That it was refused is noted and committed above; only then is it answered.
    if (answer.status === 401) throw signInProblem(answer.body as SignInRefusal);
    return answer;
  },
});

const list = route({
  service: 'user',
  method: 'get',
  path: '/v1/me/identities',
  operationId: 'listIdentities',
  tag: 'me',
  summary: 'List my identities at OpenID providers',
  query: listQuery,
  answers: { 200: { description: 'The newest first; at most ten.', schema: listOf(schema.identity) } },
  handle: async (request) => {
    const page = request.page(`identities/${request.principal.userId}`);
    const rows = await listIdentities(request.read, request.principal.userId, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], present) };
  },
});

const add = route({
  service: 'user',
  method: 'post',
  path: '/v1/me/identities',
  operationId: 'addIdentity',
  tag: 'me',
  summary: 'Link a proved identity to my account',
  description:
    'With the `linkToken` of a callback, such as after `/v1/auth/oidc/{provider}/start?link=1`. Needs the password, or a sign-in of the last ten minutes; and, where the identity was not proved with the address of this account, that address verified.',
  body: schema.addIdentity,
  answers: { 201: { description: 'The identity signs in to this account from now on.', schema: schema.identity, headers: ['Location'] } },
  problems: [401],
  handle: async (request) => {
    await requireProof(request, request.body.password);
    const { userId, sessionId } = request.principal;
    return request.command(async (tx) => {
      const identityId = await linkIdentity(tx, request.body.linkToken, { userId, sessionId, address: request.address });
      const view = await findIdentity(tx.query, identityId);
      if (view === null) throw new Error(`identity ${identityId} vanished within its own request`);
      return { status: 201, headers: { Location: `/v1/me/identities/${identityId}` }, body: present(view) };
    });
  },
});

const remove = route({
  service: 'user',
  method: 'delete',
  path: '/v1/me/identities/:identityId',
  operationId: 'removeIdentity',
  tag: 'me',
  summary: 'Take an identity from my account',
  description: 'Where it is the only way to sign in, 409 `last_credential`. Sessions that are open stay so; end them in their list.',
  access: own,
  params: schema.identityParams,
  answers: { 204: { description: 'It signs in no more.' } },
  handle: (request) =>
    request.command(async (tx) => {
      const { userId, sessionId } = request.principal;
      await unlinkIdentity(tx, request.resource.id, { userId, sessionId, address: request.address });
      return { status: 204 };
    }),
});

/** Operations that link identities to accounts and take them away. */
export const identityRoutes: readonly AnyRoute[] = [linkByPassword, list, add, remove];

function present(row: IdentityView): Record<string, unknown> {
  return {
    id: row.id,
    provider: row.provider,
    issuer: row.issuer,
    createdAt: toInstant(row.createdAt),
    lastUsedAt: row.lastUsedAt === null ? null : toInstant(row.lastUsedAt),
  };
}
