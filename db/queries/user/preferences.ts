import { type Preferences, PREFERENCES_DEFAULT } from '../../../domain/preferences.ts';
import type { Tx } from '../../transact.ts';

/** What counts for a person, with its version: 1 where they never chose anything. */
export async function findPreferences(query: Tx['query'], userId: string): Promise<{ preferences: Preferences; version: number }> {
  const [row] = await query<{ settings: Partial<Preferences>; version: number }>(
    'select settings, version from "user".preference where account_id = $1',
    [userId],
  );
  return { preferences: { ...PREFERENCES_DEFAULT, ...row?.settings }, version: row?.version ?? 1 };
}
