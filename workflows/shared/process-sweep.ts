import { continueAsNew, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { SweepActivities } from '../../activities/shared/contract.ts';
import { RETRY_PROFILES } from './retry-profiles.ts';
import type { ProcessSweepInput } from './sweep-contract.ts';
import { shouldRollOver } from './waiting.ts';

const { sweepPage } = proxyActivities<SweepActivities>(RETRY_PROFILES.database);

/**
 * Finds rows in a non-final state whose workflow does not run, and starts it again from the row; started by a schedule on
 * each service's queue.
 *
 * @returns how many rows were looked at and how many processes were woken.
 */
export async function processSweep(input: ProcessSweepInput): Promise<{ looked: number; woken: number }> {
  let looked = input.looked ?? 0;
  let woken = input.woken ?? 0;
  let after = input.after ?? null;
  do {
    const page = await sweepPage.executeWithOptions({ summary: `after ${after ?? 'the beginning'}` }, [{ after }]);
    looked += page.looked;
    woken += page.woken;
    after = page.after;
    setCurrentDetails(`looked at ${looked} rows, woke ${woken} processes`);
    if (after !== null && shouldRollOver()) await continueAsNew<typeof processSweep>({ ...input, after, looked, woken });
  } while (after !== null);
  return { looked, woken };
}
