// What a killed starter leaves: nothing that runs and nothing that stops the next start.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { newDataDir, removeDataDir, testEnv } from './fixtures/stand-ins.ts';
import { PROJECT_ROOT } from './parts.ts';
import { postgresFolderOf } from './postgres-home.ts';
import { commandLine, isRunning, processStartedAt } from './processes.ts';
import { findRunningPlatform, readChildren, type PlatformUrls, type RunningPlatform } from './running.ts';
import type { RunningChild } from './supervisor.ts';

const DEADLINE_MS = 12_000;

describe('sandbox, starter killed', () => {
  let dataDir: string;
  let starters: ChildProcess[];

  beforeEach(() => {
    dataDir = newDataDir();
    starters = [];
  });

  afterEach(async () => {
    for (const starter of starters.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
      starter.kill('SIGTERM');
      await once(starter, 'exit');
    }
    await removeDataDir(dataDir);
  });

  it('kill -9 of the starter ends every child, and the next start finds the data', async () => {
    const first = await start();
    await query(first.urls, 'create table kept as select 42 as n');
    const children = readChildren(dataDir);
    assert.equal(children.length, 7, 'five programs, two of them behind guards');

    await kill(first.process);
    await until(() => !children.some(isRunning));

    const second = await start();
    assert.deepEqual(await query(second.urls, 'select n from kept'), [{ n: 42 }]);
  });

  it('starter and guards killed together, the next start takes over what they left and finds the data', async () => {
    const first = await start();
    await query(first.urls, 'create table kept as select 42 as n');
    const children = readChildren(dataDir);
    const postgres = program(children, 'postgres');

    // The starter is stopped first, so that it cannot react to the guards' end; then all four are killed.
    first.process.kill('SIGSTOP');
    for (const { pid } of children.filter(({ role }) => role === 'guard')) process.kill(pid, 'SIGKILL');
    await kill(first.process);
    assert.ok(isRunning(postgres), 'the database outlived its guard');

    const second = await start();
    assert.deepEqual(await query(second.urls, 'select n from kept'), [{ n: 42 }]);
    assert.deepEqual(children.filter(isRunning), []);
  });

  it('locks of processes that are gone or are something else, as after a reboot, do not stop the start', async () => {
    const first = await start();
    await stop(first.process);
    const cluster = (await postgresFolderOf(dataDir)) ?? '';
    // This test's own process: alive, and neither a starter nor a Postgres.
    writeFileSync(join(dataDir, 'starter.lock'), JSON.stringify({ pid: process.pid, startedAt: 'before the reboot' }));
    writeFileSync(join(cluster, 'postmaster.pid'), `${process.pid}\n${cluster}\n1\n5432\n\n127.0.0.1\n1 1\nready\n`);
    writeFileSync(
      join(dataDir, 'children.json'),
      JSON.stringify([{ name: 'api', role: 'program', pid: process.pid, startedAt: 'before' }]),
    );

    const second = await start();

    assert.equal(findRunningPlatform(dataDir)?.pid, second.process.pid);
    assert.match(commandLine(Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0])), /postgres/);
  });

  it('SIGTERM ends the starter and all it started within 10 s, and removes its marks', async () => {
    const { process: starter } = await start();
    const children = readChildren(dataDir);
    const began = Date.now();

    await stop(starter);

    assert.ok(Date.now() - began < 10_000);
    assert.equal(starter.exitCode, 0);
    assert.deepEqual(children.filter(isRunning), []);
    for (const mark of ['starter.lock', 'running.json', 'children.json']) assert.equal(existsSync(join(dataDir, mark)), false, mark);
  });

  async function start(): Promise<{ process: ChildProcess; urls: PlatformUrls }> {
    const starter = spawn(process.execPath, ['sandbox/fixtures/starter.ts', dataDir], {
      cwd: PROJECT_ROOT,
      env: testEnv(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    starters.push(starter);
    const [line] = (await once(createInterface(starter.stdout), 'line')) as [string];
    const answer = JSON.parse(line) as { urls?: RunningPlatform; refused?: string };
    assert.ok(answer.urls, answer.refused);
    return { process: starter, urls: answer.urls };
  }
});

async function kill(starter: ChildProcess): Promise<void> {
  starter.kill('SIGKILL');
  await once(starter, 'exit');
}

async function stop(starter: ChildProcess): Promise<void> {
  starter.kill('SIGTERM');
  await once(starter, 'exit');
}

function program(children: readonly RunningChild[], name: string): RunningChild {
  const child = children.find((candidate) => candidate.name === name && candidate.role === 'program');
  assert.ok(child && processStartedAt(child.pid));
  return child;
}

async function query(urls: PlatformUrls, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: urls.databaseUrl });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'the condition came true in time');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
