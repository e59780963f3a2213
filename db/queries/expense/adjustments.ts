import type { MoneyWire } from '../../../domain/money.ts';
import type { PageRequest } from '../../cursor.ts';
import type { Query } from './groups.ts';

/** A correction of balances as members see it. */
export interface AdjustmentView {
  readonly id: string;
  readonly groupId: string;
  readonly entries: readonly { readonly memberId: string; readonly money: MoneyWire }[];
  readonly reason: string;
  readonly createdBy: string;
  readonly createdAt: string;
}

const COLUMNS = `id, group_id as "groupId", entries, reason, created_by as "createdBy", created_at as "createdAt"`;

/** Reads an adjustment. */
export async function findAdjustment(query: Query, id: string): Promise<AdjustmentView | null> {
  const [row] = await query<AdjustmentView>(`select ${COLUMNS} from expense.adjustment where id = $1`, [id]);
  return row ?? null;
}

/** The adjustments of a group, the newest first; one more than the page, to tell whether it goes on. */
export async function listAdjustments(query: Query, groupId: string, page: PageRequest): Promise<AdjustmentView[]> {
  const [createdAt = null, id = null] = page.after ?? [];
  return query<AdjustmentView>(
    `select ${COLUMNS} from expense.adjustment
     where group_id = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid))
     order by created_at desc, id desc limit $4`,
    [groupId, createdAt, id, page.limit + 1],
  );
}
