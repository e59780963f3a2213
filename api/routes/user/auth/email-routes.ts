import { readLinkedToken } from '../../../../config/opaque-tokens.ts';
import { audit } from '../../../../db/commands/user/audit.ts';
import { requestVerification, verifyEmail as useVerification } from '../../../../db/commands/user/email-verification.ts';
import { refusal } from '../../../../domain/refusal.ts';
import { Problem } from '../../../problems.ts';
import { type AnyRoute, route } from '../../../route.ts';
import * as schema from './schema.ts';

const tag = 'auth';

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
      const userId = await useVerification(tx, mailTokenId);
      await audit(tx, { action: 'email.verified', subjectId: userId, address: request.address });
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
  description:
    'For the signed-in account, at most five mails an hour and ten a day. Where the address is verified already, nothing is sent.',
  answers: { 202: { description: 'The mail is on its way.' } },
  handle: (request) =>
    request.command(async (tx) => {
      const waitSeconds = await requestVerification(tx, request.principal.userId, request.deps.env.DAILY_LIMIT_VERIFICATION_MAILS);
      if (waitSeconds > 0) {
        throw new Problem('rate_limited', `Enough mails were sent for now; try again in ${waitSeconds} s.`, {
          headers: { 'Retry-After': String(waitSeconds) },
        });
      }
      return { status: 202 };
    }),
});

/** Operations that prove an address. */
export const emailRoutes: readonly AnyRoute[] = [verifyEmail, resendVerification];
