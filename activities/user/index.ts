import { beginErasure, countUserTraces, eraseUser, finishErasure } from '../../db/commands/user/erasure.ts';
import { cancelRequest, discardArchives, expireExport } from '../../db/commands/user/data-requests.ts';
import { findDataRequest } from '../../db/queries/user/data-requests.ts';
import { USER_EXPORT } from '../../db/queries/user/export-files.ts';
import { read } from '../../db/transact.ts';
import type { DataRequestState } from '../../domain/data-request.ts';
import { refusal, RefusalError } from '../../domain/refusal.ts';
import { activityEdge, type ActivityDeps, runCommand } from '../edge.ts';
import { personActivities } from '../shared/person.ts';
import { assembleExport } from './assemble-export.ts';
import type { UserActivities } from './contract.ts';

/** Makes the activities of the user service. */
export function createUserActivities(deps: ActivityDeps): UserActivities {
  return activityEdge<UserActivities>(
    {
      ...personActivities(deps, { files: USER_EXPORT, erase: eraseUser, traces: countUserTraces }),
      readDataRequest: async ({ requestId }) => {
        const found = await findDataRequest((text, values) => read(deps.db, text, values), requestId);
        if (found === null) throw notFound();
        const { state, kind, accountId: userId, beginsAt, expiresAt } = found;
        return { state, kind, userId, beginsAtIso: beginsAt?.toISOString() ?? null, expiresAtIso: expiresAt?.toISOString() ?? null };
      },
      assembleExport: ({ requestId }) => assembleExport(deps, requestId),
      expireExport: async ({ requestId }) => {
        const state = await runCommand(deps, async (tx) => {
          const ended = await expireExport(tx, requestId);
          await discardArchives(tx, requestId);
          return ended;
        });
        return { state: known(state) };
      },
      cancelDataRequest: ({ requestId }) => cancelled(deps, requestId),
      beginErasure: async ({ requestId }) => {
        const { state, failureCode } = await runCommand(deps, (tx) => beginErasure(tx, requestId));
        return { state: known(state), failureCode };
      },
      finishErasure: async ({ requestId, proof }) => ({
        state: known(await runCommand(deps, (tx) => finishErasure(tx, requestId, proof))),
      }),
    },
    deps.logger,
  );
}

/** Takes a request back; one that is past that says what it is. */
async function cancelled(deps: ActivityDeps, requestId: string): Promise<{ state: DataRequestState }> {
  try {
    await runCommand(deps, (tx) => cancelRequest(tx, requestId));
  } catch (error) {
    if (!(error instanceof RefusalError) || error.refusal.code !== 'not_cancellable') throw error;
  }
  const found = await findDataRequest((text, values) => read(deps.db, text, values), requestId);
  return { state: known(found?.state ?? null) };
}

function known(state: DataRequestState | 'not_found' | null): DataRequestState {
  if (state === null || state === 'not_found') throw notFound();
  return state;
}

function notFound(): RefusalError {
  return refusal('not_found', 'There is no such request.');
}
