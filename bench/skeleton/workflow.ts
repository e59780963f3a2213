import { CancellationScope, condition, isCancellation, proxyActivities, setHandler, sleep } from '@temporalio/workflow';
import { changed } from '../../workflows/shared/messages.ts';
import type { TwoPhases, Work } from '../support/history-work.ts';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '30 s' });

/**
 * Does as many activities, timers and waits for signals as another workflow did, and nothing else: what remains is the price of
 * the server and the SDK.
 */
export async function skeleton({ before, after }: TwoPhases): Promise<void> {
  let signals = 0;
  setHandler(changed, () => {
    signals += 1;
  });
  // Where the other one waited with a timer, that is one of its timers.
  const waitsWithTimer = before.timers > 0;
  await work({ ...before, timers: waitsWithTimer ? before.timers - 1 : 0 });
  const goesOn = (): boolean => signals > before.signals;
  if (waitsWithTimer) await condition(goesOn, '1 day');
  else await condition(goesOn);
  await work(after);
  await condition(() => signals >= before.signals + after.signals);
}

/** Activities one after the other; the first ones each beside a timer that is cancelled when they are done. */
async function work({ activities, timers }: Pick<Work, 'activities' | 'timers'>): Promise<void> {
  for (let index = 0; index < Math.max(activities, timers); index += 1) {
    const scope = new CancellationScope();
    const timer = index < timers ? scope.run(() => sleep('1 day')).catch(ignoreCancellation) : undefined;
    if (index < activities) await nothing();
    scope.cancel();
    await timer;
  }
}

function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
