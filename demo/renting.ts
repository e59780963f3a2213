import { daysInMonth } from '../domain/business-date.ts';
import { formatAmount } from '../domain/money.ts';
import type { Ask, Person } from './cast.ts';
import type { Check } from './checks.ts';
import type { Progress } from './progress.ts';
import { waitFor } from './waiting.ts';

/** The rent is first due that many months ago, or one more, so that some slots have passed already. */
const MONTHS_BACK = 3;
/** The last day of every month: the 31st where there is one. */
const DAY = 31;
const TITLE = 'Rent for the month to come';
/** Slots of the preview that are shown; the API gives twelve. */
const SHOWN = 6;

/** A slot that became an expense. */
export interface RentSlot {
  readonly date: string;
  readonly expenseId: string;
}

/** A rent that was recorded by itself for a while, and has ended. */
export interface Rent {
  readonly id: string;
  readonly workflowId: string;
  readonly amount: string;
  readonly currency: string;
  readonly start: string;
  readonly state: string;
  /** In the order of their days. */
  readonly recorded: readonly RentSlot[];
  /** The days that would have been next. */
  readonly next: readonly string[];
}

/** What a rent is made of; the parts in minor units, by member ids, the payer's own among them. */
export interface RentOrder {
  readonly groupId: string;
  readonly timeZone: string;
  readonly currency: string;
  readonly payer: Person;
  readonly parts: ReadonlyMap<string, bigint>;
}

interface Rule {
  readonly id: string;
  readonly state: 'active' | 'paused' | 'ended';
  readonly recorded: number;
  readonly problem: string | null;
  readonly workflowId: string;
}

/** Makes a monthly rent that began some months ago, waits until what is due is recorded, looks at the next days, and ends it. */
export async function rentForAWhile(order: RentOrder, ask: Ask, progress: Progress): Promise<Rent> {
  const { groupId, timeZone, currency, payer, parts } = order;
  const start = startOf(todayIn(timeZone));
  const amount = formatAmount(
    [...parts.values()].reduce((sum, minor) => sum + minor, 0n),
    currency,
  );
  progress.step(`${payer.name} pays the rent, ${amount} ${currency} on the last day of each month since ${start}`);
  const expense = {
    description: TITLE,
    total: { amount, currency },
    payers: [{ memberId: payer.memberId, amount }],
    split: { method: 'exact', parts: [...parts].map(([memberId, minor]) => ({ memberId, amount: formatAmount(minor, currency) })) },
    category: 'home.rent',
  };
  const { body: made } = await ask<Rule>(payer, 'POST', `/v1/groups/${groupId}/recurring`, {
    body: { expense, every: { n: 1, unit: 'month' }, start },
  });
  await waitFor('the rents that are due', async () => {
    const { body: rule } = await ask<Rule>(payer, 'GET', `/v1/recurring/${made.id}`);
    if (rule.state !== 'active') throw new Error(`The recurring rent is ${rule.state}: ${rule.problem ?? 'no reason is given'}.`);
    return rule.recorded >= slotsUntil(start, todayIn(timeZone)).length ? rule : undefined;
  });
  const { body: preview } = await ask<{ data: { date: string }[] }>(payer, 'GET', `/v1/recurring/${made.id}/preview`);
  await ask(payer, 'DELETE', `/v1/recurring/${made.id}`, { ifMatch: '*' });
  const { body: ended } = await ask<Rule>(payer, 'GET', `/v1/recurring/${made.id}`);
  const recorded = await recordedIn(groupId, payer, ask);
  const next = preview.data.slice(0, SHOWN).map(({ date }) => date);
  progress.note(`recorded for ${recorded.map(({ date }) => date).join(', ')}; next would be ${next[0] ?? 'never'}; ${ended.state} now`);
  return { id: made.id, workflowId: made.workflowId, amount, currency, start, state: ended.state, recorded, next };
}

/** One expense for each slot until today, none twice, and the next ones follow without a gap. */
export function checkRent({ start, state, recorded, next }: Rent): Check {
  const [first = ''] = next;
  const all = [...recorded.map(({ date }) => date), ...next].join(', ');
  const expected = [...slots(start, recorded.length + next.length)].join(', ');
  return {
    name: 'the rent is recorded once for each month, and has ended',
    problems: [
      ...(all === expected ? [] : [`its days are ${all} and should be ${expected}`]),
      ...(recorded.length >= MONTHS_BACK && first !== '' ? [] : [`${recorded.length} are recorded, and ${next.length} are to come`]),
      ...(state === 'ended' ? [] : [`it is ${state} and should be ended`]),
    ],
  };
}

async function recordedIn(groupId: string, who: Person, ask: Ask): Promise<RentSlot[]> {
  const { body } = await ask<{ data: { id: string; date: string; description: string }[] }>(
    who,
    'GET',
    `/v1/groups/${groupId}/expenses?limit=100`,
  );
  return body.data
    .filter(({ description }) => description === TITLE)
    .map(({ id, date }) => ({ date, expenseId: id }))
    .sort((a, b) => a.date.localeCompare(b.date));
}

/** The 31st of a month that has one. Of two months that follow each other, one does. */
export function startOf(today: string): string {
  for (let back = MONTHS_BACK; ; back += 1) {
    const start = slot(`${today.slice(0, 8)}01`, -back);
    if (start.endsWith(String(DAY))) return start;
  }
}

/** The days of a monthly rent up to a day, that day too. */
export function slotsUntil(start: string, day: string): string[] {
  const until: string[] = [];
  for (let date = start; date <= day; date = slot(start, until.length)) until.push(date);
  return until;
}

function slots(start: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => slot(start, index));
}

/** The last day of the month that is so many months after another one's. */
function slot(start: string, months: number): string {
  const count = Number(start.slice(0, 4)) * 12 + Number(start.slice(5, 7)) - 1 + months;
  const [year, month] = [Math.floor(count / 12), (count % 12) + 1];
  return [String(year).padStart(4, '0'), String(month).padStart(2, '0'), String(daysInMonth(year, month))].join('-');
}

function todayIn(timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone }).format(new Date());
}
