import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { type WriteProgress, writeNextRows } from '../../db/commands/expense/export-rows.ts';
import { discardParts, fileKind, readExport } from '../../db/commands/expense/export-store.ts';
import { packNext, packReceipt, type PackStep, packSum, type ReceiptContent } from '../../db/commands/expense/export-zip.ts';
import { expireExport, exportStep, sealExport, stopExport } from '../../db/commands/expense/group-exports.ts';
import { receiptKey } from '../../db/commands/expense/receipts.ts';
import { fileStoreOf } from '../../db/files/registry.ts';
import type { FileStore } from '../../db/files/store.ts';
import { exportParts } from '../../db/queries/expense/group-exports.ts';
import { read, type Tx } from '../../db/transact.ts';
import { type ActivityDeps, runCommand } from '../edge.ts';
import { beat, isCancelled } from '../progress.ts';
import type { ExpenseActivities } from './contract.ts';

/** What the process of an export may ask of the expense service. */
export type ExportActivities = Pick<
  ExpenseActivities,
  'readExportStep' | 'writeExportRows' | 'packExportFiles' | 'sealExport' | 'stopExport' | 'expireGroupExport' | 'discardExportParts'
>;

/** Rows of one activity, so that the process shows how far it is: some five seconds. */
const ROWS_OF_ACTIVITY = 20_000;
/** Receipts of one activity, likewise. */
const FILES_OF_ACTIVITY = 200;

type Deps = Pick<ActivityDeps, 'db' | 'dispatcher' | 'env'>;

/**
 * Makes the activities of exports; see the contract.
 *
 * @param store where receipts are; the deployment's own by default.
 */
export function exportActivities(deps: Deps, store?: FileStore): ExportActivities {
  const query: Tx['query'] = (text, values) => read(deps.db, text, values);
  return {
    readExportStep: ({ exportId }) => exportStep(query, exportId),
    async writeExportRows({ exportId }) {
      let progress: WriteProgress | undefined;
      let until = Number.POSITIVE_INFINITY;
      do {
        progress = await runCommand(deps, (tx) => writeNextRows(tx, exportId));
        until = Math.min(until, progress.written + ROWS_OF_ACTIVITY);
        beat(progress.written);
      } while (progress.outcome === 'more' && progress.written < until && !isCancelled());
      return progress;
    },
    async packExportFiles({ exportId }) {
      const files = store ?? (await fileStoreOf(deps.env));
      for (let packed = 1; ; packed += 1) {
        const step = await runCommand(deps, (tx) => packNext(tx, exportId));
        if (step.needs !== 'nothing') await supply(deps, files, exportId, step);
        const outcome = step.needs === 'nothing' ? step.outcome : 'more';
        beat(packed);
        if (outcome !== 'more' || packed >= FILES_OF_ACTIVITY || isCancelled()) return { outcome, files: step.files };
      }
    },
    async sealExport({ exportId }) {
      const file = await sumOf(deps, exportId, fileKind(await readExport(query, exportId)));
      return { state: await runCommand(deps, (tx) => sealExport(tx, exportId, file)) };
    },
    stopExport: async ({ exportId, reasonCode }) => runCommand(deps, (tx) => stopExport(tx, exportId, reasonCode)),
    expireGroupExport: async ({ exportId }) => ({ state: await runCommand(deps, (tx) => expireExport(tx, exportId)) }),
    async discardExportParts({ exportId }) {
      while (await runCommand(deps, (tx) => discardParts(tx, exportId))) beat(0);
    },
  };
}

/** Gets what the packing needs, outside its transactions, and gives it. */
async function supply(deps: Deps, files: FileStore, exportId: string, step: Exclude<PackStep, { needs: 'nothing' }>): Promise<void> {
  if (step.needs === 'sum') {
    const { sha256 } = await sumOf(deps, exportId, 'rows');
    return runCommand(deps, (tx) => packSum(tx, exportId, sha256));
  }
  const content = await contentOf(files, step.receipt.id);
  await runCommand(deps, (tx) => packReceipt(tx, exportId, step.receipt, content));
}

/** The file of a receipt, ten megabytes at most; null where it is gone. @throws FilesUnavailable: tried again. */
async function contentOf(files: FileStore, receiptId: string): Promise<ReceiptContent> {
  const stored = await files.get(receiptKey(receiptId));
  if (stored === null) return null;
  const bytes = await buffer(stored.stream);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

async function sumOf(deps: Deps, exportId: string, kind: 'rows' | 'zip'): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const part of exportParts(deps.db, exportId, kind)) {
    hash.update(part);
    bytes += part.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
