import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GuardOrder, GuardReport } from './guard-messages.ts';
import { openLogFile, type LogFile } from './log-file.ts';
import { endProcess, identityOf, type ProcessIdentity } from './processes.ts';
import { StartError } from './start-error.ts';

const GUARD = fileURLToPath(new URL('guard.ts', import.meta.url));
/** Pause before a child that ended is started again: doubles from the first to the last, in milliseconds. */
const BACK_OFF_FIRST_MS = 250;
const BACK_OFF_LAST_MS = 10_000;
/** A child that was ready for this long begins with the first pause again. */
const HEALTHY_AFTER_MS = 30_000;
/** How often a child may end before it was ever ready; then the start is given up. */
const FIRST_ATTEMPTS_MAX = 4;
const FIRST_READY_TIMEOUT_MS = 90_000;
const PROBE_INTERVAL_MS = 40;
const LOG_TAIL_LINES = 20;

/** What to run; asked for anew before each start, so that it may clear what a crash left. */
export type Launch = Pick<GuardOrder, 'command' | 'args' | 'env' | 'cwd' | 'uid' | 'gid'>;

/** One program that the supervisor keeps running. */
export interface ChildSpec {
  readonly name: string;
  readonly prepare: () => Promise<Launch>;
  /** How the child shows that it serves: by a line on its standard output, or by a question that it answers. */
  readonly ready: { readonly line: RegExp } | { readonly probe: () => Promise<boolean> };
  /** Set for programs that cannot watch their own parent: a guard process holds them. */
  readonly guard?: Pick<GuardOrder, 'stopSignal' | 'hardSignal'>;
  /** Time to end in good order before it is killed, in milliseconds. */
  readonly graceMs: number;
}

/** What happens to a child, for the log and the screen. */
export type SupervisorEvent =
  | { readonly kind: 'started' | 'ready' | 'stopped'; readonly name: string; readonly pid: number }
  | { readonly kind: 'ended'; readonly name: string; readonly reason: string; readonly restartInMs: number };

/** A process that runs for a child: the program itself, or the guard that holds it. */
export interface RunningChild extends ProcessIdentity {
  readonly name: string;
  readonly role: 'program' | 'guard';
}

/** Keeps children running until it is told to stop them. */
export interface Supervisor {
  /**
   * Starts a child and keeps it running from then on.
   *
   * @returns when it is ready for the first time.
   * @throws StartError with the end of its log when it cannot be got ready.
   */
  start(spec: ChildSpec): Promise<void>;
  /** Every process that runs now. */
  running(): readonly RunningChild[];
  /** Stops one child and keeps it stopped until `release`, to see how the others do without it. */
  hold(name: string): Promise<void>;
  /** Lets a held child run again. @returns when it is ready. */
  release(name: string): Promise<void>;
  /** Stops the named children together, within their grace. */
  stop(names: readonly string[]): Promise<void>;
  /** Starts nothing from now on: a start that is given up half way must not bring up a later part. */
  close(): void;
  /** Ends everything at once, without asking. */
  kill(): void;
}

interface Child {
  readonly spec: ChildSpec;
  readonly log: LogFile;
  wanted: boolean;
  handle: ChildProcess | undefined;
  processes: RunningChild[];
  attempts: number;
  readyAt: number | undefined;
  lastEnd: string;
  /** Ends a pause before the next attempt. */
  wake: () => void;
  loop: Promise<void>;
  onReady: PromiseWithResolvers<void>;
}

/**
 * Makes a supervisor.
 *
 * @param logsDir folder for one log file per child.
 * @param onEvent told of each start, readiness and end.
 * @param onProcesses told whenever the set of running processes changes.
 */
