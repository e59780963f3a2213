import { currencyDigits } from '../domain/currency.ts';
import { formatAmount } from '../domain/money.ts';
import type { Ask, Cast, Person } from './cast.ts';
import { netOf, type Net, type Nets } from './oracle.ts';
import type { Progress } from './progress.ts';

interface Expense {
  readonly id: string;
  readonly state: string;
  readonly approvals: readonly { readonly memberId: string; readonly decision: string }[];
  readonly workflowId?: string;
}

/** What the act leaves behind. */
export interface Approved {
  /** What the approved expense does to the balances. */
  readonly effect: readonly Net[];
  readonly approvedState: string;
  readonly rejectedState: string;
  readonly workflowIds: readonly string[];
}

/** Above this, in units of the group's currency, the others have to agree: 500, or 50,000 where there is no minor unit. */
function limitOf(currency: string): bigint {
  const digits = currencyDigits(currency);
  return digits === 0 ? 50_000n : 500n * 10n ** BigInt(digits);
}

/**
 * Sets the policy that expenses above a limit need the others, then records two: one is approved by its voters, one rejected.
 *
 * The approved one is paid by whom the group owes the most, so there is something to settle after it in any ledger.
 */
export async function approveAndReject(cast: Cast, nets: Nets, ask: Ask, progress: Progress): Promise<Approved> {
  const { currency } = cast;
  const limit = limitOf(currency);
  const money = (minor: bigint): string => `${formatAmount(minor, currency)} ${currency}`;
  progress.step(`From now on, expenses above ${money(limit)} need the approval of those concerned`);
  await setPolicy(cast, limit, ask);

  const payer = richest(cast, nets);
  const heater = { title: 'Garden heater and patio roof', payer, minor: limit + limit / 4n + 7n };
  const approved = await propose(cast, heater, ask);
  const posted = await voteUntil(approved, 'approve', cast, ask);
  progress.note(`"${heater.title}", ${money(heater.minor)} by ${payer.name}: ${approved.state}, then ${posted.state}`);

  const tub = { title: 'Whirlpool', payer: cast.owner, minor: 3n * limit };
  const doubtful = await propose(cast, tub, ask);
  const rejected = await voteUntil(doubtful, 'reject', cast, ask);
  progress.note(`"${tub.title}", ${money(tub.minor)} by ${tub.payer.name}: ${doubtful.state}, then ${rejected.state}`);

  return {
    effect: [
      { name: payer.name, currency, minor: heater.minor },
      ...equally(cast.people, heater.minor).map(({ person, minor }) => ({ name: person.name, currency, minor: -minor })),
    ],
    approvedState: posted.state,
    rejectedState: rejected.state,
    workflowIds: [approved, doubtful].flatMap(({ workflowId }) => workflowId ?? []),
  };
}

/** A change of the members since we looked makes the version stale; then we look again. */
async function setPolicy({ groupId, currency, owner }: Cast, limit: bigint, ask: Ask): Promise<void> {
  const { headers } = await ask(owner, 'GET', `/v1/groups/${groupId}`);
  const above = { amount: formatAmount(limit, currency), currency };
  const body = { policy: { approval: { mode: 'above', above }, refundApproval: 'receiver' } };
  await ask(owner, 'PATCH', `/v1/groups/${groupId}`, { body, ifMatch: headers.get('etag') });
}

function richest({ people, currency }: Cast, nets: Nets): Person {
  const [first, ...rest] = people.filter(({ account }) => account !== null);
  if (first === undefined) throw new Error('Nobody in the ledger has an account.');
  return rest.reduce((best, person) => (netOf(nets, person.name, currency) > netOf(nets, best.name, currency) ? person : best), first);
}

interface Proposal {
  readonly title: string;
  readonly payer: Person;
  readonly minor: bigint;
}

async function propose({ groupId, currency, people }: Cast, { title, payer, minor }: Proposal, ask: Ask): Promise<Expense> {
  const parts = equally(people, minor).map((part) => ({ memberId: part.person.memberId, amount: formatAmount(part.minor, currency) }));
  const amount = formatAmount(minor, currency);
  const { body } = await ask<Expense>(payer, 'POST', `/v1/groups/${groupId}/expenses`, {
    body: {
      description: title,
      total: { amount, currency },
      date: new Date().toISOString().slice(0, 10),
      payers: [{ memberId: payer.memberId, amount }],
      split: { method: 'exact', parts },
    },
  });
  return body;
}

/** Everybody who is waited for votes, until the expense waits no longer. */
async function voteUntil(expense: Expense, verb: 'approve' | 'reject', cast: Cast, ask: Ask): Promise<Expense> {
  let current = expense;
  for (const { memberId, decision } of expense.approvals) {
    if (decision !== 'waiting' || current.state !== 'pending') continue;
    const { body } = await ask<Expense>(cast.byMember(memberId), 'POST', `/v1/expenses/${expense.id}/${verb}`);
    current = body;
  }
  return current;
}

/** Cents that do not divide go to the first ones. */
function equally(people: readonly Person[], minor: bigint): { person: Person; minor: bigint }[] {
  const count = BigInt(people.length);
  const shares = people.map((person, index) => ({ person, minor: minor / count + (BigInt(index) < minor % count ? 1n : 0n) }));
  return shares.filter((share) => share.minor > 0n);
}
