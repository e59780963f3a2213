import type { DefaultSplit } from '../../../domain/group.ts';
import type { PageRequest } from '../../cursor.ts';
import type { Query } from './groups.ts';

/** A named split as members see it. */
export interface PresetView {
  readonly id: string;
  readonly groupId: string;
  readonly name: string;
  readonly split: DefaultSplit;
  /** Member id. */
  readonly createdBy: string;
  readonly createdAt: string;
}

const COLUMNS = `id, group_id as "groupId", name, split, created_by as "createdBy", created_at as "createdAt"`;

/** Reads a preset, or null. */
export async function findPreset(query: Query, presetId: string): Promise<PresetView | null> {
  const [row] = await query<PresetView>(`select ${COLUMNS} from expense.preset where id = $1`, [presetId]);
  return row ?? null;
}

/** The presets of a group by name; one more than the page, to tell whether it goes on. */
export async function listPresets(query: Query, groupId: string, page: PageRequest): Promise<PresetView[]> {
  return query<PresetView>(
    `select ${COLUMNS} from expense.preset where group_id = $1 and ($2::text is null or name > $2) order by name limit $3`,
    [groupId, page.after?.[0] ?? null, page.limit + 1],
  );
}
