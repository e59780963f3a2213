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

const COLUMNS = `c.id, c.expense_id as "expenseId", c.group_id as "groupId", c.author_member_id as "authorMemberId", c.text,
  array_to_json(c.mentions) as mentions, c.created_at as "createdAt", c.edited_at as "editedAt"`;

/** Comments stay with the group in which they were written: of an expense that is in another one now they are not shown. */
const SHOWN = 'expense.comment c join expense.expense e on e.id = c.expense_id and e.group_id = c.group_id';

/** Reads a comment; null where there is none or it was taken away. */
export async function findComment(query: Query, id: string): Promise<CommentView | null> {
  const [row] = await query<CommentView>(`select ${COLUMNS} from ${SHOWN} where c.id = $1 and c.deleted_at is null`, [id]);
  return row ?? null;
}

/** The comments on an expense, the oldest first; one more than the page, to tell whether it goes on. */
export async function listComments(query: Query, expenseId: string, page: PageRequest): Promise<CommentView[]> {
  const [createdAt = null, id = null] = page.after ?? [];
  return query<CommentView>(
    `select ${COLUMNS} from ${SHOWN}
     where c.expense_id = $1 and c.deleted_at is null and ($2::timestamptz is null or (c.created_at, c.id) > ($2, $3::uuid))
     order by c.created_at, c.id limit $4`,
    [expenseId, createdAt, id, page.limit + 1],
  );
}
