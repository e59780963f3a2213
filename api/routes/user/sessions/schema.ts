import { z } from 'zod';
import { id } from '../../../schemas.ts';

export const session = z
  .strictObject({
    id,
    current: z.boolean().meta({ description: 'Whether this request came by it.' }),
    methods: z.array(z.string()).meta({ description: 'How the person proved who they are, by RFC 8176: `pwd`, `otp`, `fed`.' }),
    userAgent: z.string().nullable().meta({ description: 'What the client called itself.' }),
    createdAt: z.string(),
    lastUsedAt: z.string().meta({ description: 'When it was last refreshed.' }),
    expiresAt: z.string(),
  })
  .meta({ id: 'Session' });

export const sessionParams = z.strictObject({ sessionId: id });
