import type { SignInRefusal } from '../../../../db/commands/user/password-sign-in.ts';
import { Problem } from '../../../problems.ts';

const DETAIL: Record<SignInRefusal, string> = {
  invalid_credentials: 'Address or password is wrong.',
  totp_required: 'This account has a second factor: send a code of the app, or a recovery code, as totp.',
  totp_invalid: 'This is neither a present code of the app nor an unused recovery code.',
};

/** A refused sign-in as a problem (401). */
export function signInProblem(refusal: SignInRefusal): Problem {
  return new Problem(refusal, DETAIL[refusal]);
}
