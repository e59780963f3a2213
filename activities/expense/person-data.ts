import { buffer } from 'node:stream/consumers';
import { countExpenseTraces, eraseStep } from '../../db/commands/expense/erasure.ts';
import { removeDueFiles } from '../../db/commands/expense/file-removals.ts';
import { receiptKey } from '../../db/commands/expense/receipts.ts';
import { fileStoreOf } from '../../db/files/registry.ts';
import { EXPENSE_EXPORT, NEXT_RECEIPT } from '../../db/queries/expense/export-files.ts';
import { read } from '../../db/transact.ts';
import type { ActivityDeps } from '../edge.ts';
import type { PersonData, PersonFile } from '../shared/person.ts';

/** What the expense service knows of a person, receipts with their files, and how it lets go of them. */
export function expensePerson(deps: Pick<ActivityDeps, 'db' | 'env'>): PersonData {
  return {
    files: EXPENSE_EXPORT,
    erase: eraseStep,
    traces: countExpenseTraces,
    nextFile: (userId, after) => nextReceipt(deps, userId, after),
    // The rows are gone; an erasure has not ended while a file of them is there.
    async afterErasure() {
      const files = await fileStoreOf(deps.env);
      while ((await removeDueFiles(deps.db, files)) > 0);
    },
  };
}

async function nextReceipt(deps: Pick<ActivityDeps, 'db' | 'env'>, userId: string, after: string): Promise<PersonFile | null> {
  const [receipt] = await read<{ id: string; type: string }>(deps.db, NEXT_RECEIPT, [userId, after]);
  if (receipt === undefined) return null;
  const stored = await (await fileStoreOf(deps.env)).get(receiptKey(receipt.id));
  const ending = receipt.type.split('/').at(-1) ?? 'bin';
  // One whose file is gone is listed with the others, and empty here.
  return {
    id: receipt.id,
    name: `receipts/${receipt.id}.${ending}`,
    content: stored === null ? Buffer.alloc(0) : await buffer(stored.stream),
  };
}
