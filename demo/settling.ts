import { formatAmount } from '../domain/money.ts';
import type { Ask, Cast, Person } from './cast.ts';
import type { Client } from './client.ts';
import { assignParts, type Part } from './parts.ts';
import { failByCard, type Leg, minorOf, payByCard, payByHand, type Transfer } from './paying.ts';
import type { Progress } from './progress.ts';
import { finishOnboarding } from './sandbox.ts';
import { waitFor } from './waiting.ts';

interface Settlement {
  readonly id: string;
  readonly state: string;
  readonly transfers: readonly Transfer[];
  readonly workflowId: string;
}

/** A settlement that has ended. */
export interface Settled {
  readonly state: string;
  readonly legs: readonly Leg[];
  readonly workflowId: string;
  /** The transfer that was shown as failed, with the gateway's reason. */
  readonly failed: { readonly transferId: string; readonly state: string; readonly failureCode: string } | null;
}

/** Settles what is owed in the group's currency, and pays it in several ways, until nothing is left. */
export async function settle(cast: Cast, ask: Ask, sandbox: Client, progress: Progress): Promise<Settled> {
  const { groupId, currency, owner } = cast;
  progress.step(`Settling ${currency}`);
  const { body: opened } = await ask<Settlement>(owner, 'POST', `/v1/groups/${groupId}/settlements`, {
    body: { currency, strategy: 'minimal' },
  });
  const planned = await waitFor('the plan of the settlement', async () => {
    const { body } = await ask<Settlement>(owner, 'GET', `/v1/settlements/${opened.id}`);
    return body.state === 'planning' ? undefined : body;
  });
  const legs = planned.transfers.map((transfer) => ({ transfer, from: cast.byMember(transfer.from), to: cast.byMember(transfer.to) }));
  const work = assignParts(legs);
  await onboard(
    work.flatMap(({ leg, parts }) => (parts.some(({ how }) => how !== 'cash') ? [leg.to] : [])),
    ask,
    sandbox,
    progress,
  );

  let failed: Settled['failed'] = null;
  for (const { leg, parts } of work) {
    for (const part of parts) failed = (await pay(leg, part, ask, progress)) ?? failed;
  }
  const ended = await waitFor('the end of the settlement', async () => {
    const { body } = await ask<Settlement>(owner, 'GET', `/v1/settlements/${opened.id}`);
    return body.state === 'collecting' ? undefined : body;
  });
  progress.note(`the settlement is ${ended.state}`);
  const now = new Map(ended.transfers.map((transfer) => [transfer.id, transfer]));
  return {
    state: ended.state,
    legs: legs.map((leg) => ({ ...leg, transfer: now.get(leg.transfer.id) ?? leg.transfer })),
    workflowId: opened.workflowId,
    failed,
  };
}

/** Receivers tell Stripe once where their money shall go. */
async function onboard(receivers: readonly Person[], ask: Ask, sandbox: Client, progress: Progress): Promise<void> {
  for (const person of new Set(receivers)) {
    const { body } = await ask<{ url: string | null; state: string }>(person, 'POST', '/v1/me/payout-account');
    if (body.url !== null) await finishOnboarding(sandbox, body.url);
    await waitFor(`the payout account of ${person.name}`, async () => {
      const { body: account } = await ask<{ state: string }>(person, 'GET', '/v1/me/payout-account');
      return account.state === 'active' ? account : undefined;
    });
    progress.note(`${person.name} can receive card payments`);
  }
}

async function pay(leg: Leg, { how, minor }: Part, ask: Ask, progress: Progress): Promise<Settled['failed']> {
  const { transfer, from, to } = leg;
  const text = `${from.name} pays ${to.name} ${formatAmount(minor, transfer.money.currency)} ${transfer.money.currency}`;
  const actors = [from, to].filter(({ account }) => account === null).map(({ name }) => name);
  const forOthers = actors.length === 0 ? '' : ` (the owner acts for ${actors.join(' and ')})`;
  if (how === 'cash') {
    await payByHand(leg, minor, ask);
    progress.note(`${text} by hand, and ${to.name} confirms it${forOthers}`);
    return null;
  }
  if (how === 'card') {
    await payByCard(leg, minor, ask);
    progress.note(`${text} by card${forOthers}`);
    return null;
  }
  const declined = await failByCard(leg, minor, ask);
  progress.note(`${text} by card: ${declined.state}, ${declined.failureCode ?? ''}`);
  await payByCard(leg, minor, ask);
  progress.note(`${text} by another card`);
  return { transferId: transfer.id, state: declined.state, failureCode: declined.failureCode ?? '' };
}

/** A refund of a part of a payment. */
export interface Refund {
  readonly id: string;
  readonly paymentId: string;
  readonly money: { readonly amount: string; readonly currency: string };
  readonly state: string;
  readonly workflowId: string;
}

/** A refund, and whose payment it was. */
export interface Refunded {
  readonly refund: Refund;
  readonly leg: Leg;
  readonly minor: bigint;
}

/** The payer of the largest card payment asks for a part of it back, and the receiver agrees. */
export async function refundPart(legs: readonly Leg[], part: (minor: bigint) => bigint, ask: Ask, progress: Progress): Promise<Refunded> {
  const cards = legs.flatMap((leg) =>
    leg.transfer.payments.filter(({ method }) => method === 'stripe').map((payment) => ({ leg, payment })),
  );
  const [largest] = cards.sort((a, b) => Number(minorOf(b.payment.money.amount) - minorOf(a.payment.money.amount)));
  if (largest === undefined) throw new Error('No card payment is there to be refunded.');
  const { leg, payment } = largest;
  const minor = part(minorOf(payment.money.amount));
  const amount = formatAmount(minor, leg.transfer.money.currency);
  progress.step(`${leg.from.name} asks ${leg.to.name} for ${amount} of ${payment.money.amount} ${leg.transfer.money.currency} back`);
  const { body: asked } = await ask<Refund>(leg.from, 'POST', `/v1/payments/${payment.id}/refunds`, {
    body: { amount, reason: 'Paid too much: the bottle deposit came back.' },
  });
  if (asked.state === 'requested') await ask(leg.to, 'POST', `/v1/refunds/${asked.id}/approve`);
  const refund = await waitFor('the refund', async () => {
    const { body } = await ask<Refund>(leg.from, 'GET', `/v1/refunds/${asked.id}`);
    return body.state === 'succeeded' || body.state === 'failed' || body.state === 'rejected' ? body : undefined;
  });
  progress.note(`the refund was ${asked.state}, and is ${refund.state} with ${leg.to.name}'s approval`);
  return { refund, leg, minor };
}
