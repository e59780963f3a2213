import { stripeAmount } from '../activities/payment/gateways/stripe-amounts.ts';
import { currencyDigits } from '../domain/currency.ts';
import { formatAmount } from '../domain/money.ts';
import type { Ask, Person } from './cast.ts';
import { waitFor } from './waiting.ts';

/** Stripe's published test ids: one card that pays, one that is declined. */
const GOOD_CARD = 'pm_card_visa';
const DECLINED_CARD = 'pm_card_chargeDeclined';

/** A transfer as the API shows it, as far as the demo reads it. */
export interface Transfer {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly money: { readonly amount: string; readonly currency: string };
  readonly paid: string;
  readonly remaining: string;
  readonly state: string;
  readonly method: string;
  readonly failureCode?: string;
  readonly payments: readonly { readonly id: string; readonly money: { readonly amount: string }; readonly method: string }[];
  readonly workflowId: string;
}

/** A transfer with the two who it is about. */
export interface Leg {
  readonly transfer: Transfer;
  readonly from: Person;
  readonly to: Person;
}

/** States from which a transfer does not come back by itself. */
const STUCK = new Set(['failed', 'quarantined', 'disputed', 'cancelled']);

/** Minor units of an amount that the API wrote with all digits. */
export function minorOf(amount: string): bigint {
  return BigInt(amount.replace('.', ''));
}

/** The most of an amount that Stripe can carry: not every currency goes down to its last digit. Zero where it carries none. */
export function payableByStripe(minor: bigint, currency: string): bigint {
  for (let step = 1n; step <= 10n ** BigInt(currencyDigits(currency)); step *= 10n) {
    const rounded = minor - (minor % step);
    if (stripeAmount(rounded, currency) !== null) return rounded;
  }
  return 0n;
}

/** The receiver says that a manual payment has arrived. @returns the transfer once the ledger has it. */
export async function confirmByHand(transfer: Transfer, receiver: Person, ask: Ask): Promise<Transfer> {
  const paidBefore = minorOf(transfer.paid);
  await ask(receiver, 'POST', `/v1/transfers/${transfer.id}/confirm`);
  return settled(transfer.id, receiver, paidBefore, ask);
}

/** Pays a part, or all, in cash, and has the receiver confirm it. */
export async function payByHand({ transfer, from, to }: Leg, minor: bigint, ask: Ask): Promise<Transfer> {
  const { body } = await ask<Transfer>(from, 'POST', `/v1/transfers/${transfer.id}/pay`, {
    body: { method: 'manual', amount: formatAmount(minor, transfer.money.currency) },
  });
  return confirmByHand(body, to, ask);
}

/** Pays a part, or all, by a card that works. */
export async function payByCard({ transfer, from }: Leg, minor: bigint, ask: Ask): Promise<Transfer> {
  const { body } = await payWith(GOOD_CARD, transfer, from, minor, ask);
  return settled(transfer.id, from, minorOf(body.paid), ask);
}

/** Pays by a card that is declined. @returns the transfer as it is shown then: `failed`. */
export async function failByCard({ transfer, from }: Leg, minor: bigint, ask: Ask): Promise<Transfer> {
  await payWith(DECLINED_CARD, transfer, from, minor, ask);
  return waitFor(`the decline of transfer ${transfer.id}`, async () => {
    const { body } = await ask<Transfer>(from, 'GET', `/v1/transfers/${transfer.id}`);
    return body.state === 'failed' ? body : undefined;
  });
}

function payWith(paymentMethodId: string, transfer: Transfer, from: Person, minor: bigint, ask: Ask) {
  const body = { method: 'stripe', paymentMethodId, amount: formatAmount(minor, transfer.money.currency) };
  return ask<Transfer>(from, 'POST', `/v1/transfers/${transfer.id}/pay`, { body });
}

/** Waits until the ledger has what was just paid: the transfer is `succeeded`, or `planned` again with less remaining. */
function settled(transferId: string, reader: Person, paidBefore: bigint, ask: Ask): Promise<Transfer> {
  return waitFor(`the payment of transfer ${transferId}`, async () => {
    const { body } = await ask<Transfer>(reader, 'GET', `/v1/transfers/${transferId}`);
    if (STUCK.has(body.state)) throw new Error(`Transfer ${transferId} is ${body.state}: ${body.failureCode ?? 'no reason is given'}.`);
    const done = body.state === 'succeeded' || body.state === 'planned';
    return done && minorOf(body.paid) > paidBefore ? body : undefined;
  });
}
