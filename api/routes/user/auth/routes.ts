import { readRefreshToken } from '../../../../config/opaque-tokens.ts';
import { register as registerAccount } from '../../../../db/commands/user/accounts.ts';
import { audit } from '../../../../db/commands/user/audit.ts';
import { passwordSignIn, type SignInRefusal } from '../../../../db/commands/user/password-sign-in.ts';
import { endSession, refreshSession } from '../../../../db/commands/user/sessions.ts';
import { findCredentials } from '../../../../db/queries/user/accounts.ts';
import { checkPassword, emailKey, passwordKey } from '../../../../domain/account.ts';
import { unwrap } from '../../../../domain/refusal.ts';
import { Problem } from '../../../problems.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { emailRoutes } from './email-routes.ts';
import { passwordRoutes } from './password-routes.ts';
import { presentSession } from './presenter.ts';
import * as schema from './schema.ts';
import { signInProblem } from './sign-in-problem.ts';
import { totpRoutes } from './totp-routes.ts';

const tag = 'auth';

/** Answers with tokens are for the client alone. */
const PRIVATE = { 'Cache-Control': 'no-store' };

const register = route({
  service: 'user',
  method: 'post',
  path: '/v1/auth/register',
  operationId: 'register',
  tag,
  summary: 'Create an account',
  description:
    'Signs in at once and sends a mail that verifies the address. Idempotency-Key is ignored; a repeated call is 409 `email_taken`.',
  rate: 'sign-in',
  secretAnswer: true,
  body: schema.register,
  answers: { 201: { description: 'The account and a pair of tokens.', schema: schema.signedIn, headers: ['Location'] } },
  problems: [409],
  handle: async (request) => {
    const { password, ...profile } = request.body;
    const passwordHash = await request.deps.passwords.hash(unwrap(checkPassword(password, profile.email)));
    return request.command(async (tx) => {
      const { account, session } = await registerAccount(tx, { ...profile, passwordHash, userAgent: request.headers['user-agent'] });
      const about = { actorId: account.id, subjectId: account.id, sessionId: session.sessionId, address: request.address };
      await audit(tx, { action: 'account.registered', ...about });
      return {
        status: 201,
        headers: { ...PRIVATE, Location: '/v1/me' },
        body: await presentSession(tx.query, request.deps.secrets, session),
      };
    });
  },
});

const login = route({
  service: 'user',
  method: 'post',
  path: '/v1/auth/login',
  operationId: 'login',
  tag,
  summary: 'Sign in',
  description:
    'A wrong password, an unknown address and a suspended account are answered alike, in like time. With a second factor the right password alone is 401 `totp_required`; send a code of the app, or a recovery code, as `totp`.',
  rate: 'sign-in',
  secretAnswer: true,
  body: schema.login,
  answers: { 200: { description: 'The account and a pair of tokens.', schema: schema.signedIn } },
  problems: [401],
  handle: async (request) => {
    const { passwords, limits, secrets } = request.deps;
    const { email, password, totp } = request.body;
    const key = emailKey(email);
    await limits.consumeAccount(key);
    const found = await findCredentials(request.read, key);
    const { fits, outdated } = await passwords.matches(found?.passwordHash ?? null, passwordKey(password));
    const rehashed = fits && outdated ? await passwords.hash(passwordKey(password)) : null;
    const answer = await request.command(async (tx) => {
      const tried = { found: fits ? found : null, subjectId: found?.userId, totp, rehashed, userAgent: request.headers['user-agent'] };
      const result = await passwordSignIn(tx, secrets, { ...tried, address: request.address });
      if (typeof result === 'string') return { status: 401, body: result };
      return { status: 200, headers: PRIVATE, body: await presentSession(tx.query, secrets, result) };
    });
    // That it was refused is noted and committed above; only then is it answered.
    if (answer.status === 401) throw signInProblem(answer.body as SignInRefusal);
    return answer;
  },
});

const refresh = route({
  service: 'user',
  method: 'post',
  path: '/v1/auth/refresh',
  operationId: 'refresh',
  tag,
  summary: 'Exchange a refresh token for a new pair',
  description:
    'Each token is good once. Its immediate successor is given again to whoever repeats the exchange within 10 s; an older token, or a later repetition, ends the whole family.',
  rate: 'refresh',
  secretAnswer: true,
  body: schema.refresh,
  answers: { 200: { description: 'The account and the next pair of tokens.', schema: schema.signedIn } },
  problems: [401],
  handle: async (request) => {
    const token = readRefreshToken(request.deps.secrets, request.body.refreshToken);
    if (token === null) throw invalidRefreshToken();
    await request.deps.limits.consumeFamily(token.sessionId);
    const answer = await request.command(async (tx) => {
      const session = await refreshSession(tx, token);
      if (session === null) return { status: 401 };
      return { status: 200, headers: PRIVATE, body: await presentSession(tx.query, request.deps.secrets, session) };
    });
    // The end of a family is committed above; only then is the token refused.
    if (answer.status === 401) throw invalidRefreshToken();
    return answer;
  },
});

const logout = route({
  service: 'user',
  method: 'post',
  path: '/v1/auth/logout',
  operationId: 'logout',
  tag,
  summary: 'Sign out',
  description: 'Ends the session of the access token; its refresh tokens are refused from now on, its access tokens within a second.',
  answers: { 204: { description: 'The session has ended.' } },
  handle: (request) =>
    request.command(async (tx) => {
      const { userId, sessionId } = request.principal;
      await endSession(tx, sessionId, 'signed_out');
      await audit(tx, { action: 'sign_out', actorId: userId, subjectId: userId, sessionId, address: request.address });
      return { status: 204 };
    }),
});

/** Operations that sign people in and out. */
export const authRoutes: readonly AnyRoute[] = [register, login, refresh, logout, ...emailRoutes, ...passwordRoutes, ...totpRoutes];

function invalidRefreshToken(): Problem {
  return new Problem('invalid_refresh_token', 'This refresh token is no longer good; sign in again.');
}
