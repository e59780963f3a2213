import { type Leg, minorOf, payableByStripe } from './paying.ts';

/** A way to pay a part of a transfer: by card, by a card that is declined and then by one that is not, or in cash. */
export interface Part {
  readonly how: 'card' | 'declined card, then card' | 'cash';
  /** Minor units, above zero. */
  readonly minor: bigint;
}

/** A transfer, and in which parts it is paid. */
export interface Work {
  readonly leg: Leg;
  readonly parts: readonly Part[];
}

/** What has to be seen, one transfer each where there are enough. */
const WAYS = ['card', 'declined card, then card', 'cash'] as const;

/**
 * Decides how each transfer of a plan is paid: one by card, one by a card that is declined at first, the others in cash. Where
 * fewer than three transfers can be used for that, all of it is played on the largest, in three parts.
 *
 * @throws Error where no transfer can be paid by card.
 */
export function assignParts(legs: readonly Leg[]): Work[] {
  const bySize = [...legs].sort((a, b) => Number(amountOf(b) - amountOf(a)));
  const payable = bySize.filter((leg) => leg.to.account !== null && cardAmount(leg) > 0n);
  // A card is used by its holder where there is a choice, and not by the owner for a child.
  const byCard = [...payable.filter(({ from }) => from.account !== null), ...payable.filter(({ from }) => from.account === null)];
  const [first, second] = byCard;
  if (first === undefined) throw new Error('No transfer of the plan can be paid by card, so the demo cannot show it.');
  const apart = second !== undefined && legs.length >= WAYS.length;
  return bySize.map((leg) => {
    if (!apart) return { leg, parts: leg === first ? threeParts(leg) : [cash(amountOf(leg))] };
    if (leg === first) return { leg, parts: withRest(leg, 'card') };
    if (leg === second) return { leg, parts: withRest(leg, 'declined card, then card') };
    return { leg, parts: [cash(amountOf(leg))] };
  });
}

/** A third each; what the card cannot carry of its thirds is added to the cash. */
function threeParts(leg: Leg): Part[] {
  const { currency } = leg.transfer.money;
  const all = amountOf(leg);
  const third = payableByStripe(all / 3n, currency);
  if (third === 0n) throw new Error('The only transfer that can be paid by card is too small to be paid in three parts.');
  return [{ how: 'card', minor: third }, cash(all - 2n * third), { how: 'declined card, then card', minor: third }];
}

/** All by card, but for what the card cannot carry, such as the last digit of a dinar. */
function withRest(leg: Leg, how: Part['how']): Part[] {
  const byCard = cardAmount(leg);
  const rest = amountOf(leg) - byCard;
  return [{ how, minor: byCard }, ...(rest === 0n ? [] : [cash(rest)])];
}

function cash(minor: bigint): Part {
  return { how: 'cash', minor };
}

function cardAmount(leg: Leg): bigint {
  return payableByStripe(amountOf(leg), leg.transfer.money.currency);
}

function amountOf({ transfer }: Leg): bigint {
  return minorOf(transfer.money.amount);
}
