// Goal: a group that changes for years keeps a short history. Method: changes on a real server, since the time-skipping one
// never suggests to continue as new, until the workflow does so.
import assert from 'node:assert/strict';
import { NativeConnection } from '@temporalio/worker';
import { v7 as uuidv7 } from 'uuid';
import type { GroupActivities } from '../../activities/expense/group-activities.ts';
import { workflowId } from '../../domain/events.ts';
import { type DevServer, startDevServer, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { until } from '../../test/support/until.ts';
import { wake } from '../dispatch.ts';
import { SEARCH_ATTRIBUTES } from '../shared/search-attributes.ts';

/** Changes after which the server must have suggested it: at about eight events each, twice the configured length. */
const CHANGES_MAX = 400;

describe('groupLifecycle over many changes', function () {
  this.timeout(180_000);
  let server: DevServer;
  let connection: NativeConnection;
  let worker: TestWorker;
  let reads = 0;

  before(async () => {
    server = await startDevServer();
    connection = await NativeConnection.connect({ address: server.address });
    const lastActivityIso = new Date().toISOString();
    const activities: GroupActivities = {
      readGroup: () => {
        reads++;
        return Promise.resolve({ state: 'active', purgeAtIso: null, nextInvitationExpiryIso: null, lastActivityIso });
      },
      expireInvitations: () => Promise.resolve({ expired: 0 }),
      purgeGroup: () => Promise.resolve({ purged: false }),
      nudgeIdleGroup: () => Promise.resolve(),
    };
    worker = await startWorker(connection, 'expense', activities);
  });
  after(async () => {
    await worker.stop();
    await connection.close();
    await server.stop();
  });

  it('continues as new, with what it shows, and goes on listening', async () => {
    const groupId = uuidv7();
    const handle = server.client.workflow.getHandle(workflowId('groupLifecycle', groupId));
    const change = async (): Promise<void> => {
      const before = reads;
      await wake(server.client, { process: 'groupLifecycle', key: groupId });
      await until('the group is read again', () => Promise.resolve(reads > before));
    };
    await change();
    const { runId: first } = await handle.describe();
    let described = await handle.describe();
    for (let changes = 0; changes < CHANGES_MAX && described.runId === first; changes++) {
      await change();
      if (changes % 20 === 0) described = await handle.describe();
    }
    assert.notEqual(described.runId, first);
    await change();
    const now = await handle.describe();
    assert.equal(now.status.name, 'RUNNING');
    assert.equal(now.typedSearchAttributes.get(SEARCH_ATTRIBUTES.groupId), groupId);
  });
});
