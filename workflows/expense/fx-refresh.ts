import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { ExpenseActivities } from '../../activities/expense/contract.ts';
import { RATE_SOURCES } from '../../domain/fx.ts';
import { RETRY_PROFILES } from '../shared/retry-profiles.ts';

// One call to the outside like a gateway's; the first one brings all of history, which takes a minute or two.
const { refreshRates } = proxyActivities<ExpenseActivities>({ ...RETRY_PROFILES.gateway, startToCloseTimeout: '5m' });

/**
 * Fetches what the sources of exchange rates have published since the last time; started by a schedule. A source that is away is asked
 * again until it answers, and the schedule starts no second run meanwhile.
 *
 * @returns by source, the newest day that is known now and how many figures are new or corrected.
 */
export async function fxRefresh(): Promise<Record<string, Awaited<ReturnType<ExpenseActivities['refreshRates']>>>> {
  const results: Awaited<ReturnType<typeof fxRefresh>> = {};
  for (const source of RATE_SOURCES) {
    setCurrentDetails(`asking ${source}`);
    results[source] = await refreshRates.executeWithOptions({ summary: `rates of ${source}` }, [{ source }]);
  }
  setCurrentDetails(
    Object.entries(results)
      .map(([source, { newestOn, added, corrected }]) => `${source}: newest ${newestOn ?? 'none'}, ${added} new, ${corrected} corrected`)
      .join('; '),
  );
  return results;
}
