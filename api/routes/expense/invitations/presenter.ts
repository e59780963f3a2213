import { linkedToken } from '../../../../config/opaque-tokens.ts';
import type { InvitationView } from '../../../../db/queries/expense/invitations.ts';
import type { Deps } from '../../../deps.ts';
import { toInstant } from '../../../schemas.ts';

/** An invitation as those who manage the group see it. */
export function presentInvitation(invitation: InvitationView): Record<string, unknown> {
  return { ...invitation, expiresAt: toInstant(invitation.expiresAt), createdAt: toInstant(invitation.createdAt) };
}

/** A new invitation with its link, which is shown this once. */
export function presentNewInvitation(invitation: InvitationView, deps: Deps): Record<string, unknown> {
  const token = linkedToken(deps.secrets, 'invitation', invitation.id);
  return { ...presentInvitation(invitation), url: `${deps.publicUrl}/v1/invitations/${token}`, token };
}
