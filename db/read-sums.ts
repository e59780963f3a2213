import type { ServiceDatabase } from './orm.ts';
import type { Tx } from './transact.ts';

// Of a group with a long history both sides of a join are many rows, which are hashed in a third of the time that looking up each takes,
// and need no order. The planner knows that only from statistics, which are old right after a bulk of expenses or an import: it then
// expects a handful of rows, looks up a hundred thousand one by one, and sorts them on disk.
const SETTINGS = `begin read only;
set local enable_nestloop = off;
set local enable_sort = off;
set local work_mem = '32MB'`;

/**
 * Makes what runs statements that sum up many rows, each in a transaction of its own with the planner's settings for that.
 *
 * Such a statement joins only what it has restricted to the groups it is about, on each side: what is joined is read whole.
 */
export function readSums(db: Pick<ServiceDatabase, 'pool'>): Tx['query'] {
  return async <Row extends object>(text: string, values: readonly unknown[] = []) => {
    const client = await db.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query(SETTINGS);
      const { rows } = await client.query<Row>(text, [...values]);
      await client.query('commit');
      return rows;
    } catch (error) {
      // A connection on which even that fails is not given back.
      await client.query('rollback').catch((failure: Error) => (broken = failure));
      throw error;
    } finally {
      client.release(broken);
    }
  };
}
