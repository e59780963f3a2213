import { invalid } from './errors.ts';

/**
 * Currencies whose smallest unit at Stripe is finer than what can be charged: three-decimal ones go in steps of ten, and króna and
 * shilling keep two digits for old clients' sake while only whole ones can be paid.
 */
const STEPS: Readonly<Record<string, number>> = { bhd: 10, jod: 10, kwd: 10, omr: 10, tnd: 10, isk: 100, ugx: 100 };

/** Currencies without a minor unit at Stripe: 500 means 500. */
const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));

/**
 * Checks that an amount can be charged in its currency.
 *
 * @throws StripeRefusal when it is no multiple of the currency's step.
 */
export function checkAmountStep(amount: number, currency: string): void {
  const step = STEPS[currency] ?? 1;
  if (amount % step === 0) return;
  throw invalid(`Invalid amount: ${currency} amounts must be a multiple of ${step}.`, 'parameter_invalid_integer', 'amount');
}

/** How many digits Stripe's smallest unit has after the point. */
export function stripeDigits(currency: string): number {
  if (ZERO_DECIMAL.has(currency)) return 0;
  return STEPS[currency] === 10 ? 3 : 2;
}
