import assert from 'node:assert/strict';
import { daysInMonth, isBusinessDate } from './business-date.ts';

describe('business date', () => {
  it('accepts the days that the calendar has', () => {
    for (const day of ['2026-11-20', '2024-02-29', '2000-02-29', '0001-01-01', '9999-12-31']) assert.equal(isBusinessDate(day), true, day);
  });

  it('refuses days that it has not, and other forms', () => {
    const wrong = [
      '2026-02-29',
      '1900-02-29',
      '2026-04-31',
      '2026-13-01',
      '2026-00-10',
      '2026-01-00',
      '0000-01-01',
      '2026-1-1',
      '20260101',
    ];
    for (const day of [...wrong, '2026-01-01T00:00:00Z', ' 2026-01-01', '', '2026-01-01\n']) assert.equal(isBusinessDate(day), false, day);
  });

  it('counts the days of each month', () => {
    const days = Array.from({ length: 12 }, (_, index) => daysInMonth(2026, index + 1));
    assert.deepEqual(days, [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]);
    assert.equal(daysInMonth(2100, 2), 28);
  });
});
