import { z } from 'zod';
import { EXPORT_FORMATS } from '../../../../domain/export/formats.ts';
import { EXPORT_STATES } from '../../../../domain/export/group-export.ts';
import { id } from '../../../schemas.ts';

export const createExport = z
  .strictObject({
    id: id.optional(),
    format: z.enum(EXPORT_FORMATS).default('json'),
    receipts: z.boolean().default(false).meta({ description: 'A ZIP with the receipts of the expenses in it.' }),
  })
  .meta({ id: 'NewExport' });

const instant = z.string().meta({ format: 'date-time' });

export const exportView = z
  .strictObject({
    id,
    groupId: id,
    format: z.enum(EXPORT_FORMATS),
    receipts: z.boolean(),
    state: z.enum(EXPORT_STATES),
    failureCode: z.string().nullable().meta({ description: 'Why it failed, such as `export_too_large`.' }),
    rows: z.int().meta({ description: 'Expenses, payments, refunds and adjustments to write; 0 until it has begun.' }),
    writtenRows: z.int(),
    files: z.int().meta({ description: 'Receipts that are packed.' }),
    bytes: z.int().nullable().meta({ description: 'Of the file, once it is done.' }),
    sha256: z.string().nullable().meta({ description: 'Of the file, in hexadecimal.' }),
    createdAt: instant,
    endedAt: instant.nullable(),
    expiresAt: instant.nullable().meta({ description: 'When the file is deleted.' }),
    workflowId: z.string(),
  })
  .meta({ id: 'Export' });

export const groupParams = z.strictObject({ groupId: id });
export const exportParams = z.strictObject({ exportId: id });
