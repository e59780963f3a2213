import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { PaymentActivities } from '../../activities/payment/contract.ts';
import { RETRY_PROFILES } from '../shared/retry-profiles.ts';

// A page is a hundred short transactions.
const { openDueSettlements } = proxyActivities<PaymentActivities>({ ...RETRY_PROFILES.database, startToCloseTimeout: '2m' });

/**
 * Opens the settlements of groups whose settlement day is today in their own zone; started by a schedule, and the only
 * thing that opens settlements by date. Running it twice opens nothing twice.
 *
 * @returns how many were opened, and in how many groups there was nothing to do.
 */
export async function settlementRun(): Promise<{ opened: number; skipped: number }> {
  const nowIso = new Date().toISOString();
  let opened = 0;
  let skipped = 0;
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<PaymentActivities['openDueSettlements']>> = await openDueSettlements.executeWithOptions(
      { summary: `groups after ${after ?? 'the beginning'}` },
      [{ nowIso, after }],
    );
    opened += page.opened;
    skipped += page.skipped;
    after = page.after;
    setCurrentDetails(`opened ${opened}, nothing to do in ${skipped}`);
  } while (after !== null);
  return { opened, skipped };
}
