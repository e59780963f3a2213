import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkCadence, nextReminder, type Cadence, type ReminderInput } from './reminder.ts';

// Goal: reminders come on the right local day and hour. Zones are offset functions; Berlin's is written out for 2026.

const cadence: Cadence = { firstAfterDays: 3, everyDays: 7, max: 4, escalate: ['inApp', 'email', 'push'] };
const utc = (): number => 0;
const berlin = (epochMs: number): number =>
  epochMs >= Date.parse('2026-03-29T01:00:00Z') && epochMs < Date.parse('2026-10-25T01:00:00Z') ? 120 : 60;

function at(input: Partial<ReminderInput>): string {
  const next = nextReminder({ cadence, sent: 0, debtSinceIso: '2026-01-10T12:00:00Z', offsetMinutesAt: utc, ...input });
  return next === 'exhausted' ? next : `${new Date(next.atMs).toISOString().slice(0, 16)} ${next.channel}`;
}

describe('nextReminder', () => {
  it('first after the debt began, then from the last one, the channel escalates and repeats, then exhausted', () => {
    assert.equal(at({}), '2026-01-13T12:00 inApp');
    assert.equal(at({ sent: 1, lastSentIso: '2026-01-13T12:00:00Z' }), '2026-01-20T12:00 email');
    assert.equal(at({ sent: 2, lastSentIso: '2026-01-20T12:00:00Z' }), '2026-01-27T12:00 push');
    assert.equal(at({ sent: 3, lastSentIso: '2026-01-27T12:00:00Z' }), '2026-02-03T12:00 push');
    assert.equal(at({ sent: 4, lastSentIso: '2026-02-03T12:00:00Z' }), 'exhausted');
    assert.equal(at({ cadence: { ...cadence, firstAfterDays: 0 } }), '2026-01-10T12:00 inApp');
  });

  it('clocks go forward or back, the same time of day', () => {
    const inBerlin = { sent: 1, offsetMinutesAt: berlin };
    assert.equal(at({ ...inBerlin, lastSentIso: '2026-03-25T09:00:00Z' }), '2026-04-01T08:00 email');
    assert.equal(at({ ...inBerlin, lastSentIso: '2026-10-20T08:00:00Z' }), '2026-10-27T09:00 email');
  });

  it('a local time that the clocks skip, the hour after; one that comes twice, the first', () => {
    const inBerlin = { sent: 1, offsetMinutesAt: berlin };
    assert.equal(at({ ...inBerlin, lastSentIso: '2026-03-22T01:30:00Z' }), '2026-03-29T01:30 email');
    assert.equal(at({ ...inBerlin, lastSentIso: '2026-10-18T00:30:00Z' }), '2026-10-25T00:30 email');
  });

  it('quiet hours over midnight, within a day, and none', () => {
    const night = { from: '22:00', to: '08:00' };
    assert.equal(at({ quietHours: night, debtSinceIso: '2026-01-10T22:00:00Z' }), '2026-01-14T08:00 inApp');
    assert.equal(at({ quietHours: night, debtSinceIso: '2026-01-10T21:59:00Z' }), '2026-01-13T21:59 inApp');
    assert.equal(at({ quietHours: night, debtSinceIso: '2026-01-10T07:59:00Z' }), '2026-01-13T08:00 inApp');
    assert.equal(at({ quietHours: night, debtSinceIso: '2026-01-10T08:00:00Z' }), '2026-01-13T08:00 inApp');
    assert.equal(at({ quietHours: { from: '12:00', to: '14:30' } }), '2026-01-13T14:30 inApp');
    assert.equal(at({ quietHours: { from: '12:00', to: '12:00' } }), '2026-01-13T12:00 inApp');
    assert.equal(at({ quietHours: night, debtSinceIso: '2026-01-10T21:30:00Z', offsetMinutesAt: berlin }), '2026-01-14T07:00 inApp');
  });

  it('overdue, not before now, still outside quiet hours', () => {
    assert.equal(at({ notBeforeMs: Date.parse('2026-02-01T23:00:00Z') }), '2026-02-01T23:00 inApp');
    assert.equal(
      at({ notBeforeMs: Date.parse('2026-02-01T23:00:00Z'), quietHours: { from: '22:00', to: '08:00' } }),
      '2026-02-02T08:00 inApp',
    );
  });

  it('on the very day when the clocks change, before and after the hour', () => {
    const inBerlin = { sent: 1, offsetMinutesAt: berlin };
    assert.equal(at({ ...inBerlin, lastSentIso: '2026-03-22T09:00:00Z' }), '2026-03-29T08:00 email');
    assert.equal(at({ ...inBerlin, lastSentIso: '2026-03-21T23:30:00Z' }), '2026-03-28T23:30 email');
    assert.equal(at({ ...inBerlin, lastSentIso: '2026-10-18T08:00:00Z' }), '2026-10-25T09:00 email');
    assert.equal(at({ ...inBerlin, lastSentIso: '2026-10-17T22:30:00Z' }), '2026-10-24T22:30 email');
  });

  it('an interval of no days, still a day apart', () => {
    const hourly = { ...cadence, everyDays: 0 };
    assert.equal(at({ cadence: hourly, sent: 1, lastSentIso: '2026-01-13T12:00:00Z' }), '2026-01-14T12:00 email');
  });

  it('any cadence, hour and quiet hours: never in quiet hours, never twice on a local day, never early', () => {
    const minute = fc.integer({ min: 0, max: 1439 });
    const time = (of: number): string => `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`;
    const start = fc.integer({ min: Date.parse('2026-01-01') / 60_000, max: Date.parse('2026-12-20') / 60_000 });
    fc.assert(
      fc.property(
        start,
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        minute,
        minute,
        (since, firstAfterDays, everyDays, from, to) => {
          // Around the change of clocks an end of quiet hours can be ambiguous or missing; it has tests of its own.
          fc.pre(!(from < 180 && to > 120) && !(to <= 180 && to >= 120) && !(from <= 180 && from >= 120));
          const [debtSinceIso, quietHours] = [new Date(since * 60_000).toISOString(), { from: time(from), to: time(to) }];
          let last: number | undefined;
          for (let sent = 0; sent < 4; sent += 1) {
            const lastSentIso = last === undefined ? undefined : new Date(last).toISOString();
            const next = nextReminder({
              cadence: { ...cadence, firstAfterDays, everyDays },
              sent,
              debtSinceIso,
              lastSentIso,
              quietHours,
              offsetMinutesAt: berlin,
            });
            assert.ok(next !== 'exhausted');
            const local = new Date(next.atMs + berlin(next.atMs) * 60_000).toISOString();
            const clock = local.slice(11, 16);
            const quiet =
              from <= to ? clock >= quietHours.from && clock < quietHours.to : clock >= quietHours.from || clock < quietHours.to;
            assert.ok(!quiet, `${clock} in ${quietHours.from}-${quietHours.to}`);
            assert.ok(next.atMs >= since * 60_000);
            if (last !== undefined) assert.ok(local.slice(0, 10) > new Date(last + berlin(last) * 60_000).toISOString().slice(0, 10));
            last = next.atMs;
          }
        },
      ),
    );
  });
});

describe('checkCadence', () => {
  it('each field at its limits', () => {
    const fits = (change: Partial<Cadence>): boolean => checkCadence({ ...cadence, ...change }).ok;
    assert.deepEqual(
      [-1, 0, 365, 366, 1.5].map((firstAfterDays) => fits({ firstAfterDays })),
      [false, true, true, false, false],
    );
    assert.deepEqual(
      [0, 1, 365, 366].map((everyDays) => fits({ everyDays })),
      [false, true, true, false],
    );
    assert.deepEqual(
      [0, 1, 100, 101].map((max) => fits({ max })),
      [false, true, true, false],
    );
    assert.deepEqual([fits({ escalate: [] }), fits({ escalate: ['sms'] })], [false, true]);
  });
});
