import { ApplicationFailure } from '@temporalio/common';
import { keepRates } from '../../db/commands/expense/fx-rates.ts';
import { newestRateDay } from '../../db/queries/expense/fx-rates.ts';
import { read } from '../../db/transact.ts';
import { type ActivityDeps, runCommand } from '../edge.ts';
import type { ExpenseActivities } from './contract.ts';
import { type PublishedDay, RateSourceAway } from './rates/rate-source.ts';
import { rateSource } from './rates/registry.ts';

/** Days of one transaction: some 15,000 figures, a second of work. All of history is fourteen of them. */
const DAYS_MAX = 500;

/** The activities of exchange rates. */
export function fxActivities(deps: ActivityDeps): Pick<ExpenseActivities, 'refreshRates'> {
  return {
    async refreshRates({ source }) {
      const since = await newestRateDay((text, values) => read(deps.db, text, values), source);
      const days = await published(deps, source, since);
      let [added, corrected] = [0, 0];
      // The oldest first: what was kept when a later batch fails is what the next attempt goes on from.
      const oldestFirst = days.toReversed();
      for (let from = 0; from < oldestFirst.length; from += DAYS_MAX) {
        const kept = await runCommand(deps, (tx) => keepRates(tx, source, oldestFirst.slice(from, from + DAYS_MAX)));
        added += kept.added;
        corrected += kept.corrected;
      }
      const newest = days[0]?.publishedOn ?? null;
      return { newestOn: since !== null && (newest === null || newest < since) ? since : newest, added, corrected };
    },
  };
}

async function published(
  deps: ActivityDeps,
  source: Parameters<ExpenseActivities['refreshRates']>[0]['source'],
  since: string | null,
): Promise<readonly PublishedDay[]> {
  try {
    return await rateSource(deps.env, source).published(since);
  } catch (error) {
    if (!(error instanceof RateSourceAway)) throw error;
    deps.logger.warn({ err: error, source }, 'no exchange rates');
    throw ApplicationFailure.create({ message: `${source} ${error.message}`, type: 'rate_source_away' });
  }
}
