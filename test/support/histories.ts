import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { ServiceName } from '../../config/env.ts';

const FOLDER = fileURLToPath(new URL('../histories', import.meta.url));

/** A recorded history: the workflow's service, the file's name and its content as the server tells it. */
export interface RecordedHistory {
  readonly service: ServiceName;
  readonly name: string;
  readonly json: { events: { eventType: string }[] };
}

/**
 * Keeps the history of a workflow as `test/histories/<service>/<name>.json` when RECORD_HISTORIES is set and it is not
 * there yet; does nothing otherwise. Recorded once, it is never changed: that it still replays is the point.
 *
 * @param name kebab-case: workflow and course of events, such as `settlement-cancelled-while-collecting`.
 */
export async function recordHistory(client: Client, service: ServiceName, workflowId: string, name: string): Promise<void> {
  const file = join(FOLDER, service, `${name}.json`);
  // oxlint-disable-next-line node/no-process-env -- a switch of the tests, no setting of the product.
  if (!process.env['RECORD_HISTORIES'] || existsSync(file)) return;
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  mkdirSync(join(FOLDER, service), { recursive: true });
  writeFileSync(file, `${JSON.stringify(JSON.parse(historyToJSON(history)), null, 1)}\n`);
}

/** Every recorded history. */
export function recordedHistories(): RecordedHistory[] {
  return readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: service }) =>
      readdirSync(join(FOLDER, service))
        .filter((file) => file.endsWith('.json'))
        .map((file) => ({
          service: service as ServiceName,
          name: file.replace('.json', ''),
          json: JSON.parse(readFileSync(join(FOLDER, service, file), 'utf8')) as RecordedHistory['json'],
        })),
    );
}
