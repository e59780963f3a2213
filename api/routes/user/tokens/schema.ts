import { z } from 'zod';
import { PERSONAL_TOKEN_DAYS, PERSONAL_TOKEN_DAYS_MAX } from '../../../../db/commands/user/personal-tokens.ts';
import { type Scope, SCOPES } from '../../../../domain/scopes.ts';
import { id, instant, line } from '../../../schemas.ts';

const NAMES = Object.keys(SCOPES) as [Scope, ...Scope[]];

/** What a token may do; each scope says so in `domain/scopes.ts`. */
export const scopes = z
  .array(z.enum(NAMES))
  .min(1)
  .max(NAMES.length)
  .meta({ description: 'What the token may do.', example: ['expenses:read'] });

const DAYS_MS = PERSONAL_TOKEN_DAYS_MAX * 24 * 60 * 60 * 1000;

const createFields = z.strictObject({
  name: line(100).meta({ example: 'Backup script' }),
  scopes,
  expiresInDays: z
    .int()
    .min(1)
    .max(PERSONAL_TOKEN_DAYS_MAX)
    .optional()
    .meta({ description: `Days until it ends; ${PERSONAL_TOKEN_DAYS} by default.` }),
  expiresAt: instant
    .refine((at) => Date.parse(at) > Date.now(), 'must be in the future')
    .refine((at) => Date.parse(at) <= Date.now() + DAYS_MS, `must be at most ${PERSONAL_TOKEN_DAYS_MAX} days from now`)
    .optional()
    .meta({ description: 'Instead of `expiresInDays`.' }),
});

export const createToken = createFields.refine((order) => order.expiresAt === undefined || order.expiresInDays === undefined, {
  message: 'must not be given together with expiresInDays',
  path: ['expiresAt'],
});

export const token = z
  .strictObject({ id, name: z.string(), scopes, createdAt: z.string(), lastUsedAt: z.string().nullable(), expiresAt: z.string() })
  .meta({ id: 'PersonalToken' });

export const newToken = z
  .strictObject({ ...token.shape, token: z.string().meta({ description: 'For `Authorization: Bearer`; shown in this answer only.' }) })
  .meta({ id: 'NewPersonalToken' });

export const tokenParams = z.strictObject({ tokenId: id });
