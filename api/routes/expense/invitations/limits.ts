import type { Env } from '../../../../config/env.ts';
import type { InvitationLimits } from '../../../../db/commands/expense/invitations.ts';

/** How many invitations the environment allows within a day. */
export function invitationLimits(env: Env): InvitationLimits {
  return {
    invitations: env.DAILY_LIMIT_INVITATIONS,
    mails: env.DAILY_LIMIT_INVITATION_MAILS,
    mailsToAddress: env.DAILY_LIMIT_MAILS_TO_ADDRESS,
  };
}
