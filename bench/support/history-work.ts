/** An event of a workflow's history, as the client fetches it and as a recorded file has it. */
export interface HistoryEvent {
  readonly activityTaskScheduledEventAttributes?: unknown;
  readonly activityTaskCompletedEventAttributes?: unknown;
  readonly timerStartedEventAttributes?: unknown;
  readonly workflowExecutionSignaledEventAttributes?: unknown;
}

/** What a workflow was made to do. */
export interface Work {
  readonly activities: number;
  readonly timers: number;
  readonly signals: number;
}

/** What a workflow did until somebody asked it to go on, and from that signal on. */
export interface TwoPhases {
  readonly before: Work;
  /** Counts the signal that begins it. */
  readonly after: Work;
}

/**
 * Counts the activities, timers and signals of a history, parted at the signal that came while the workflow waited: the first
 * one after an activity was completed. For a transfer that is the payer's wish to pay.
 *
 * @throws Error where there is no such signal.
 */
export function workOf(events: readonly HistoryEvent[]): TwoPhases {
  const firstLook = events.findIndex((event) => event.activityTaskCompletedEventAttributes != null);
  const wish = events.findIndex((event, index) => index > firstLook && event.workflowExecutionSignaledEventAttributes != null);
  if (firstLook === -1 || wish === -1) throw new Error('this history has no signal after its first activity');
  return { before: count(events.slice(0, wish)), after: count(events.slice(wish)) };
}

function count(events: readonly HistoryEvent[]): Work {
  return {
    activities: events.filter((event) => event.activityTaskScheduledEventAttributes != null).length,
    timers: events.filter((event) => event.timerStartedEventAttributes != null).length,
    signals: events.filter((event) => event.workflowExecutionSignaledEventAttributes != null).length,
  };
}
