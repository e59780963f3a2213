import type { Query } from './groups.ts';

/** What the charts of a group call it and its members. */
export interface ChartNames {
  readonly name: string;
  readonly currency: string;
  readonly members: ReadonlyMap<string, string>;
  /** Names of the group's own categories, by key, archived ones too. */
  readonly categories: ReadonlyMap<string, string>;
}

/** Reads the names that charts of a group show. @throws Error where there is no such group. */
export async function findChartNames(query: Query, groupId: string): Promise<ChartNames> {
  const [row] = await query<{
    name: string;
    currency: string;
    members: Record<string, string> | null;
    categories: Record<string, string> | null;
  }>(
    `select g.name, g.currency,
       (select json_object_agg(m.id, m.display_name) from expense.member m where m.group_id = g.id) as members,
       (select json_object_agg(c.key, c.name) from expense.category c where c.group_id = g.id) as categories
     from expense."group" g where g.id = $1`,
    [groupId],
  );
  if (row === undefined) throw new Error(`group ${groupId} is missing`);
  return {
    name: row.name,
    currency: row.currency,
    members: new Map(Object.entries(row.members ?? {})),
    categories: new Map(Object.entries(row.categories ?? {})),
  };
}