export function createSupervisor({
  logsDir,
  onEvent = () => undefined,
  onProcesses = () => undefined,
}: {
  readonly logsDir: string;
  readonly onEvent?: (event: SupervisorEvent) => void;
  readonly onProcesses?: (running: readonly RunningChild[]) => void;
}): Supervisor {
  mkdirSync(logsDir, { recursive: true });
  const children = new Map<string, Child>();
  const running = (): RunningChild[] => [...children.values()].flatMap((child) => child.processes);
  let closed = false;
  const context: Context = { onEvent, changed: () => onProcesses(running()) };

  return {
    running,
    async start(spec) {
      if (closed) throw new StartError('The platform is being stopped.');
      const child = newChild(spec, logsDir);
      children.set(spec.name, child);
      child.loop = keepRunning(child, context);
      await firstReady(child);
    },
    async hold(name) {
      await stopChild(requireChild(children, name), context);
    },
    async release(name) {
      const child = requireChild(children, name);
      if (child.wanted) return;
      Object.assign(child, { wanted: true, attempts: 0, readyAt: undefined, onReady: Promise.withResolvers<void>() });
      child.loop = keepRunning(child, context);
      await firstReady(child);
    },
    async stop(names) {
      const known = names.flatMap((name) => children.get(name) ?? []);
      await Promise.all(known.map((child) => stopChild(child, context)));
      for (const child of known) child.log.close();
    },
    close() {
      closed = true;
    },
    kill() {
      closed = true;
      for (const child of children.values()) {
        child.wanted = false;
        child.wake();
        for (const { pid } of child.processes.toReversed()) tryKill(pid);
      }
    },
  };
}

interface Context {
  readonly onEvent: (event: SupervisorEvent) => void;
  readonly changed: () => void;
}

function newChild(spec: ChildSpec, logsDir: string): Child {
  const onReady = Promise.withResolvers<void>();
  return {
    spec,
    log: openLogFile(join(logsDir, `${spec.name}.log`)),
    wanted: true,
    handle: undefined,
    processes: [],
    attempts: 0,
    readyAt: undefined,
    lastEnd: '',
    wake: () => undefined,
    loop: Promise.resolve(),
    onReady,
  };
}

function requireChild(children: ReadonlyMap<string, Child>, name: string): Child {
  const child = children.get(name);
  if (child === undefined) throw new Error(`There is no child "${name}". Children: ${[...children.keys()].join(', ')}.`);
  return child;
}

async function keepRunning(child: Child, context: Context): Promise<void> {
  const { name } = child.spec;
  while (child.wanted) {
    child.lastEnd = await runOnce(child, context).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    if (!child.wanted) break;
    if (child.readyAt !== undefined && Date.now() - child.readyAt > HEALTHY_AFTER_MS) child.attempts = 0;
    child.attempts += 1;
    const restartInMs = Math.min(BACK_OFF_LAST_MS, BACK_OFF_FIRST_MS * 2 ** (child.attempts - 1));
    context.onEvent({ kind: 'ended', name, reason: child.lastEnd, restartInMs });
    if (child.attempts >= FIRST_ATTEMPTS_MAX) child.onReady.reject(neverReady(child));
    await pause(child, restartInMs);
  }
}

