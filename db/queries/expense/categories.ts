import { foldedName, type OwnCategories } from '../../../domain/import/category.ts';
import type { PageRequest } from '../../cursor.ts';
import type { Query } from './groups.ts';

/** A category of a group's own. */
export interface CategoryView {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly archived: boolean;
  readonly createdAt: string;
}

/** The categories of a group's own by their keys; one more than the page, to tell whether it goes on. */
export async function listCategories(query: Query, groupId: string, archived: boolean, page: PageRequest): Promise<CategoryView[]> {
  return query<CategoryView>(
    `select id, key, name, archived_at is not null as archived, created_at as "createdAt" from expense.category
     where group_id = $1 and ($2 or archived_at is null) and ($3::text is null or key > $3) order by key limit $4`,
    [groupId, archived, page.after?.[0] ?? null, page.limit + 1],
  );
}

/** Keys of a group's own categories that are in use, by their names as files of other programs have them. */
export async function categoriesByName(query: Query, groupId: string): Promise<OwnCategories> {
  const rows = await query<{ key: string; name: string }>(
    'select key, name from expense.category where group_id = $1 and archived_at is null order by key desc',
    [groupId],
  );
  // Of two with one name the first by its key counts, whatever order they were made in.
  return Object.fromEntries(rows.map(({ key, name }) => [foldedName(name), key]));
}

/** The language of a user's profile, or null. */
export async function localeOf(query: Query, userId: string): Promise<string | null> {
  const [row] = await query<{ locale: string }>('select locale from user_pub.contact_v1 where user_id = $1', [userId]);
  return row?.locale ?? null;
}
