// Goal: slots never drift, never double, and end when they should. Method: known calendars, and luxon as an independent oracle.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { addDays, checkSchedule, COUNT_MAX, EVERY_MAX, nextSlot, nextSlots, RECURRENCE_UNITS, type Schedule } from './recurrence.ts';

const none = { after: null, used: 0, skipped: new Set<string>() };
const slotsOf = (schedule: Schedule, limit: number): string[] => nextSlots(schedule, none, limit);

describe('recurrence', () => {
  it('monthly from 31 January, each month has its last day or the 31st, and never drifts', () => {
    assert.deepEqual(slotsOf({ every: { n: 1, unit: 'month' }, start: '2026-01-31' }, 14), [
      '2026-01-31',
      '2026-02-28',
      '2026-03-31',
      '2026-04-30',
      '2026-05-31',
      '2026-06-30',
      '2026-07-31',
      '2026-08-31',
      '2026-09-30',
      '2026-10-31',
      '2026-11-30',
      '2026-12-31',
      '2027-01-31',
      '2027-02-28',
    ]);
  });

  it('yearly from 29 February, is on the 28th in common years and on the 29th in leap years', () => {
    assert.deepEqual(slotsOf({ every: { n: 1, unit: 'year' }, start: '2024-02-29' }, 5), [
      '2024-02-29',
      '2025-02-28',
      '2026-02-28',
      '2027-02-28',
      '2028-02-29',
    ]);
  });

  it('any schedule, its slots are those of a calendar', () => {
    const schedule = fc.record({
      every: fc.record({ n: fc.integer({ min: 1, max: EVERY_MAX }), unit: fc.constantFrom(...RECURRENCE_UNITS) }),
      start: fc.integer({ min: 0, max: 30_000 }).map((days) => addDays('1990-01-01', days)),
    });
    fc.assert(
      fc.property(schedule, ({ every, start }) => {
        const anchor = DateTime.fromISO(start, { zone: 'utc' });
        const expected = Array.from({ length: 20 }, (_, index) => anchor.plus({ [`${every.unit}s`]: every.n * index }).toISODate()!).filter(
          (day) => day.length === 10 && day <= '2100-12-31',
        );
        assert.deepEqual(slotsOf({ every, start }, 20), expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('asked after any day, gives the first slot of the whole list that lies behind it', () => {
    const units = fc.constantFrom(...RECURRENCE_UNITS);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), units, fc.integer({ min: -40, max: 3_000 }), (n, unit, days) => {
        const schedule: Schedule = { every: { n, unit }, start: '2024-01-31' };
        const after = addDays('2024-01-31', days);
        const listed = slotsOf(schedule, 3_100).find((slot) => slot > after);
        assert.notEqual(listed, undefined);
        assert.equal(nextSlot(schedule, after, 0), listed);
      }),
      { numRuns: 300 },
    );
  });

  it('end by date, its day is the last one that counts', () => {
    const every = { n: 1, unit: 'week' } as const;
    const ends = (date: string): string[] => slotsOf({ every, start: '2026-01-01', end: { date } }, 9);
    assert.deepEqual(ends('2026-01-15'), ['2026-01-01', '2026-01-08', '2026-01-15']);
    assert.deepEqual(ends('2026-01-14'), ['2026-01-01', '2026-01-08']);
    assert.deepEqual(ends('2026-01-01'), ['2026-01-01']);
  });

  it('end by count, skipped slots count and are not given', () => {
    const schedule: Schedule = { every: { n: 3, unit: 'day' }, start: '2026-01-01', end: { count: 4 } };
    assert.deepEqual(slotsOf(schedule, 9), ['2026-01-01', '2026-01-04', '2026-01-07', '2026-01-10']);
    assert.deepEqual(nextSlots(schedule, { ...none, skipped: new Set(['2026-01-07']) }, 9), ['2026-01-01', '2026-01-04', '2026-01-10']);
    assert.equal(nextSlot(schedule, '2026-01-07', 4), null);
  });

  it('nothing is given beyond the year 2100', () => {
    assert.equal(nextSlot({ every: { n: 1, unit: 'day' }, start: '2100-12-31' }, '2100-12-31', 1), null);
  });

  it('schedule, at and beyond its limits, is taken and refused with the field', () => {
    const good: Schedule = { every: { n: 1, unit: 'month' }, start: '2026-01-31' };
    const pointerOf = (change: Partial<Schedule>): string | null | undefined => {
      const checked = checkSchedule({ ...good, ...change });
      return checked.ok ? null : checked.refusal.pointer;
    };
    for (const n of [1, EVERY_MAX]) assert.equal(pointerOf({ every: { n, unit: 'day' } }), null);
    for (const n of [0, EVERY_MAX + 1, 1.5]) assert.equal(pointerOf({ every: { n, unit: 'day' } }), '/every/n');
    for (const count of [1, COUNT_MAX]) assert.equal(pointerOf({ end: { count } }), null);
    for (const count of [0, COUNT_MAX + 1]) assert.equal(pointerOf({ end: { count } }), '/end/count');
    assert.equal(pointerOf({ end: { date: '2026-01-31' } }), null);
    assert.equal(pointerOf({ end: { date: '2026-01-30' } }), '/end/date');
    assert.equal(pointerOf({ start: '2101-01-01' }), '/start');
    assert.equal(pointerOf({ start: '2026-02-30' }), '/start');
  });
});
