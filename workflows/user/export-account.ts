import { CancellationScope, condition, isCancellation, proxyActivities, setHandler } from '@temporalio/workflow';
import type { DataRequestLook, UserActivities } from '../../activities/user/contract.ts';
import { orRefusal } from '../shared/failures.ts';
import { cancel } from '../shared/messages.ts';
import { RETRY_PROFILES } from '../shared/retry-profiles.ts';
import { show } from '../shared/show.ts';
import { type Bell, changedBell, handlersDone, waitForChange } from '../shared/waiting.ts';
import type { DataRequestInput } from './contract.ts';
import { EVERY_SERVICE, PERSON } from './services.ts';

const { readDataRequest, cancelDataRequest, expireExport } = proxyActivities<UserActivities>(RETRY_PROFILES.database);
const { assembleExport } = proxyActivities<UserActivities>({ ...RETRY_PROFILES.batch, cancellationType: 'WAIT_CANCELLATION_COMPLETED' });

/** Where Postgres says that it is not time yet, our clock is ahead of its; it is asked again after this. */
const CLOCK_DIFFERENCE_MS = 60 * 1000;

/** Whether an operator asked for the end of the collection. */
interface Wish {
  cancel: boolean;
}

/**
 * Exports an account: every service writes what it knows to Postgres, the user service makes a ZIP of it, and deletes that when its
 * time is over. Only ids and counts come here.
 *
 * @returns how it ended; `not_found` for a request that never was.
 */
export async function exportAccount({ requestId }: DataRequestInput): Promise<string> {
  const bell = changedBell();
  const wish: Wish = { cancel: false };
  setHandler(cancel, () => {
    wish.cancel = true;
    bell.ring();
  });
  let cleaned = false;
  let notBefore = 0;
  for (;;) {
    bell.silence();
    const found = await orRefusal(readDataRequest.executeWithOptions({ summary: 'where it stands' }, [{ requestId }]));
    if (!found.ok) return end('not_found', 'There is no such request.');
    const request = found.value;
    if (request.state === 'running') {
      if (wish.cancel) await cancelDataRequest.executeWithOptions({ summary: 'by an operator' }, [{ requestId }]);
      else await collect(requestId, request, bell, wish);
      continue;
    }
    if (!cleaned) await discard(requestId);
    cleaned = true;
    if (request.state !== 'done' || request.expiresAtIso === null) return end(request.state, 'Nothing of it is kept.');
    const untilIso = new Date(Math.max(Date.parse(request.expiresAtIso), notBefore)).toISOString();
    show('done', `Its owner may get the ZIP until ${untilIso}, when it is deleted.`, { nextStepAt: untilIso });
    if ((await waitForChange(bell, untilIso, 'the ZIP is deleted')) === 'changed') continue;
    const { state } = await expireExport.executeWithOptions({ summary: 'its time is over' }, [{ requestId }]);
    notBefore = state === 'done' ? Date.now() + CLOCK_DIFFERENCE_MS : 0;
  }
}

async function end(state: string, details: string): Promise<string> {
  show(state, details, { nextStepAt: null });
  await handlersDone();
  return state;
}

/** Has all services write their parts, and the ZIP made of them; ends early when the request is taken back meanwhile. */
async function collect(requestId: string, { userId }: DataRequestLook, bell: Bell, wish: Wish): Promise<void> {
  show('running', 'Every service writes what it knows of the person; then the ZIP is made.');
  const scope = new CancellationScope();
  let ended = false;
  let failure: unknown;
  const work = scope
    .run(async () => {
      await Promise.all(
        EVERY_SERVICE.map((service) => PERSON[service].collectExport.executeWithOptions({ summary: service }, [{ requestId, userId }])),
      );
      await assembleExport.executeWithOptions({ summary: 'one ZIP of all' }, [{ requestId }]);
    })
    .catch((error: unknown) => {
      failure = error;
    })
    .finally(() => {
      ended = true;
    });
  while (!ended) {
    await condition(() => ended || bell.rang);
    if (ended) break;
    bell.silence();
    const { state } = await readDataRequest.executeWithOptions({ summary: 'whether it goes on' }, [{ requestId }]);
    if (state === 'running' && !wish.cancel) continue;
    scope.cancel();
    break;
  }
  await work;
  if (failure !== undefined && !isCancellation(failure)) throw failure;
}

async function discard(requestId: string): Promise<void> {
  await Promise.all(
    EVERY_SERVICE.map((service) => PERSON[service].discardExport.executeWithOptions({ summary: service }, [{ requestId }])),
  );
  await expireExport.executeWithOptions({ summary: 'what tries left behind' }, [{ requestId }]);
}
