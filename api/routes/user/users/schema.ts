import { z } from 'zod';
import { PLATFORM_ROLES } from '../../../../domain/scopes.ts';
import { id, line, listQuery } from '../../../schemas.ts';

const platformRole = z.enum(PLATFORM_ROLES);

export const account = z
  .strictObject({
    id,
    email: z.string(),
    emailVerified: z.boolean(),
    displayName: z.string(),
    locale: z.string(),
    timeZone: z.string(),
    state: z.enum(['active', 'suspended', 'erased']),
    platformRole: platformRole.nullable(),
    secondFactor: z.boolean(),
    createdAt: z.string(),
    version: z.int(),
  })
  .meta({ id: 'Account' });

export const listUsers = listQuery.extend({
  q: line(254).optional().meta({ description: 'An id, an address, or the beginning of a name.' }),
  state: z.enum(['active', 'suspended', 'erased']).optional(),
  role: platformRole.optional(),
});

export const userParams = z.strictObject({ userId: id });

export const changeUser = z.strictObject({
  state: z.enum(['active', 'suspended']).optional(),
  platformRole: platformRole.nullable().optional(),
  reason: line(500).meta({ description: 'Kept in the audit log.', example: 'Asked for by its owner' }),
});
