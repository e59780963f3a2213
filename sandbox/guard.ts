// Holds one program that cannot watch its own parent (Postgres, Temporal) and ends it when the starter is gone.
//
// It is started with a channel to the starter: the first message says what to run, the channel's closing (also by kill -9 of the
// starter) or SIGTERM ends the program, and the program's end ends the guard.
import { spawn, type ChildProcess } from 'node:child_process';
import type { GuardOrder, GuardReport } from './guard-messages.ts';

let child: ChildProcess | undefined;
let stopping = false;
let order: GuardOrder | undefined;

process.once('message', (message: GuardOrder) => {
  order = message;
  run(message);
});
process.once('disconnect', stop);
process.on('SIGTERM', stop);
// The terminal's ctrl-C is the starter's to answer; it then tells us.
process.on('SIGINT', () => undefined);

function run({ command, args, env, uid, gid, cwd }: GuardOrder): void {
  if (stopping) process.exit(0);
  child = spawn(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'], ...(uid === undefined ? {} : { uid, gid }) });
  child.once('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(127);
  });
  child.once('spawn', () => report({ pid: child?.pid ?? 0 }));
  child.once('exit', (code) => process.exit(code ?? 1));
}

function stop(): void {
  if (stopping) return;
  stopping = true;
  if (child === undefined || order === undefined) process.exit(0);
  child.kill(order.stopSignal);
  setTimeout(() => child?.kill(order?.hardSignal ?? 'SIGKILL'), order.graceMs);
  setTimeout(() => child?.kill('SIGKILL'), order.graceMs + 2_000);
}

function report(message: GuardReport): void {
  // A starter that has just gone leaves nobody to tell; the disconnect handler does the rest.
  if (process.connected) process.send?.(message, () => undefined);
}
