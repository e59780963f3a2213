import type { PageRequest } from '../../cursor.ts';
import type { Query } from './groups.ts';

/** A receipt as members see it. */
export interface ReceiptView {
  readonly id: string;
  readonly expenseId: string;
  readonly groupId: string;
  readonly uploadedBy: string;
  readonly contentType: string;
  readonly bytes: number;
  readonly width: number | null;
  readonly height: number | null;
  readonly sha256: string;
  readonly createdAt: string;
}

const COLUMNS = `id, expense_id as "expenseId", group_id as "groupId", uploaded_by as "uploadedBy", content_type as "contentType", bytes,
  width, height, sha256, created_at as "createdAt"`;

/** Reads a receipt; null where there is none. */
export async function findReceipt(query: Query, id: string): Promise<ReceiptView | null> {
  const [row] = await query<ReceiptView>(`select ${COLUMNS} from expense.receipt where id = $1`, [id]);
  return row ?? null;
}

/** The receipts of an expense, the oldest first; one more than the page, to tell whether it goes on. */
export async function listReceipts(query: Query, expenseId: string, page: PageRequest): Promise<ReceiptView[]> {
  const [createdAt = null, id = null] = page.after ?? [];
  return query<ReceiptView>(
    `select ${COLUMNS} from expense.receipt
     where expense_id = $1 and ($2::timestamptz is null or (created_at, id) > ($2, $3::uuid)) order by created_at, id limit $4`,
    [expenseId, createdAt, id, page.limit + 1],
  );
}
