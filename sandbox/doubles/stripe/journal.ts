import type { Effect } from './types.ts';

/** Sums of the money that moved under one heading, in Stripe's smallest unit by currency. */
export interface Totals {
  charges: number;
  refunds: number;
  reversals: number;
  charged: Record<string, number>;
  refunded: Record<string, number>;
  reversed: Record<string, number>;
}

/** The journal as `GET /_sandbox/journal` shows it. */
export interface JournalView {
  readonly entries: readonly Effect[];
  readonly totals: Totals;
  readonly byPaymentIntent: Readonly<Record<string, Totals>>;
  /** By `name=value` of the payments' metadata, so that a caller's own reference finds its money. */
  readonly byReference: Readonly<Record<string, Totals>>;
  /** Intents charged more than once. Anything here means that somebody paid twice. */
  readonly chargedTwice: readonly string[];
}

const FIELDS = { charge: ['charges', 'charged'], refund: ['refunds', 'refunded'], reversal: ['reversals', 'reversed'] } as const;

/**
 * Sums the journal.
 *
 * @param effects the entries, in order.
 * @param after only entries with a greater `seq` are listed; the sums are always over all.
 */
export function viewJournal(effects: readonly Effect[], after = 0): JournalView {
  const totals = noTotals();
  const byPaymentIntent: Record<string, Totals> = {};
  const byReference: Record<string, Totals> = {};
  for (const effect of effects) {
    add(totals, effect);
    add((byPaymentIntent[effect.paymentIntent] ??= noTotals()), effect);
    for (const [name, value] of Object.entries(effect.metadata)) add((byReference[`${name}=${value}`] ??= noTotals()), effect);
  }
  const chargedTwice = Object.keys(byPaymentIntent).filter((id) => (byPaymentIntent[id]?.charges ?? 0) > 1);
  return { entries: effects.filter((effect) => effect.seq > after), totals, byPaymentIntent, byReference, chargedTwice };
}

function noTotals(): Totals {
  return { charges: 0, refunds: 0, reversals: 0, charged: {}, refunded: {}, reversed: {} };
}

function add(totals: Totals, effect: Effect): void {
  const [count, sum] = FIELDS[effect.effect];
  totals[count] += 1;
  totals[sum][effect.currency] = (totals[sum][effect.currency] ?? 0) + effect.amount;
}
