import type { ServiceDatabase } from './orm.ts';
import type { Tx } from './transact.ts';

/**
 * Reads several things as they were at one moment; for answers whose parts have to add up. Nothing is locked and nobody waits.
 *
 * @param work gets what runs SQL with `$1` placeholders; timestamps and bigints come as text.
 */
export async function readTogether<T>(db: ServiceDatabase, work: (query: Tx['query']) => Promise<T>): Promise<T> {
  const client = await db.pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin isolation level repeatable read read only');
    const result = await work(async <Row extends object>(text: string, values: readonly unknown[] = []) => {
      const { rows } = await client.query<Row>(text, [...values]);
      return rows;
    });
    await client.query('commit');
    return result;
  } catch (error) {
    // A connection on which even that fails is not given back.
    await client.query('rollback').catch((failure: Error) => (broken = failure));
    throw error;
  } finally {
    client.release(broken);
  }
}
