// Has the SDK download one of its servers into a folder: node sandbox/download-temporal.ts dev-server|test-server FOLDER
// A process of its own, so that a download that hangs or crashes does not take the starter along.
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [kind, downloadDir = ''] = process.argv.slice(2);
const server = { executable: { type: 'cached-download', downloadDir, ttl: '365 days' } } as const;
const environment =
  kind === 'test-server'
    ? await TestWorkflowEnvironment.createTimeSkipping({ server })
    : await TestWorkflowEnvironment.createLocal({ server });
await environment.teardown();