/** Runs the child until it ends. @returns why it ended. */
async function runOnce(child: Child, context: Context): Promise<string> {
  const launch = await child.spec.prepare();
  if (!child.wanted) return 'stopped';
  child.log.write(`--- ${new Date().toISOString()} start\n`);
  const handle = child.spec.guard === undefined ? spawnDirect(launch) : spawnGuard(launch, child.spec.guard, child.spec.graceMs);
  child.handle = handle;
  const ended = new Promise<string>((resolve) => {
    handle.once('error', (error) => resolve(error.message));
    handle.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  const output = outputOf(handle, child.log);
  const begun = beginRecord(child, handle, context);
  const readiness = new AbortController();
  void waitReady(child, output, readiness.signal, begun, context);
  const reason = await ended;
  readiness.abort();
  await endLeftOver(child);
  child.processes = [];
  child.handle = undefined;
  child.log.write(`--- ${new Date().toISOString()} ended: ${reason}\n`);
  context.changed();
  return reason;
}

/** Our own children watch the channel themselves. Detached: the terminal's ctrl-C is for the starter alone, which stops them in order. */
function spawnDirect({ command, args, env, cwd }: Launch): ChildProcess {
  return spawn(command, args, { cwd, env: { ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
}

function spawnGuard(launch: Launch, signals: Pick<GuardOrder, 'stopSignal' | 'hardSignal'>, graceMs: number): ChildProcess {
  const guard = spawn(process.execPath, [GUARD], { cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const order: GuardOrder = { ...launch, ...signals, graceMs };
  guard.send(order, () => undefined);
  return guard;
}

/** Records the processes as they appear. @returns when the program itself runs. */
function beginRecord(child: Child, handle: ChildProcess, context: Context): Promise<void> {
  const { name, guard } = child.spec;
  const add = (pid: number, role: RunningChild['role']): void => {
    const identity = identityOf(pid);
    if (identity !== undefined) child.processes.push({ name, role, ...identity });
    if (role === 'program') context.onEvent({ kind: 'started', name, pid });
    context.changed();
  };
  if (handle.pid === undefined) return Promise.resolve();
  add(handle.pid, guard === undefined ? 'program' : 'guard');
  if (guard === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    handle.once('message', (report: GuardReport) => {
      add(report.pid, 'program');
      resolve();
    });
  });
}

interface Output {
  /** Resolves with the first line that matches. */
  find(pattern: RegExp): Promise<void>;
}

function outputOf(handle: ChildProcess, log: LogFile): Output {
  let seen = '';
  const waiting: { pattern: RegExp; resolve: () => void }[] = [];
  handle.stderr?.on('data', (chunk: Buffer) => log.write(chunk));
  handle.stdout?.on('data', (chunk: Buffer) => {
    log.write(chunk);
    if (waiting.length === 0) return;
    // Only the beginning of the output can hold the line; what came before is kept no longer than needed.
    seen = (seen + chunk.toString()).slice(-10_000);
    for (const { pattern, resolve } of waiting) if (pattern.test(seen)) resolve();
  });
  return { find: (pattern) => new Promise((resolve) => waiting.push({ pattern, resolve })) };
}

async function waitReady(child: Child, output: Output, signal: AbortSignal, begun: Promise<void>, context: Context): Promise<void> {
  const { ready, name } = child.spec;
  const line = 'line' in ready ? output.find(ready.line) : undefined;
  await begun;
  if (line !== undefined) await line;
  else if ('probe' in ready) {
    while (!signal.aborted && !(await ready.probe().catch(() => false)))
      await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL_MS));
  }
  if (signal.aborted) return;
  child.readyAt = Date.now();
  context.onEvent({ kind: 'ready', name, pid: child.processes.find(({ role }) => role === 'program')?.pid ?? 0 });
  child.onReady.resolve();
}

/** A guard that was killed leaves its program behind; it is ended before another one is started. */
async function endLeftOver(child: Child): Promise<void> {
  const stop = child.spec.guard?.stopSignal ?? 'SIGTERM';
  for (const process of child.processes)
    await endProcess(process, [
      [stop, 3_000],
      ['SIGKILL', 2_000],
    ]);
}

async function firstReady(child: Child): Promise<void> {
  const timer = setTimeout(() => child.onReady.reject(neverReady(child)), FIRST_READY_TIMEOUT_MS);
  try {
    await child.onReady.promise;
  } finally {
    clearTimeout(timer);
  }
}

function neverReady(child: Child): StartError {
  const why = child.lastEnd === '' ? `was not ready within ${FIRST_READY_TIMEOUT_MS / 1000} s` : `ended (${child.lastEnd})`;
  return new StartError(`The part "${child.spec.name}" ${why}. The end of ${child.log.path}:\n${child.log.tail(LOG_TAIL_LINES)}`);
}

async function stopChild(child: Child, context: Context): Promise<void> {
  if (!child.wanted) return;
  child.wanted = false;
  child.wake();
  child.onReady.promise.catch(() => undefined);
  child.onReady.reject(new StartError(`The part "${child.spec.name}" was stopped.`));
  const { handle } = child;
  const pid = handle?.pid;
  handle?.kill('SIGTERM');
  // A guard does its own escalation; this is for one that is itself stuck.
  const graceMs = child.spec.guard === undefined ? child.spec.graceMs : child.spec.graceMs + 2_500;
  const timer = setTimeout(() => child.processes.forEach((process) => tryKill(process.pid)), graceMs);
  await child.loop;
  clearTimeout(timer);
  if (pid !== undefined) context.onEvent({ kind: 'stopped', name: child.spec.name, pid });
}

function pause(child: Child, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    child.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
