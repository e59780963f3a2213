import { allHandlersFinished, condition, setHandler, workflowInfo } from '@temporalio/workflow';
import { changed } from './messages.ts';

/** The longest single timer; a later date is waited for in several, so that a clock set wrongly is noticed within a day. */
const TIMER_MAX_MS = 24 * 60 * 60 * 1000;

/** Notes wishes that arrive between two looks at the row. */
export interface Bell {
  /** Rings it; a handler of an update does this too. */
  readonly ring: () => void;
  /** Whether it rang since it was last silenced. */
  readonly rang: boolean;
  /** Forgets the rings so far; to be called right before the row is read. */
  readonly silence: () => void;
}

/** Makes a bell and wires the shared `changed` signal to it. Call it before the first await of a workflow. */
export function changedBell(): Bell {
  let rang = false;
  const bell: Bell = {
    ring: () => {
      rang = true;
    },
    get rang() {
      return rang;
    },
    silence: () => {
      rang = false;
    },
  };
  setHandler(changed, bell.ring);
  return bell;
}

/**
 * Waits until the bell rings or a moment is reached.
 *
 * @param bell see {@link changedBell}.
 * @param untilIso RFC 3339, or null to wait for the bell alone.
 * @param summary shown at the timer in the Web UI: what happens at that moment.
 * @returns what ended the wait.
 */
export async function waitForChange(bell: Bell, untilIso: string | null, summary: string): Promise<'changed' | 'due'> {
  if (untilIso === null) {
    await condition(() => bell.rang);
    return 'changed';
  }
  const until = Date.parse(untilIso);
  while (!bell.rang) {
    const left = until - Date.now();
    if (left <= 0) return 'due';
    await condition(() => bell.rang, Math.min(left, TIMER_MAX_MS), { summary });
  }
  return 'changed';
}

/** Whether the history has grown so long that the workflow should continue as new. */
export function shouldRollOver(): boolean {
  return workflowInfo().continueAsNewSuggested;
}

/** Lets every running update and signal handler end; to be awaited before a workflow returns or continues as new. */
export async function handlersDone(): Promise<void> {
  await condition(allHandlersFinished);
}
