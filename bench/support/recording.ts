import { inParallel } from './measurement.ts';
import type { Stand } from './stand.ts';
import type { BenchGroup } from './world.ts';

/** As many as one bulk request takes. */
const BULK = 500;
const BULKS_AT_ONCE = 2;

/** Records so many expenses in a group through the API's bulk command. @param fieldsOf what the one with this number has besides payer, total and split. */
export async function recordMany(
  stand: Stand,
  { groupId, token, memberIds }: BenchGroup,
  count: number,
  progress: (text: string) => void,
  fieldsOf: (index: number) => Readonly<Record<string, unknown>> = () => ({}),
): Promise<void> {
  const sizes = Array.from({ length: Math.ceil(count / BULK) }, (_, index) => Math.min(BULK, count - index * BULK));
  let done = 0;
  await inParallel(sizes, BULKS_AT_ONCE, async (size, bulk) => {
    const expenses = Array.from({ length: size }, (_, index) => {
      const amount = `${1 + ((bulk * BULK + index) % 200)}.${String((index * 7) % 100).padStart(2, '0')}`;
      return {
        description: 'Dinner',
        total: { amount, currency: 'EUR' },
        date: '2026-11-20',
        payers: [{ memberId: memberIds[(bulk + index) % memberIds.length], amount }],
        split: { method: 'equal', among: memberIds },
        ...fieldsOf(bulk * BULK + index),
      };
    });
    await stand.call({ method: 'POST', path: `/v1/groups/${groupId}/expenses/bulk`, token, body: { expenses } });
    done += size;
    progress(`recording: ${done} of ${count} expenses`);
  });
}

const THINGS = ['Dinner', 'Lunch', 'Hotel', 'Taxi', 'Train', 'Museum', 'Groceries', 'Concert', 'Petrol', 'Coffee'];
const CATEGORIES = [
  'food.restaurants',
  'food',
  'travel.lodging',
  'transport.taxi',
  'transport.train',
  'entertainment.events',
  'food.groceries',
];

/**
 * Fields as those of a group over ten years: a word that all have, some that every tenth has, one that one of a thousand has, and a
 * word of its own for each.
 */
export function tenYears(index: number, count: number): Record<string, unknown> {
  const day = new Date(Date.UTC(2016, 10, 20) + Math.floor((index * 3_650) / count) * 86_400_000).toISOString().slice(0, 10);
  return {
    description: `${THINGS[index % THINGS.length]} at café n${index}${index % 1_000 === 500 ? ' with fondue' : ''}`,
    date: day,
    category: CATEGORIES[index % CATEGORIES.length],
    notes: 'Shared by all of us',
    tags: index % 3 === 0 ? ['trip'] : [],
  };
}
