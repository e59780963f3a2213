import { formatAmount } from '../domain/money.ts';
import type { Ask, Cast, Person } from './cast.ts';
import { netOf, type Net, type Nets, paymentEffect, plus } from './oracle.ts';
import { confirmByHand, type Transfer } from './paying.ts';
import type { Progress } from './progress.ts';
import { waitFor } from './waiting.ts';

interface Reminder {
  readonly id: string;
  readonly state: string;
  readonly sent: number;
  readonly workflowId: string;
}

/** A debtor who is reminded from now on. */
export interface Reminded {
  readonly debtor: Person;
  readonly reminderId: string;
  readonly workflowId: string;
  /** What had to be paid before, so that the debt in the group's currency is the only one. */
  readonly effect: readonly Net[];
}

/**
 * Begins to remind somebody of their debt in the group's currency.
 *
 * A reminder ends when all debts in the group are gone. So a debtor is taken who owes in no other currency; where there is none,
 * the chosen one first pays the others in cash.
 */
export async function startReminder(
  cast: Cast,
  nets: Nets,
  currencies: readonly string[],
  ask: Ask,
  progress: Progress,
): Promise<Reminded> {
  const debtors = cast.people.filter(({ name, account }) => account !== null && netOf(nets, name, cast.currency) < 0n);
  const others = currencies.filter((currency) => currency !== cast.currency);
  const owesElsewhere = (person: Person): boolean => others.some((currency) => netOf(nets, person.name, currency) < 0n);
  const debtor = debtors.find((person) => !owesElsewhere(person)) ?? debtors[0];
  if (debtor === undefined) throw new Error('Nobody with an account owes anything in the currency of the group.');

  const effect: Net[] = [];
  for (const currency of others) effect.push(...(await payOff(debtor, currency, plus(nets, effect), cast, ask, progress)));

  const creator = cast.people.find((person) => person.account !== null && person !== debtor) ?? cast.owner;
  const { body } = await ask<Reminder>(creator, 'POST', `/v1/groups/${cast.groupId}/reminders`, {
    body: { memberId: debtor.memberId, cadence: { firstAfterDays: 3, everyDays: 7, max: 5, escalate: ['inApp', 'email'] } },
  });
  progress.step(`${creator.name} has ${debtor.name} reminded: first in 3 days, then weekly, until the debt is gone`);
  return { debtor, reminderId: body.id, workflowId: body.workflowId, effect };
}

/** Waits until a reminder has ended by itself. @returns its last state. */
export async function awaitReminderEnd({ debtor, reminderId }: Reminded, ask: Ask, progress: Progress): Promise<string> {
  const ended = await waitFor(`the end of the reminder to ${debtor.name}`, async () => {
    const { body } = await ask<Reminder>(debtor, 'GET', `/v1/reminders/${reminderId}`);
    return body.state === 'active' ? undefined : body;
  });
  progress.note(`the reminder to ${debtor.name} is ${ended.state}, with ${ended.sent} sent`);
  return ended.state;
}

async function payOff(debtor: Person, currency: string, nets: Nets, cast: Cast, ask: Ask, progress: Progress): Promise<Net[]> {
  const effect: Net[] = [];
  let left = -netOf(nets, debtor.name, currency);
  for (const creditor of cast.people) {
    const owed = netOf(nets, creditor.name, currency);
    const minor = owed < left ? owed : left;
    if (minor <= 0n) continue;
    const money = { amount: formatAmount(minor, currency), currency };
    const body = { from: debtor.memberId, to: creditor.memberId, money, method: 'manual' };
    const { body: transfer } = await ask<Transfer>(debtor, 'POST', `/v1/groups/${cast.groupId}/payments`, { body });
    await confirmByHand(transfer, creditor, ask);
    progress.note(`${debtor.name} pays ${creditor.name} ${money.amount} ${currency} in cash`);
    effect.push(...paymentEffect({ from: debtor.name, to: creditor.name, currency, minor }));
    left -= minor;
  }
  return effect;
}
