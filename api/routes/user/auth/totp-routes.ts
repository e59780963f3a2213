import { generateRecoveryCodes, generateTotpSecret, totpUri } from '../../../../config/totp.ts';
import { lockAccount } from '../../../../db/commands/user/accounts.ts';
import { audit } from '../../../../db/commands/user/audit.ts';
import {
  askForTotp,
  disableTotp,
  enableTotp,
  proveSecondFactor,
  TOTP_PENDING_MINUTES,
} from '../../../../db/commands/user/second-factor.ts';
import { refusal } from '../../../../domain/refusal.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { requireProof } from './proof.ts';
import * as schema from './schema.ts';
import { signInProblem } from './sign-in-problem.ts';

const tag = 'auth';
const PRIVATE = { 'Cache-Control': 'no-store' };

const setUp = route({
  service: 'user',
  method: 'post',
  path: '/v1/auth/totp',
  operationId: 'setUpTotp',
  tag,
  summary: 'Set up a second factor',
  description: `A new secret for an authenticator app (RFC 6238). It counts once it is confirmed with its first code, within ${TOTP_PENDING_MINUTES} minutes. Needs the password, or a sign-in of the last ten minutes.`,
  rate: 'sign-in',
  secretAnswer: true,
  body: schema.proof,
  answers: { 201: { description: 'The secret, shown in this answer only.', schema: schema.totpSecret } },
  problems: [409],
  handle: async (request) => {
    await requireProof(request, request.body.password);
    const secret = generateTotpSecret();
    return request.command(async (tx) => {
      const account = await lockAccount(tx, request.principal.userId);
      askForTotp(tx, account, request.deps.secrets, secret);
      const expiresAt = new Date(tx.now.getTime() + TOTP_PENDING_MINUTES * 60_000).toISOString();
      return { status: 201, headers: PRIVATE, body: { secret, uri: totpUri(secret, account.email), expiresAt } };
    });
  },
});

const confirm = route({
  service: 'user',
  method: 'post',
  path: '/v1/auth/totp/confirm',
  operationId: 'confirmTotp',
  tag,
  summary: 'Enable the second factor with its first code',
  description: 'From now on a sign-in needs a code. The recovery codes stand in for a lost app, each once.',
  rate: 'sign-in',
  secretAnswer: true,
  body: schema.confirmTotp,
  answers: { 200: { description: 'The recovery codes, shown in this answer only.', schema: schema.recoveryCodes } },
  problems: [409],
  handle: async (request) => {
    const { userId, sessionId } = request.principal;
    await request.deps.limits.consumeAccount(userId);
    const recoveryCodes = generateRecoveryCodes();
    return request.command(async (tx) => {
      const account = await lockAccount(tx, userId);
      await enableTotp(tx, account, request.deps.secrets, request.body.code, recoveryCodes);
      await audit(tx, { action: 'totp.enabled', actorId: userId, subjectId: userId, sessionId, address: request.address });
      return { status: 200, headers: PRIVATE, body: { recoveryCodes } };
    });
  },
});

const disable = route({
  service: 'user',
  method: 'delete',
  path: '/v1/auth/totp',
  operationId: 'disableTotp',
  tag,
  summary: 'Disable the second factor',
  description: 'Needs the password, or a sign-in of the last ten minutes; or a code of the app, or a recovery code, as `totp`.',
  rate: 'sign-in',
  body: schema.disableTotp,
  answers: { 204: { description: 'The second factor is gone, with its recovery codes.' } },
  problems: [409],
  handle: async (request) => {
    const { userId, sessionId } = request.principal;
    const { password, totp } = request.body;
    if (totp === undefined || password !== undefined) await requireProof(request, password);
    else await request.deps.limits.consumeAccount(userId);
    const answer = await request.command(async (tx) => {
      const account = await lockAccount(tx, userId);
      if (account.totpEnabledAt == null) throw refusal('totp_not_enabled', 'There is no second factor to disable.');
      const about = { actorId: userId, subjectId: userId, sessionId, address: request.address };
      if (totp !== undefined && (await proveSecondFactor(tx, account, request.deps.secrets, totp)) === 'wrong') {
        await audit(tx, { action: 'totp.disabled', outcome: 'refused', ...about });
        return { status: 401 };
      }
      await disableTotp(tx, account);
      await audit(tx, { action: 'totp.disabled', ...about });
      return { status: 204 };
    });
    // That it was refused is noted and committed above; only then is it answered.
    if (answer.status === 401) throw signInProblem('totp_invalid');
    return answer;
  },
});

/** Operations on the second factor. */
export const totpRoutes: readonly AnyRoute[] = [setUp, confirm, disable];
