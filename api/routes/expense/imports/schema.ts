import { z } from 'zod';
import { IMPORT_FORMATS } from '../../../../domain/import/registry.ts';
import type { FormShape } from '../../../middleware/multipart.ts';
import { id, line } from '../../../schemas.ts';

/** Names of one map: every member of the largest group. */
const MAP_MAX = 500;

const format = z
  .enum(['auto', ...IMPORT_FORMATS])
  .default('auto')
  .meta({ description: '`auto` finds it out; `csv` and `json` are our own.' });
const memberMap = z
  .record(line(120), id)
  .refine((map) => Object.keys(map).length <= MAP_MAX, `must have at most ${MAP_MAX} names`)
  .default({})
  .meta({
    description:
      'Members by names of the file; tells names with commas too, where a file joins names by commas. Other names are the member of that name, or a new one.',
  });
const dryRun = z.boolean().default(false).meta({ description: 'Tell what would be imported, and write nothing.' });
const skipBadRows = z.boolean().default(false).meta({ description: 'Import the good rows of a file that has bad ones.' });

export const createImport = z
  .strictObject({
    id: id.optional(),
    format,
    content: z.string().meta({ description: 'The file as text.' }),
    dryRun,
    skipBadRows,
    memberMap,
  })
  .meta({ id: 'NewImport' });

/** The same as a form, with the file as it is. */
export const importForm: FormShape = {
  file: 'file',
  standsFor: 'content',
  fields: { id: 'text', format: 'text', dryRun: 'boolean', skipBadRows: 'boolean', memberMap: 'json' },
  schema: z
    .strictObject({
      file: z.string().min(1).meta({ format: 'binary', description: 'CSV or JSON in UTF-8.' }),
      id: id.optional(),
      format,
      dryRun,
      skipBadRows,
      memberMap,
    })
    .meta({ id: 'NewImportForm' }),
};

const instant = z.string().meta({ format: 'date-time' });

export const importView = z
  .strictObject({
    id,
    groupId: id,
    state: z.enum(['running', 'done', 'failed', 'undone']),
    phase: z.enum(['reading', 'posting', 'undoing']).nullable().meta({ description: 'What it is at while it runs.' }),
    format: z.enum(['auto', ...IMPORT_FORMATS]).meta({ description: 'What the file is; `auto` until that is found out.' }),
    dryRun: z.boolean(),
    rows: z.int().meta({ description: 'Rows of the file.' }),
    imported: z.int().meta({ description: 'Rows that became expenses; in a dry run, that would.' }),
    skipped: z.int().meta({ description: 'Rows that are in the group already, move no money, or are bad.' }),
    problems: z.array(z.strictObject({ row: z.int(), code: z.string(), detail: z.string() })).meta({
      description:
        'What is wrong, by row: the line of a CSV file, the place in the list of a JSON file; 0 is the file as a whole. The first 10,000.',
    }),
    problemCount: z.int(),
    balanceCheck: z.enum(['matches', 'differs', 'none']).meta({ description: "Whether the file's own totals are the sums of its rows." }),
    members: z.record(z.string(), id).meta({ description: 'Who the names of the file are.' }),
    newCategories: z.array(z.string()).meta({ description: "Keys of what it added to the group's own categories; in a dry run, would." }),
    createdBy: id,
    createdAt: instant,
    endedAt: instant.nullable(),
    workflowId: z.string(),
  })
  .meta({ id: 'Import' });

export const importSummary = importView.omit({ problems: true, members: true }).meta({ id: 'ImportSummary' });

export const groupParams = z.strictObject({ groupId: id });
export const importParams = z.strictObject({ importId: id });
