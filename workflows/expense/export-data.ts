import { proxyActivities, setHandler } from '@temporalio/workflow';
import type { ExpenseActivities } from '../../activities/expense/contract.ts';
import { orRefusal } from '../shared/failures.ts';
import { cancel } from '../shared/messages.ts';
import { RETRY_PROFILES } from '../shared/retry-profiles.ts';
import { show } from '../shared/show.ts';
import { changedBell, handlersDone, waitForChange } from '../shared/waiting.ts';
import type { ExportDataInput } from './contract.ts';

const { readExportStep, stopExport, expireGroupExport } = proxyActivities<ExpenseActivities>(RETRY_PROFILES.database);
const { writeExportRows, packExportFiles, sealExport, discardExportParts } = proxyActivities<ExpenseActivities>(RETRY_PROFILES.batch);

/** Where Postgres says that it is not time yet, our clock is ahead of its; it is asked again after this. */
const CLOCK_DIFFERENCE_MS = 60 * 1000;

/**
 * Writes a group to a file in batches, packs it with its receipts where they were asked for, and deletes it when its time is over.
 * Where it stands is in Postgres, so that it goes on after a crash. Who takes it back changes the row, which a batch that runs sees;
 * signal `cancel` does the same.
 *
 * @returns the export's last state, or the refusal's code when it is gone.
 */
export async function exportData({ exportId }: ExportDataInput): Promise<string> {
  const bell = changedBell();
  setHandler(cancel, async () => {
    await orRefusal(stopExport.executeWithOptions({ summary: 'by an operator' }, [{ exportId, reasonCode: null }]));
    bell.ring();
  });
  let discarded = false;
  let notBefore = 0;
  for (;;) {
    bell.silence();
    const found = await orRefusal(readExportStep.executeWithOptions({ summary: 'where it stands' }, [{ exportId }]));
    if (!found.ok) return end(found.code, 'The export is not there any more.');
    const { groupId, state, next, expiresAtIso } = found.value;
    const at = { groupId, subjectId: exportId };
    switch (next) {
      case 'write':
        show('writing', 'Writes rows in batches. Signal `cancel` ends it.', at);
        await orFail(exportId, write(exportId));
        break;
      case 'pack':
        show('packing', 'Packs the file and the receipts into a ZIP. Signal `cancel` ends it.', at);
        await orFail(exportId, pack(exportId));
        break;
      case 'seal':
        show('sealing', 'Sums up what was written.', at);
        await orFail(exportId, sealExport.executeWithOptions({ summary: 'its sum' }, [{ exportId }]));
        break;
      case 'wait': {
        if (!discarded) await discard(exportId);
        discarded = true;
        const untilIso = new Date(Math.max(Date.parse(expiresAtIso ?? ''), notBefore)).toISOString();
        show('done', `Who asked may get the file until ${untilIso}, when it is deleted. Signal \`cancel\` deletes it now.`, {
          ...at,
          nextStepAt: untilIso,
        });
        if ((await waitForChange(bell, untilIso, 'the file is deleted')) === 'changed') break;
        const expired = await orRefusal(expireGroupExport.executeWithOptions({ summary: 'its time is over' }, [{ exportId }]));
        notBefore = expired.ok && expired.value.state === 'done' ? Date.now() + CLOCK_DIFFERENCE_MS : 0;
        break;
      }
      case 'discard':
        await discard(exportId);
        break;
      case 'nothing':
        return end(state, 'Nothing of it is kept.');
    }
  }
}

/** A step that is refused would be refused again: the export fails by that code. */
async function orFail(exportId: string, step: Promise<unknown>): Promise<void> {
  const done = await orRefusal(step);
  if (!done.ok) await orRefusal(stopExport.executeWithOptions({ summary: 'it cannot go on' }, [{ exportId, reasonCode: done.code }]));
}

/** Writes all rows, some thousand an activity. */
async function write(exportId: string): Promise<void> {
  for (;;) {
    const { outcome, written, rows } = await writeExportRows.executeWithOptions({ summary: 'the next rows' }, [{ exportId }]);
    show('writing', `${written} of ${rows} rows are written. Signal \`cancel\` ends it.`);
    if (outcome !== 'more') return;
  }
}

/** Packs all receipts, some hundred an activity. */
async function pack(exportId: string): Promise<void> {
  for (;;) {
    const { outcome, files } = await packExportFiles.executeWithOptions({ summary: 'the next files' }, [{ exportId }]);
    show('packing', `${files} receipts are packed. Signal \`cancel\` ends it.`);
    if (outcome !== 'more') return;
  }
}

async function discard(exportId: string): Promise<void> {
  await orRefusal(discardExportParts.executeWithOptions({ summary: 'what is not needed' }, [{ exportId }]));
}

async function end(state: string, details: string): Promise<string> {
  show(state, details, { nextStepAt: null });
  await handlersDone();
  return state;
}
