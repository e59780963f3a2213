// Goal: workflows that are running now can be taken over by this code. Method: recorded histories replay, changed ones do not.
import assert from 'node:assert/strict';
import { DeterminismViolationError } from '@temporalio/workflow';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { ServiceName } from '../../config/env.ts';
import { SERVICE_WORKERS } from '../../workers/services.ts';
import { recordedHistories, type RecordedHistory } from '../support/histories.ts';

describe('recorded histories', function () {
  this.timeout(60_000);
  const bundles = new Map<ServiceName, Promise<WorkflowBundleWithSourceMap>>();
  const bundleOf = (service: ServiceName): Promise<WorkflowBundleWithSourceMap> => {
    const found =
      bundles.get(service) ??
      bundleWorkflowCode({ workflowsPath: SERVICE_WORKERS[service].workflowsPath, logger: new DefaultLogger('ERROR') });
    bundles.set(service, found);
    return found;
  };
  const replay = async ({ service, name }: RecordedHistory, json: unknown): Promise<void> =>
    Worker.runReplayHistory({ workflowBundle: await bundleOf(service) }, json, `replay-${name}`);

  for (const history of recordedHistories()) {
    it(`${history.service}/${history.name}, as recorded, replays`, async () => {
      await replay(history, history.json);
    });

    const tampered = withOtherActivity(history.json);
    if (tampered !== null) {
      it(`${history.service}/${history.name}, with another activity in its place, fails`, async () => {
        await assert.rejects(replay(history, tampered), DeterminismViolationError);
      });
    }
  }
});

/** The history as it were if its first activity had been another one; null when it has none. */
function withOtherActivity(json: RecordedHistory['json']): unknown {
  const copy = structuredClone(json) as { events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[] };
  const scheduled = copy.events.find((event) => event.activityTaskScheduledEventAttributes !== undefined);
  if (scheduled === undefined) return null;
  scheduled.activityTaskScheduledEventAttributes!.activityType.name = 'anotherActivity';
  return copy;
}
