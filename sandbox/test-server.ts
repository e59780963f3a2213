import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, withCacheLock } from './cache-folder.ts';
import { StartError } from './start-error.ts';
import { isReachable, runWithProgress, type OnStep } from './temporal-binary.ts';

const SERVER_VERSION = '1.32.0';
const JAVA_MIN = 17;
const DOWNLOAD_PROBE = 'https://temporal.download/temporal-test-server/default?arch=amd64&platform=linux&format=tar.gz';

/** The least that Maven needs to fetch the server and all that it needs at run time. */
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>safesplitx</groupId><artifactId>test-server</artifactId><version>1</version><dependencies><dependency>
<groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${SERVER_VERSION}</version></dependency><dependency>
<groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency></dependencies></project>
`;

/**
 * The time-skipping test server, for `TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } })`.
 *
 * In this order: the cache folder, the SDK's own download, the Java server from Maven. Got once, then it starts in about a second.
 *
 * @param onStep progress while it is fetched.
 * @returns the path of a program that takes a port as its first argument.
 * @throws StartError when it can be had neither way.
 */
export async function timeSkippingServerPath(onStep: OnStep = () => undefined): Promise<string> {
  const found = serverInCache();
  if (found !== undefined) return found;
  return withCacheLock('temporal-test-server', async () => serverInCache() ?? (await download(onStep)) ?? (await fetchWithMaven(onStep)));
}

function serverInCache(): string | undefined {
  const folder = cacheFolder();
  const wrapper = wrapperPath(folder);
  if (existsSync(wrapper)) return wrapper;
  const name = existsSync(join(folder, 'test-server'))
    ? readdirSync(join(folder, 'test-server')).find((file) => file.startsWith('temporal-'))
    : undefined;
  return name === undefined ? undefined : join(folder, 'test-server', name);
}

function wrapperPath(folder: string): string {
  return join(folder, `temporal-test-server-${SERVER_VERSION}`, 'start');
}

async function download(onStep: OnStep): Promise<string | undefined> {
  if (!(await isReachable(DOWNLOAD_PROBE))) return undefined;
  const folder = join(cacheFolder(), 'test-server');
  await mkdir(folder, { recursive: true });
  const script = fileURLToPath(new URL('download-temporal.ts', import.meta.url));
  const { code } = await runWithProgress(process.execPath, [script, 'test-server', folder], 'downloading the Temporal test server', onStep);
  if (code !== 0) await rm(folder, { recursive: true, force: true });
  return code === 0 ? serverInCache() : undefined;
}

async function fetchWithMaven(onStep: OnStep): Promise<string> {
  const java = javaProgram();
  const home = join(cacheFolder(), `temporal-test-server-${SERVER_VERSION}`);
  if (!existsSync(join(home, 'lib', `temporal-test-server-${SERVER_VERSION}.jar`))) {
    const draft = await mkdtemp(join(cacheFolder(), 'maven-'));
    try {
      await writeFile(join(draft, 'pom.xml'), POM);
      const args = [
        '-q',
        '-B',
        '-f',
        join(draft, 'pom.xml'),
        'dependency:copy-dependencies',
        '-DincludeScope=runtime',
        `-DoutputDirectory=${join(draft, 'lib')}`,
      ];
      const { code, output } = await runWithProgress('mvn', args, 'fetching the Temporal test server with Maven', onStep);
      if (code !== 0)
        throw new StartError(`The Temporal test server could be neither downloaded nor fetched with Maven.\n${output.trim()}`);
      await mkdir(home, { recursive: true });
      await rm(join(home, 'lib'), { recursive: true, force: true });
      await rename(join(draft, 'lib'), join(home, 'lib'));
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
  return writeWrapper(home, java);
}

/** Small heap and the fast-starting compiler: a test server lives for seconds. */
async function writeWrapper(home: string, java: string): Promise<string> {
  const jars = (await readdir(join(home, 'lib'))).filter((name) => name.endsWith('.jar'));
  const classPath = jars.map((name) => join(home, 'lib', name)).join(delimiter);
  const wrapper = join(home, 'start');
  const draft = `${wrapper}.${process.pid}`;
  const command = `exec '${java}' -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto -Xmx256m -cp '${classPath}' io.temporal.testserver.TestServer "$@"`;
  await writeFile(draft, `#!/bin/sh\n${command}\n`);
  await chmod(draft, 0o755);
  await rename(draft, wrapper);
  return wrapper;
}

function javaProgram(): string {
  const home = process.env['JAVA_HOME'];
  const folders = [...(home ? [join(home, 'bin')] : []), ...(process.env['PATH'] ?? '').split(delimiter)];
  const java = folders.map((folder) => join(folder, 'java')).find((file) => isExecutable(file) && javaVersion(file) >= JAVA_MIN);
  if (java === undefined)
    throw new StartError(`The Temporal test server could not be downloaded, and there is no Java ${JAVA_MIN} to run it from Maven.`);
  return java;
}

function javaVersion(java: string): number {
  return Number(/version "(\d+)/.exec(spawnSync(java, ['-version'], { encoding: 'utf8' }).stderr ?? '')?.[1] ?? 0);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
