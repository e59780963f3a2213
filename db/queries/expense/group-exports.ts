import type { ExportFormatName } from '../../../domain/export/formats.ts';
import type { ExportState } from '../../../domain/export/group-export.ts';
import type { MoneyWire } from '../../../domain/money.ts';
import type { ServiceDatabase } from '../../orm.ts';
import { read, type Tx } from '../../transact.ts';
import { moneySql } from '../amount-sql.ts';

type Query = Tx['query'];

/** An export as whoever asked for it sees it. */
export interface GroupExportView {
  readonly id: string;
  readonly groupId: string;
  readonly userId: string;
  readonly format: ExportFormatName;
  readonly receipts: boolean;
  readonly state: ExportState;
  readonly failureCode: string | null;
  readonly rows: number;
  readonly writtenRows: number;
  readonly files: number;
  /** Of the file; null where there is none. */
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly expiresAt: string | null;
}

const VIEW = `e.id, e.group_id as "groupId", e.user_id as "userId", e.format, e.receipts, e.state, e.failure_code as "failureCode", e.rows,
  e.written_rows as "writtenRows", e.files, e.bytes::float8 as bytes, e.sha256, e.created_at as "createdAt", e.ended_at as "endedAt",
  e.expires_at as "expiresAt"`;

/** An export of somebody who is in its group still; null where there is none. */
export async function findExportOf(query: Query, exportId: string, userId: string): Promise<GroupExportView | null> {
  const [row] = await query<GroupExportView>(
    `select ${VIEW} from expense.group_export e
     join expense_pub.membership_v1 m on m.group_id = e.group_id and m.user_id = e.user_id and m.state = 'active'
     where e.id = $1 and e.user_id = $2`,
    [exportId, userId],
  );
  return row ?? null;
}

/** A receipt that an export packs, with what tells of which expense it is. */
export interface ExportedReceipt {
  readonly id: string;
  readonly contentType: string;
  readonly expenseId: string;
  readonly date: string;
  readonly description: string;
  readonly total: MoneyWire;
}

/** The first receipt after another one, of the expenses that an export writes. */
export async function nextExportedReceipt(
  query: Query,
  { groupId, until, after }: { readonly groupId: string; readonly until: string; readonly after: string | null },
): Promise<ExportedReceipt | null> {
  const [row] = await query<ExportedReceipt>(
    `select r.id, r.content_type as "contentType", e.id as "expenseId", e.date::text as date, e.description,
       ${moneySql('e.total_minor', 'e.currency')} as total
     from expense.receipt r join expense.expense e on e.id = r.expense_id and e.state = 'posted' and e.created_at <= $2::timestamptz
     where r.group_id = $1 and r.created_at <= $2::timestamptz and ($3::uuid is null or r.id > $3) order by r.id limit 1`,
    [groupId, until, after],
  );
  return row ?? null;
}

/** The parts of one kind that an export has written, piece by piece, so that a file of any size takes no memory. */
export async function* exportParts(db: ServiceDatabase, exportId: string, kind: 'rows' | 'zip'): AsyncGenerator<Buffer> {
  let [section, seq] = [-1, -1];
  for (;;) {
    const [part] = await read<{ section: number; seq: number; content: Buffer }>(
      db,
      `select section, seq, content from expense.group_export_part where export_id = $1 and kind = $2 and (section, seq) > ($3, $4)
       order by section, seq limit 1`,
      [exportId, kind, section, seq],
    );
    if (part === undefined) return;
    [section, seq] = [part.section, part.seq];
    yield part.content;
  }
}
