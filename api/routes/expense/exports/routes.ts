import { Readable } from 'node:stream';
import { z } from 'zod';
import { exportedRows, findExportedGroup } from '../../../../db/queries/expense/export.ts';
import { EXPORT_FORMATS, EXPORTS, type ExportWriter } from '../../../../domain/export/formats.ts';
import type { ExportedGroup, ExportedRow } from '../../../../domain/export/formats.ts';
import { groupAccess } from '../../../access.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { id } from '../../../schemas.ts';

/** Text that is gathered before it is sent on. */
const CHUNK_CHARACTERS = 64 * 1024;

const exportGroup = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/export',
  operationId: 'exportGroup',
  tag: 'imports and exports',
  summary: 'A group as a file',
  description:
    'Expenses that stand, payments, refunds and adjustments, in the order of days. `csv` and `json` are our own and can be imported again without a loss; `sesterce-csv` keeps several payers and exact shares, `splitwise-csv` what each gained or lost, `qif` is your own book, one account for each currency. Texts that a spreadsheet would run as formulas carry an apostrophe. Sent as it is read, whatever the size of the group: of an expense whose day is changed meanwhile, it may have both or neither; a file of `createExport` has each once.',
  access: groupAccess,
  params: z.strictObject({ groupId: id }),
  query: z.strictObject({ format: z.enum(EXPORT_FORMATS).default('csv') }),
  answers: {
    200: {
      description: 'The file.',
      schema: z.unknown(),
      headers: ['Content-Disposition'],
      contentType: ['text/csv', 'application/json', 'application/qif'],
    },
  },
  handle: async (request) => {
    const format = EXPORTS[request.query.format];
    const { contentType, extension } = format;
    const { groupId } = request.params;
    const group = await findExportedGroup(request.read, groupId, request.resource.memberId);
    const text = Readable.from(chunks(format.open(), group, exportedRows(request.read, groupId)), {
      objectMode: false,
      highWaterMark: CHUNK_CHARACTERS,
    });
    const headers = { 'Content-Type': contentType, 'Content-Disposition': `attachment; filename="${groupId}.${extension}"` };
    return { status: 200, headers, body: text };
  },
});

/** Operations that write files. */
export const exportRoutes: readonly AnyRoute[] = [exportGroup];

async function* chunks(writer: ExportWriter, group: ExportedGroup, rows: AsyncIterable<ExportedRow>): AsyncGenerator<string> {
  let waiting = writer.begin(group);
  let index = 0;
  for await (const row of rows) {
    waiting += writer.row(row, index);
    index += 1;
    if (waiting.length < CHUNK_CHARACTERS) continue;
    yield waiting;
    waiting = '';
  }
  yield waiting + writer.end();
}
