import { readLinkedToken, readRefreshToken } from '../../../../config/opaque-tokens.ts';
import { hashPassword, passwordMatches } from '../../../../config/passwords.ts';
import { register as registerAccount } from '../../../../db/commands/user/accounts.ts';
import { requestVerification, verifyEmail as useVerification } from '../../../../db/commands/user/email-verification.ts';
import { endSession, refreshSession, signIn } from '../../../../db/commands/user/sessions.ts';
import { findCredentials } from '../../../../db/queries/user/accounts.ts';
import { checkPassword, emailKey, passwordKey } from '../../../../domain/account.ts';
import { refusal, unwrap } from '../../../../domain/refusal.ts';
import { Problem } from '../../../problems.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { presentSession } from './presenter.ts';
import * as schema from './schema.ts';

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
    const passwordHash = await hashPassword(unwrap(checkPassword(password, profile.email)));
    return request.command(async (tx) => {
      const { session } = await registerAccount(tx, { ...profile, passwordHash, userAgent: request.headers['user-agent'] });
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
  description: 'A wrong password, an unknown address and a suspended account are answered alike, in like time.',
  rate: 'sign-in',
  secretAnswer: true,
  body: schema.login,
  answers: { 200: { description: 'The account and a pair of tokens.', schema: schema.signedIn } },
  problems: [401],
  handle: async (request) => {
    const key = emailKey(request.body.email);
    await request.deps.limits.consumeAccount(key);
    const found = await findCredentials(request.read, key);
    const matches = await passwordMatches(found?.passwordHash ?? null, passwordKey(request.body.password));
    if (found === null || !matches) throw invalidCredentials();
    return request.command(async (tx) => {
      const session = await signIn(tx, found.userId, { methods: ['pwd'], userAgent: request.headers['user-agent'] });
      if (session === null) throw invalidCredentials();
      return { status: 200, headers: PRIVATE, body: await presentSession(tx.query, request.deps.secrets, session) };
    });
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
      await endSession(tx, request.principal.sessionId, 'signed_out');
      return { status: 204 };
    }),
});

const verifyEmail = route({
  service: 'user',
  method: 'post',
  path: '/v1/auth/email/verify',
  operationId: 'verifyEmail',
  tag,
  summary: 'Verify an address with the token of the mail',
  body: schema.verifyEmail,
  answers: { 204: { description: 'The address is verified.' } },
  problems: [409],
  handle: async (request) => {
    const mailTokenId = readLinkedToken(request.deps.secrets, 'verify-email', request.body.token);
    if (mailTokenId === null) throw refusal('token_invalid', 'This is not a token of a verification mail.', '/token');
    return request.command(async (tx) => {
      await useVerification(tx, mailTokenId);
      return { status: 204 };
    });
  },
});

const resendVerification = route({
  service: 'user',
  method: 'post',
  path: '/v1/auth/email/resend',
  operationId: 'resendVerification',
  tag,
  summary: 'Send the verification mail again',
  description: 'For the signed-in account, at most five mails an hour. Where the address is verified already, nothing is sent.',
  answers: { 202: { description: 'The mail is on its way.' } },
  handle: (request) =>
    request.command(async (tx) => {
      const waitSeconds = await requestVerification(tx, request.principal.userId);
      if (waitSeconds > 0) {
        throw new Problem('rate_limited', `Enough mails were sent for now; try again in ${waitSeconds} s.`, {
          headers: { 'Retry-After': String(waitSeconds) },
        });
      }
      return { status: 202 };
    }),
});

/** Operations that sign people in and out. */
export const authRoutes: readonly AnyRoute[] = [register, login, refresh, logout, verifyEmail, resendVerification];

function invalidCredentials(): Problem {
  return new Problem('invalid_credentials', 'Address or password is wrong.');
}

function invalidRefreshToken(): Problem {
  return new Problem('invalid_refresh_token', 'This refresh token is no longer good; sign in again.');
}
