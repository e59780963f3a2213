import { readLinkedToken } from '../../../../config/opaque-tokens.ts';
import { lockAccount } from '../../../../db/commands/user/accounts.ts';
import { audit } from '../../../../db/commands/user/audit.ts';
import { markVerified } from '../../../../db/commands/user/email-verification.ts';
import { changePassword, requestReset, takeResetToken } from '../../../../db/commands/user/passwords.ts';
import { findAccount } from '../../../../db/queries/user/accounts.ts';
import { checkPassword, emailKey } from '../../../../domain/account.ts';
import { refusal, unwrap } from '../../../../domain/refusal.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { requireProof } from './proof.ts';
import * as schema from './schema.ts';

const tag = 'auth';

const forgot = route({
  service: 'user',
  method: 'post',
  path: '/v1/auth/password/forgot',
  operationId: 'forgotPassword',
  tag,
  summary: 'Ask for a mail that resets the password',
  description:
    'Answered alike, in like time, whether there is such an account or not. An account gets at most three mails an hour, and an address is taken ten times a day.',
  rate: 'sign-in',
  body: schema.forgotPassword,
  answers: { 202: { description: 'Where there is such an account, a mail is on its way.' } },
  handle: async (request) => {
    const key = emailKey(request.body.email);
    await request.deps.limits.consumeAccount(key);
    await request.deps.limits.consumeResetMail(key);
    // As much work as a sign-in, whoever asks: it makes trying addresses as dear here as there.
    await request.deps.passwords.matches(null, key);
    return request.command(async (tx) => {
      const subjectId = await requestReset(tx, key);
      await audit(tx, {
        action: 'password.reset_requested',
        outcome: subjectId === null ? 'refused' : 'succeeded',
        ...(subjectId === null ? {} : { subjectId }),
        address: request.address,
      });
      return { status: 202 };
    });
  },
});

const reset = route({
  service: 'user',
  method: 'post',
  path: '/v1/auth/password/reset',
  operationId: 'resetPassword',
  tag,
  summary: 'Set another password with the token of the mail',
  description:
    'Ends every session, personal access token and grant of the account. The address counts as verified, since the mail was read.',
  rate: 'sign-in',
  body: schema.resetPassword,
  answers: { 204: { description: 'The password is set; sign in with it.' } },
  problems: [409],
  handle: async (request) => {
    const mailTokenId = readLinkedToken(request.deps.secrets, 'reset-password', request.body.token);
    if (mailTokenId === null) throw refusal('token_invalid', 'This is not a token of a reset mail.', '/token');
    const normalized = unwrap(checkPassword(request.body.password, ''));
    const passwordHash = await request.deps.passwords.hash(normalized);
    return request.command(async (tx) => {
      const account = await takeResetToken(tx, mailTokenId);
      unwrap(checkPassword(normalized, account.email));
      await changePassword(tx, account, passwordHash);
      await markVerified(tx, account);
      await audit(tx, { action: 'password.reset', subjectId: account.id, address: request.address });
      return { status: 204 };
    });
  },
});

const change = route({
  service: 'user',
  method: 'post',
  path: '/v1/me/password',
  operationId: 'changePassword',
  tag,
  summary: 'Change my password',
  description: 'Ends every other session, personal access token and grant of the account.',
  rate: 'sign-in',
  body: schema.changePassword,
  answers: { 204: { description: 'The password is changed.' } },
  handle: async (request) => {
    const { userId, sessionId } = request.principal;
    await requireProof(request, request.body.currentPassword);
    const me = await findAccount(request.read, userId);
    const normalized = unwrap(checkPassword(request.body.newPassword, me?.email ?? '', '/newPassword'));
    const passwordHash = await request.deps.passwords.hash(normalized);
    return request.command(async (tx) => {
      const account = await lockAccount(tx, userId);
      await changePassword(tx, account, passwordHash, { except: sessionId });
      await audit(tx, { action: 'password.changed', actorId: userId, subjectId: userId, sessionId, address: request.address });
      return { status: 204 };
    });
  },
});

/** Operations on passwords. */
export const passwordRoutes: readonly AnyRoute[] = [forgot, reset, change];
