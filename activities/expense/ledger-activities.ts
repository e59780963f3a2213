import { planSettlement } from '../../db/commands/expense/settlements.ts';
import { postRefund, postTransfer, releaseTransfers } from '../../db/commands/expense/transfers.ts';
import { brokenUnique } from '../../db/errors.ts';
import { type ActivityDeps, runCommand } from '../edge.ts';
import type { ExpenseActivities } from './contract.ts';

type LedgerActivities = Pick<ExpenseActivities, 'planSettlement' | 'releaseTransfers' | 'postTransfer' | 'postRefund'>;

/** What payment's workflows ask of the ledger. */
export function ledgerActivities(deps: ActivityDeps): LedgerActivities {
  return {
    async planSettlement(input) {
      const transfers = await runCommand(deps, (tx) => planSettlement(tx, input));
      return { transfers };
    },
    async releaseTransfers({ groupId, transferIds }) {
      await runCommand(deps, (tx) => releaseTransfers(tx, groupId, transferIds));
    },
    async postTransfer(input) {
      return { postingId: await once(() => runCommand(deps, (tx) => postTransfer(tx, input))) };
    },
    async postRefund(input) {
      return { postingId: await once(() => runCommand(deps, (tx) => postRefund(tx, input))) };
    },
  };
}

/** Two at once for the same payment: the second breaks the unique key, and asked again finds the first one's posting. */
async function once(work: () => Promise<string>): Promise<string> {
  try {
    return await work();
  } catch (error) {
    if (brokenUnique(error) !== 'posting_source') throw error;
    return work();
  }
}
