import { resolve } from 'node:path';
import { lockHolder } from '../sandbox/lock.ts';
import { PROJECT_ROOT } from '../sandbox/parts.ts';
import { startPlatform } from '../sandbox/platform.ts';
import { findRunningPlatform, type PlatformUrls } from '../sandbox/running.ts';
import { StartError } from '../sandbox/start-error.ts';
import type { Progress } from './progress.ts';
import { waitFor } from './waiting.ts';

/** How long another starter may take that is just starting a platform; a first start may build Temporal. */
const OTHER_STARTER_MS = 10 * 60_000;

/** A platform that the demo plays on. */
export interface Stage {
  readonly urls: PlatformUrls;
  /** Whether it was started for this run. */
  readonly own: boolean;
  /** Stops it if it was started for this run. */
  leave(): Promise<void>;
}

/** The folder that `npm start` would use too. */
export function dataDirOf(env: NodeJS.ProcessEnv): string {
  return resolve(PROJECT_ROOT, env['DATA_DIR'] || '.data');
}

/**
 * Finds the platform that runs on the data folder, or starts one.
 *
 * The known ports are taken where they are free, so that links of this run are good again after the next `npm start`.
 *
 * @throws StartError when none runs and none can be started.
 */
export async function enterStage(dataDir: string, progress: Progress, signal: AbortSignal): Promise<Stage> {
  const running = await findOrAwait(dataDir, progress, signal);
  if (running !== undefined) {
    progress.step(`A platform runs already: ${running.apiUrl}`);
    return { urls: running, own: false, leave: () => Promise.resolve() };
  }
  progress.step('Starting the platform');
  const start = (ports: 'known' | 'free') =>
    startPlatform({
      dataDir,
      ports,
      signal,
      onStep: ({ name, state, elapsedMs }) => void (state === 'done' && progress.note(`${name} ${(elapsedMs / 1000).toFixed(1)} s`)),
      onEvent: (event) => void (event.kind === 'ended' && progress.note(`${event.name} ended (${event.reason}); it is started again`)),
    });
  const platform = await start('known').catch((error: unknown) => {
    if (!(error instanceof StartError) || !/^Port \d+ .*in use/.test(error.message)) throw error;
    progress.note(`${error.message.split('.')[0] ?? ''}: free ports are taken instead.`);
    return start('free');
  });
  return {
    urls: platform.urls,
    own: true,
    leave: () => platform.stop(),
  };
}

async function findOrAwait(dataDir: string, progress: Progress, signal: AbortSignal): Promise<PlatformUrls | undefined> {
  const found = findRunningPlatform(dataDir);
  if (found !== undefined || lockHolder(dataDir) === undefined) return found;
  progress.step('A platform is just being started; waiting for it');
  const other = await waitFor(
    'the platform that is being started',
    async () => {
      signal.throwIfAborted();
      return findRunningPlatform(dataDir) ?? (lockHolder(dataDir) === undefined ? ('gone' as const) : undefined);
    },
    OTHER_STARTER_MS,
  );
  return other === 'gone' ? undefined : other;
}
