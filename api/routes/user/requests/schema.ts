import { z } from 'zod';
import { DATA_REQUEST_STATES } from '../../../../domain/data-request.ts';
import { id } from '../../../schemas.ts';
import { proof } from '../auth/schema.ts';

const instant = z.string().meta({ format: 'date-time' });

export const requestParams = z.strictObject({ requestId: id });

/** The proof of who asks, as for everything that cannot be undone. */
export const erase = proof;

const service = z.strictObject({
  erased: z.int().meta({ description: 'Rows that were changed or deleted.' }),
  left: z.int().meta({ description: 'Traces found in the end.' }),
});

export const erasureProof = z
  .strictObject({ user: service, expense: service, payment: service, notification: service })
  .meta({ id: 'ErasureProof', description: 'What each service did, and that it has no trace of the person any more.' });

export const dataRequest = z
  .strictObject({
    id,
    kind: z.enum(['export', 'erasure']),
    state: z.enum(DATA_REQUEST_STATES),
    createdAt: instant,
    beginsAt: instant.nullable().meta({ description: 'When an erasure begins; until then it can be cancelled.' }),
    expiresAt: instant.nullable().meta({ description: 'When the ZIP of an export is deleted.' }),
    endedAt: instant.nullable(),
    failureCode: z.string().nullable().meta({ description: 'Why it failed, such as `payments_in_flight`.' }),
    download: z
      .strictObject({ url: z.string(), bytes: z.int(), sha256: z.string() })
      .nullable()
      .meta({ description: 'The ZIP of an export that is done.' }),
    statusUrl: z.string().nullable().meta({ description: 'Tells how far an erasure is, without signing in.' }),
    proof: erasureProof.nullable(),
    workflowId: z.string(),
  })
  .meta({
    id: 'DataRequest',
    description:
      'What a person asked for about their own data. An export: `running`, then `done`. An erasure: `pending`, `running`, then `done`.',
  });

export const erasureParams = z.strictObject({ erasureToken: z.string().min(1).max(200) });

export const erasure = z
  .strictObject({ state: z.enum(DATA_REQUEST_STATES), createdAt: instant, endedAt: instant.nullable(), proof: erasureProof.nullable() })
  .meta({ id: 'Erasure', description: 'How far the erasure of an account is.' });

export const archive = z.string().meta({ description: 'A ZIP with a manifest.', format: 'binary' });
