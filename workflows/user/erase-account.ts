import { proxyActivities, setHandler, sleep } from '@temporalio/workflow';
import type { NotificationActivities } from '../../activities/notification/contract.ts';
import type { DataRequestLook, UserActivities } from '../../activities/user/contract.ts';
import type { ErasureProof } from '../../domain/data-request.ts';
import { orRefusal } from '../shared/failures.ts';
import { cancel, retryNow } from '../shared/messages.ts';
import { onQueue, RETRY_PROFILES } from '../shared/retry-profiles.ts';
import { show } from '../shared/show.ts';
import type { QueueName } from '../shared/task-queues.ts';
import { type Bell, changedBell, handlersDone, waitForChange } from '../shared/waiting.ts';
import type { DataRequestInput } from './contract.ts';
import { EVERY_SERVICE, PERSON } from './services.ts';

const { readDataRequest, cancelDataRequest, beginErasure, finishErasure } = proxyActivities<UserActivities>(RETRY_PROFILES.database);
// A mail server or notification worker that is away must not hold an erasure up, so this one gives up.
const { announceErasure } = proxyActivities<NotificationActivities>({
  ...onQueue('notification'),
  retry: { ...RETRY_PROFILES.crossService.retry, maximumAttempts: 3 },
  scheduleToCloseTimeout: '1m',
});

/** Tries of the letter, and the pause between them. */
const LETTER_TRIES = 3;
const LETTER_PAUSE_MS = 5_000;
/** A session that was found live is believed for a second elsewhere, and a request that had begun may go on for some. */
const SETTLE_MS = 5_000;
/** Where a service still finds traces, all let go again after this. */
const AGAIN_MS = 30_000;
/** After so many rounds somebody has to look why there are traces still. */
const ROUNDS_UNSEEN = 5;
/** Where Postgres says that it is not time yet, our clock is ahead of its; it is asked again after this. */
const CLOCK_DIFFERENCE_MS = 5_000;

/**
 * What sends stops first, while the person's places in groups are still known; they go with the expense service. Notices that were
 * on their way meanwhile go after that.
 */
const ORDER: readonly QueueName[] = ['notification', 'payment', 'expense', 'notification', 'user'];

/**
 * Erases an account over all services. The account itself becomes a pseudonym first, with all that can act for it; then each
 * service lets go of the person, until none finds a trace: that is the proof with which it ends.
 *
 * @returns how it ended; `not_found` for a request that never was.
 */
export async function eraseAccount({ requestId }: DataRequestInput): Promise<string> {
  const bell = changedBell();
  let cancelAsked = false;
  let told = false;
  setHandler(cancel, () => {
    cancelAsked = true;
    bell.ring();
  });
  setHandler(retryNow, () => {
    bell.ring();
    return 'looks again';
  });
  for (;;) {
    bell.silence();
    const found = await orRefusal(readDataRequest.executeWithOptions({ summary: 'where it stands' }, [{ requestId }]));
    if (!found.ok) return end('not_found', 'There is no such request.');
    const request = found.value;
    if (request.state === 'running') {
      await erase(requestId, request.userId, bell);
    } else if (request.state !== 'pending') {
      return end(request.state, request.state === 'done' ? 'No service has a trace of the person.' : 'Nothing was erased.');
    } else if (cancelAsked) {
      await cancelDataRequest.executeWithOptions({ summary: 'by an operator' }, [{ requestId }]);
    } else {
      if (!told) await tell(requestId, request.userId);
      told = true;
      await begin(requestId, request, bell);
    }
  }
}

async function end(state: string, details: string): Promise<string> {
  show(state, details, { needsAttention: false, nextStepAt: null });
  await handlersDone();
  return state;
}

/** Tells the person while there is an address to tell them at. */
async function tell(requestId: string, userId: string): Promise<void> {
  for (let attempt = 1; attempt <= LETTER_TRIES; attempt++) {
    try {
      const { outcome } = await announceErasure.executeWithOptions({ summary: 'the last letter' }, [
        { requestId, userId, nowIso: new Date().toISOString() },
      ]);
      if (outcome !== 'retry') return;
    } catch {
      // The activity's own attempts are used up.
      return;
    }
    if (attempt < LETTER_TRIES) await sleep(LETTER_PAUSE_MS, { summary: 'the letter is tried again' });
  }
}

/** Waits for the point of no return, unless something changes before, and passes it. */
async function begin(requestId: string, { beginsAtIso }: DataRequestLook, bell: Bell): Promise<void> {
  if (bell.rang) return;
  if (beginsAtIso !== null && Date.parse(beginsAtIso) > Date.now()) {
    show('pending', `Begins at ${beginsAtIso}; until then it can be taken back.`, { nextStepAt: beginsAtIso });
    await waitForChange(bell, beginsAtIso, 'the point of no return');
    return;
  }
  const { state, failureCode } = await beginErasure.executeWithOptions({ summary: 'the point of no return' }, [{ requestId }]);
  if (failureCode !== null) show(state, 'The account must not be erased now.', { failureCode });
  if (state === 'pending') await sleep(CLOCK_DIFFERENCE_MS, { summary: 'our clock is ahead' });
}

/** Has every service let go of the person until none finds a trace, and notes the proof. */
async function erase(requestId: string, userId: string, bell: Bell): Promise<void> {
  show('running', 'The account is a pseudonym and its tokens are dead; the services let go of the person.', { nextStepAt: null });
  await sleep(SETTLE_MS, { summary: 'requests that had begun end' });
  const erased: Record<QueueName, number> = { user: 0, expense: 0, payment: 0, notification: 0 };
  for (let round = 1; ; round++) {
    bell.silence();
    for (const service of ORDER) {
      const summary = `${service}, round ${round}`;
      erased[service] += (await PERSON[service].erasePerson.executeWithOptions({ summary }, [{ requestId, userId }])).erased;
    }
    const proof = await prove(requestId, userId, erased);
    const traced = EVERY_SERVICE.filter((service) => proof[service].left > 0);
    if (traced.length === 0) {
      await finishErasure.executeWithOptions({ summary: 'no trace is left' }, [{ requestId, proof }]);
      return;
    }
    const againIso = new Date(Date.now() + AGAIN_MS).toISOString();
    show('running', `Round ${round}: traces in ${traced.join(', ')}. Again at ${againIso}; update \`retryNow\` does it now.`, {
      needsAttention: round >= ROUNDS_UNSEEN,
      nextStepAt: againIso,
    });
    await waitForChange(bell, againIso, 'the services let go again');
  }
}

async function prove(requestId: string, userId: string, erased: Readonly<Record<QueueName, number>>): Promise<ErasureProof> {
  const counted = await Promise.all(
    EVERY_SERVICE.map(async (service) => {
      const { left } = await PERSON[service].countTraces.executeWithOptions({ summary: service }, [{ requestId, userId }]);
      return [service, { erased: erased[service], left }] as const;
    }),
  );
  return Object.fromEntries(counted) as ErasureProof;
}
