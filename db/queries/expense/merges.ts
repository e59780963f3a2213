import type { PageRequest } from '../../cursor.ts';
import type { Query } from './groups.ts';

/** A merge as the platform's own people see it. */
export interface MergeView {
  readonly id: string;
  readonly groupId: string;
  readonly fromMemberId: string;
  readonly intoMemberId: string;
  /** The account that went with it, or null. */
  readonly movedUserId: string | null;
  /** Account of who merged. */
  readonly mergedBy: string;
  readonly mergedAt: string;
  readonly undoneBy: string | null;
  readonly undoneAt: string | null;
  readonly undoReason: string | null;
}

const COLUMNS = `id, group_id as "groupId", from_member_id as "fromMemberId", into_member_id as "intoMemberId", moved_user_id as "movedUserId",
  merged_by as "mergedBy", merged_at as "mergedAt", undone_by as "undoneBy", undone_at as "undoneAt", undo_reason as "undoReason"`;

/** Reads a merge, or null. */
export async function findMerge(query: Query, mergeId: string): Promise<MergeView | null> {
  const [row] = await query<MergeView>(`select ${COLUMNS} from expense.member_merge where id = $1`, [mergeId]);
  return row ?? null;
}

/** Merges, of one group where given, the newest first; one more than the page, to tell whether it goes on. */
export async function listMerges(query: Query, groupId: string | undefined, page: PageRequest): Promise<MergeView[]> {
  const [mergedAt = null, id = null] = page.after ?? [];
  return query<MergeView>(
    `select ${COLUMNS} from expense.member_merge
     where ($1::uuid is null or group_id = $1) and ($2::timestamptz is null or (merged_at, id) < ($2, $3::uuid))
     order by merged_at desc, id desc limit $4`,
    [groupId ?? null, mergedAt, id, page.limit + 1],
  );
}
