import type { ReadLimits } from '../../activities/expense/import-file/open-file.ts';
import { importActivities } from '../../activities/expense/import-activities.ts';
import type { TestAnswer, TestApi, TestUser } from './api.ts';

/** Activities of imports over a test API's database. */
export function activitiesOf(api: TestApi, limits?: ReadLimits): ReturnType<typeof importActivities> {
  const { databases, dispatcher, secrets } = api.deps;
  const deps = {
    db: databases.expense!,
    dispatcher: { counts: { woken: 0, failed: 0, skipped: 0, inFlight: 0 }, close: async () => undefined, ...dispatcher },
    secrets,
  };
  return importActivities(deps, limits);
}

/** Takes an import to its end, as its process does. */
export async function runImport(api: TestApi, importId: string, limits?: ReadLimits): Promise<void> {
  const activities = activitiesOf(api, limits);
  for (;;) {
    const { next } = await activities.readImportStep({ importId });
    if (next === 'nothing') return;
    if (next === 'read') await activities.prepareImport({ importId });
    else if (next === 'undo') await activities.undoImport({ importId, reasonCode: null });
    else if ((await activities.postImportRows({ importId })).outcome === 'end') await activities.finishImport({ importId });
  }
}

/** Imports a text into a group through the API, and waits for its end. */
export async function importText(
  api: TestApi,
  user: TestUser,
  groupId: string,
  content: string,
  fields: object = {},
): Promise<TestAnswer['body']> {
  const opened = await user.call('POST', `/v1/groups/${groupId}/imports`, { format: 'auto', content, ...fields });
  if (opened.status !== 202) throw new Error(`${opened.status} ${JSON.stringify(opened.body)}`);
  await runImport(api, opened.body.id as string);
  return (await user.call('GET', `/v1/imports/${opened.body.id}`)).body as TestAnswer['body'];
}
