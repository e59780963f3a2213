// Goal: the skeleton does as much as the recorded workflow. Method: histories written by hand, one event a word.
import assert from 'node:assert/strict';
import { type HistoryEvent, workOf } from './history-work.ts';

const EVENTS: Record<string, HistoryEvent> = {
  other: {},
  scheduled: { activityTaskScheduledEventAttributes: {} },
  completed: { activityTaskCompletedEventAttributes: {} },
  timer: { timerStartedEventAttributes: {} },
  signal: { workflowExecutionSignaledEventAttributes: {} },
};

function history(words: string): HistoryEvent[] {
  return words.split(' ').map((word) => EVENTS[word] as HistoryEvent);
}

describe('workOf', () => {
  it('a look, a wait with a timer, a signal and two activities: parted at the signal', () => {
    const found = workOf(history('other scheduled completed timer other signal scheduled completed scheduled completed other'));
    assert.deepEqual(found, { before: { activities: 1, timers: 1, signals: 0 }, after: { activities: 2, timers: 0, signals: 1 } });
  });

  it('signals before the first look is done: they belong to the start', () => {
    const found = workOf(history('other signal scheduled signal completed signal scheduled signal completed'));
    assert.deepEqual(found, { before: { activities: 1, timers: 0, signals: 2 }, after: { activities: 1, timers: 0, signals: 2 } });
  });

  it('attributes that are null, as the wire has them: not counted', () => {
    const events = history('scheduled completed signal').map((event) => ({ timerStartedEventAttributes: null, ...event }));
    assert.deepEqual(workOf(events).after, { activities: 0, timers: 0, signals: 1 });
  });

  it('nobody asked it to go on: refused', () => {
    assert.throws(() => workOf(history('signal scheduled completed timer')), /no signal/);
    assert.throws(() => workOf([]), /no signal/);
  });
});
