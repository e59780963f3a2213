import { z } from 'zod';
import { INVITATION_HOURS_MAX } from '../../../../domain/membership.ts';
import { email, id } from '../../../schemas.ts';
import { role } from '../groups/schema.ts';

/** Most people who may come in by one link: a whole group. */
const USES_MAX = 500;

export const createInvitation = z.strictObject({
  id: id.optional(),
  email: email.optional().meta({ description: 'Only an account that has verified this address can accept.' }),
  role: role.optional().meta({ description: '`editor` by default, or that of the named member; not above your own, and never `owner`.' }),
  memberId: id.optional().meta({ description: 'The member whose place is taken over by who accepts.' }),
  expiresInHours: z.int().min(1).max(INVITATION_HOURS_MAX).optional().meta({ description: '168 by default.' }),
  maxUses: z.int().min(1).max(USES_MAX).optional().meta({ description: '1 by default.' }),
});

const fields = {
  id,
  groupId: id,
  email: z.string().nullable(),
  role,
  memberId: id.nullable(),
  state: z.enum(['open', 'revoked', 'used_up', 'expired']),
  uses: z.int(),
  maxUses: z.int(),
  expiresAt: z.string(),
  createdAt: z.string(),
};

export const invitation = z.strictObject(fields).meta({ id: 'Invitation' });

export const newInvitation = z
  .strictObject({ ...fields, url: z.string(), token: z.string().meta({ description: 'Shown here only.' }) })
  .meta({ id: 'NewInvitation' });

export const invitationCard = z
  .strictObject({
    groupName: z.string(),
    inviterName: z.string(),
    role,
    memberDisplayName: z.string().nullable(),
    expiresAt: z.string(),
  })
  .meta({ id: 'InvitationCard' });

export const invitationParams = z.strictObject({ groupId: id, invitationId: id });

export const tokenParams = z.strictObject({ token: z.string().min(1).max(200) });
