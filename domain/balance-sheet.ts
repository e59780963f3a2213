import type { Rational } from './decimal.ts';
import { convertNets } from './fx.ts';
import { compareIds } from './split-form.ts';

/** One account's balance in one currency, and what of it has a frozen rate; minor units. */
export interface SheetRow {
  readonly accountId: string;
  readonly currency: string;
  readonly net: bigint;
  /** The part of `net` whose uses have a frozen rate; zero in the group's own currency. */
  readonly priced: bigint;
  /** What that part counts for in the group's currency, each use at its own rate. */
  readonly converted: bigint;
}

/** Balances of several currencies in one. */
export interface OneCurrency {
  /** In the order of account ids; those with nothing are left out. They sum to zero. */
  readonly balances: readonly { readonly accountId: string; readonly minor: bigint }[];
  /** What has no rate, and so is not in them, in its own currency; sums to zero per currency too. */
  readonly withoutRate: readonly { readonly accountId: string; readonly currency: string; readonly minor: bigint }[];
}

/** Adds up a group's balances in its own currency, each use of another at the rate frozen with it. */
export function inGroupCurrency(rows: readonly SheetRow[], groupCurrency: string): OneCurrency {
  return addUp(
    rows.map(({ accountId, currency, net, converted }) => ({ accountId, minor: currency === groupCurrency ? net : converted })),
    rows.map(({ accountId, currency, net, priced }) => ({ accountId, currency, minor: currency === groupCurrency ? 0n : net - priced })),
  );
}

/**
 * Converts a group's balances into one currency, each currency as a whole, so that no odd unit is lost or made: see `convertNets`.
 *
 * @param rows of all accounts, those of the system too, so that each currency sums to zero.
 * @param ratios by currency, minor units of the target for one of its own; a currency that is missing has no rate.
 */
export function inOneCurrency(rows: readonly SheetRow[], target: string, ratios: ReadonlyMap<string, Rational>): OneCurrency {
  const byCurrency = Object.entries(Object.groupBy(rows, ({ currency }) => currency));
  return addUp(
    byCurrency.flatMap(([currency, own = []]) => {
      const nets = own.map(({ accountId, net }) => ({ accountId, minor: net }));
      const ratio = ratios.get(currency);
      if (currency === target) return nets;
      return ratio === undefined ? [] : convertNets(nets, ratio);
    }),
    rows
      .filter(({ currency }) => currency !== target && !ratios.has(currency))
      .map(({ accountId, currency, net }) => ({ accountId, currency, minor: net })),
  );
}

function addUp(
  parts: readonly { readonly accountId: string; readonly minor: bigint }[],
  withoutRate: OneCurrency['withoutRate'],
): OneCurrency {
  const sums = new Map<string, bigint>();
  for (const { accountId, minor } of parts) sums.set(accountId, (sums.get(accountId) ?? 0n) + minor);
  return {
    balances: [...sums]
      .map(([accountId, minor]) => ({ accountId, minor }))
      .filter(({ minor }) => minor !== 0n)
      .sort((one, other) => compareIds(one.accountId, other.accountId)),
    withoutRate: withoutRate.filter(({ minor }) => minor !== 0n),
  };
}
