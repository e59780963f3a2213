import type { PageRequest } from '../../cursor.ts';
import type { Query } from './groups.ts';

/** A comment as members see it. */
export interface CommentView {
  readonly id: string;
  readonly expenseId: string;
  readonly groupId: string;
  readonly authorMemberId: string;
  readonly text: string;
  readonly mentions: readonly string[];
  readonly createdAt: string;
  readonly editedAt: string | null;
}

const COLUMNS = `id, expense_id as "expenseId", group_id as "groupId", author_member_id as "authorMemberId", text,
  array_to_json(mentions) as mentions, created_at as "createdAt", edited_at as "editedAt"`;

/** Reads a comment; null where there is none or it was taken away. */
export async function findComment(query: Query, id: string): Promise<CommentView | null> {
  const [row] = await query<CommentView>(`select ${COLUMNS} from expense.comment where id = $1 and deleted_at is null`, [id]);
  return row ?? null;
}

/** The comments on an expense, the oldest first; one more than the page, to tell whether it goes on. */
export async function listComments(query: Query, expenseId: string, page: PageRequest): Promise<CommentView[]> {
  const [createdAt = null, id = null] = page.after ?? [];
  return query<CommentView>(
    `select ${COLUMNS} from expense.comment
     where expense_id = $1 and deleted_at is null and ($2::timestamptz is null or (created_at, id) > ($2, $3::uuid))
     order by created_at, id limit $4`,
    [expenseId, createdAt, id, page.limit + 1],
  );
}
