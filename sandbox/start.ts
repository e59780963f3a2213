// What `npm start` runs: the whole platform on one machine, until ctrl-C or SIGTERM.
import { resolve } from 'node:path';
import { exitWithParent } from '../config/parent-watch.ts';
import { PROJECT_ROOT } from './parts.ts';
import { startPlatform, type Platform } from './platform.ts';
import { createScreen } from './screen.ts';
import { describeFailure } from './start-error.ts';

/** The terminal, npm and the launcher may each pass on one ctrl-C; those this close together are one wish, in milliseconds. */
const SAME_WISH_MS = 700;

const dataDir = resolve(PROJECT_ROOT, process.env['DATA_DIR'] || '.data');
const screen = createScreen();
const giveUp = new AbortController();
let platform: Platform | undefined;
let firstSignalAt: number | undefined;

// A closed terminal must not end the stop half way.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
process.on('SIGINT', () => void onCtrlC());
process.on('SIGTERM', () => void stop());
process.on('SIGHUP', () => void stop());
exitWithParent(stop);

try {
  platform = await startPlatform({ dataDir, onStep: screen.step, onEvent: screen.event, signal: giveUp.signal });
  screen.ready(platform);
} catch (error) {
  screen.failed(giveUp.signal.aborted ? 'Stopped.' : describeFailure(error, dataDir));
  process.exit(giveUp.signal.aborted ? 0 : 1);
}

/** A second ctrl-C does not wait for anything. */
function onCtrlC(): Promise<void> {
  if (firstSignalAt === undefined || Date.now() - firstSignalAt < SAME_WISH_MS) return stop();
  platform?.kill();
  process.exit(1);
}

async function stop(): Promise<void> {
  if (firstSignalAt !== undefined) return;
  firstSignalAt = Date.now();
  screen.stopping();
  if (platform === undefined) return giveUp.abort();
  await platform.stop();
  screen.stopped(Date.now() - firstSignalAt);
  process.exit(0);
}
