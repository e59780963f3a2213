import { stripeAmount } from '../activities/payment/gateways/stripe-amounts.ts';
import { formatAmount } from '../domain/money.ts';
import { differences, entriesOf, netOf, type Nets, paymentEffect, plus, unbalanced } from './oracle.ts';
import { type Leg, minorOf } from './paying.ts';
import type { JournalEntry } from './sandbox.ts';
import type { Refunded } from './settling.ts';

/** Something that must be true at the end, and what speaks against it. */
export interface Check {
  readonly name: string;
  /** Empty when it holds. */
  readonly problems: readonly string[];
}

/** The balances of the API are those that were computed from the file alone. */
export function checkBalances(name: string, actual: Nets, expected: Nets): Check {
  const loose = unbalanced(actual).map((currency) => `the API's balances in ${currency} do not sum to zero`);
  return { name, problems: [...differences("the API's balances", actual, expected), ...loose] };
}

/** The transfers of a plan take everybody in a currency to zero. */
export function checkPlan(
  name: string,
  transfers: readonly { readonly from: string; readonly to: string; readonly currency: string; readonly minor: bigint }[],
  nets: Nets,
  currency: string,
): Check {
  const after = plus(nets, transfers.flatMap(paymentEffect));
  const left = entriesOf(after).filter((entry) => entry.currency === currency && entry.minor !== 0n);
  return { name, problems: left.map(({ name: who, minor }) => `${who} would be left with ${formatAmount(minor, currency)} ${currency}`) };
}

/** A state is what it should be. */
export function checkState(name: string, actual: string | undefined, expected: string): Check {
  return { name, problems: actual === expected ? [] : [`it is ${actual ?? 'not there'} and should be ${expected}`] };
}

/** What each transfer's payments add up to is its amount: nothing is paid twice, and nothing is missing. */
export function checkTransfers(legs: readonly Leg[]): Check {
  const problems = legs.flatMap(({ transfer, from, to }) => {
    const paid = transfer.payments.reduce((sum, { money }) => sum + minorOf(money.amount), 0n);
    const due = minorOf(transfer.money.amount);
    const where = `the transfer of ${from.name} to ${to.name} (${transfer.id})`;
    if (transfer.state !== 'succeeded') return [`${where} is ${transfer.state}`];
    return paid === due && minorOf(transfer.paid) === due
      ? []
      : [`${where} is ${transfer.money.amount} and its payments are ${transfer.paid}`];
  });
  return { name: 'every transfer is paid exactly once', problems };
}

/** The gateway's journal has one charge for each card payment, of the same amount, and one refund; and nothing else. */
export function checkJournal(journal: readonly JournalEntry[], legs: readonly Leg[], refunded: Refunded): Check {
  const problems: string[] = [];
  const { currency } = refunded.leg.transfer.money;
  for (const { transfer, from, to } of legs) {
    const where = `${from.name} to ${to.name} (${transfer.id})`;
    const units = (amount: string): string => String(stripeAmount(minorOf(amount), currency)?.units ?? 'no amount of Stripe');
    const shown = transfer.payments.filter(({ method }) => method === 'stripe').map(({ money }) => units(money.amount));
    const charged = entriesFor(journal, transfer.id, 'charge').map(({ amount }) => String(amount));
    if (sorted(shown) !== sorted(charged))
      problems.push(
        `${where}: the API shows card payments of [${sorted(shown)}], the gateway charged [${sorted(charged)}] units of ${currency}`,
      );
    const back = transfer.id === refunded.leg.transfer.id ? [String(stripeAmount(refunded.minor, currency)?.units ?? '')] : [];
    for (const effect of ['refund', 'reversal'] as const) {
      const given = entriesFor(journal, transfer.id, effect).map(({ amount }) => String(amount));
      if (sorted(given) !== sorted(back))
        problems.push(`${where}: the gateway's ${effect}s are [${sorted(given)}] and should be [${sorted(back)}]`);
    }
  }
  const intents = Map.groupBy(
    journal.filter(({ effect }) => effect === 'charge'),
    ({ paymentIntent }) => paymentIntent,
  );
  for (const [intent, charges] of intents) if (charges.length > 1) problems.push(`the gateway charged ${intent} ${charges.length} times`);
  const foreign = journal.filter((entry) => entry.currency.toUpperCase() !== currency);
  if (foreign.length > 0) problems.push(`the gateway moved ${foreign[0]?.currency.toUpperCase() ?? ''} for transfers in ${currency}`);
  return { name: "the gateway's journal agrees", problems };
}

/** In the settled currency nobody has anything left, but for the refund. */
export function checkZero(nets: Nets, currency: string, refunded: Refunded): Check {
  const { from, to } = refunded.leg;
  const withoutRefund = plus(nets, paymentEffect({ from: from.name, to: to.name, currency, minor: refunded.minor }));
  const left = entriesOf(withoutRefund).filter((entry) => entry.currency === currency && entry.minor !== 0n);
  return {
    name: `nobody owes anything in ${currency} but what was refunded`,
    problems: left.map(({ name }) => `${name} has ${formatAmount(netOf(nets, name, currency), currency)} ${currency}`),
  };
}

function entriesFor(journal: readonly JournalEntry[], transferId: string, effect: JournalEntry['effect']): JournalEntry[] {
  return journal.filter((entry) => entry.effect === effect && entry.metadata['transfer'] === transferId);
}

function sorted(values: readonly string[]): string {
  return [...values].sort().join(', ');
}
