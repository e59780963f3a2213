import { CancellationScope, isCancellation, proxyActivities, setHandler } from '@temporalio/workflow';
import type { ExpenseActivities } from '../../activities/expense/contract.ts';
import { orRefusal } from '../shared/failures.ts';
import { cancel } from '../shared/messages.ts';
import { RETRY_PROFILES } from '../shared/retry-profiles.ts';
import { show } from '../shared/show.ts';
import { changedBell, handlersDone } from '../shared/waiting.ts';
import type { ImportGroupInput } from './contract.ts';

const { readImportStep, finishImport } = proxyActivities<ExpenseActivities>(RETRY_PROFILES.database);
const { prepareImport, postImportRows, undoImport } = proxyActivities<ExpenseActivities>(RETRY_PROFILES.batch);

/** Why an import is undone; `asked` by a caller or an operator, else the code of the refusal that stopped it. */
type Stop = 'asked' | { readonly refused: string };

/**
 * Reads a file and records its rows in batches, or reverses what it recorded. Where it stands is in Postgres, so that it
 * goes on after a crash, and a second run finds what the first one did. Signal `cancel` ends it in good order.
 *
 * @returns the import's last state, or the refusal's code when it is gone.
 */
export async function importGroup({ importId }: ImportGroupInput): Promise<string> {
  const bell = changedBell();
  let stop: Stop | null = null;
  let running: CancellationScope | undefined;
  setHandler(cancel, () => {
    stop ??= 'asked';
    running?.cancel();
    bell.ring();
  });
  /** Runs a step until it ends, refuses, or is cancelled. */
  const step = async (work: () => Promise<void>): Promise<void> => {
    running = new CancellationScope();
    try {
      const done = await orRefusal(running.run(work));
      if (!done.ok) stop = { refused: done.code };
    } catch (error) {
      if (!isCancellation(error) || stop === null) throw error;
    } finally {
      running = undefined;
    }
  };
  for (;;) {
    bell.silence();
    const found = await orRefusal(readImportStep({ importId }));
    if (!found.ok) return end(found.code, 'The import is not there any more.');
    const { groupId, state, next } = found.value;
    if (next === 'nothing') {
      // An undo that was asked for during the look rang here: this run follows it.
      if (bell.rang) continue;
      return end(state, 'Nothing is left to do.');
    }
    const todo = stop === null ? next : 'undo';
    show(todo, WORDS[todo], { groupId, subjectId: importId });
    if (todo === 'read') await step(async () => void (await prepareImport({ importId })));
    else if (todo === 'post') await step(() => post(importId));
    else {
      await undoImport({ importId, reasonCode: codeOf(stop) });
      stop = null;
    }
  }
}

const WORDS = {
  read: 'Reads the file and applies the rules to every row; nothing is recorded yet.',
  post: 'Records rows in batches. Signal `cancel` reverses what is recorded.',
  undo: 'Reverses what was recorded, in batches.',
} as const;

/** Posts all rows, some thousand an activity, and ends the import. */
async function post(importId: string): Promise<void> {
  for (;;) {
    const { outcome, posted, rows } = await postImportRows.executeWithOptions({ summary: 'the next rows' }, [{ importId }]);
    show('post', `${posted} of ${rows} rows are recorded. Signal \`cancel\` reverses them.`);
    if (outcome === 'stopped') return;
    if (outcome === 'end') {
      await finishImport({ importId });
      return;
    }
  }
}

function codeOf(stop: Stop | null): string | null {
  return stop === null || stop === 'asked' ? null : stop.refused;
}

async function end(state: string, details: string): Promise<string> {
  show(state, details);
  await handlersDone();
  return state;
}
