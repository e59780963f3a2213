import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** A program from outside npm that a suite needs. */
export type ToolName = 'redis' | 'chromium' | 'schemathesis' | 'composeLoader' | 'moto';

interface Tool {
  /** Tells the suite where the program is. */
  readonly variable: string;
  readonly programs: readonly string[];
  readonly install: () => void;
}

const VENV = resolve('.cache/python');
const SCHEMATHESIS = 'schemathesis==4.32.5';
/** An S3-compatible server. It has an environment of its own: its requirements and those of schemathesis need not agree. */
const MOTO_VENV = resolve('.cache/moto');
const MOTO = 'moto[server,s3]==5.2.5';
/** The loader that the compose specification publishes, pinned in the go.mod beside its source. */
const COMPOSE_LOADER_SOURCE = 'test/full/compose/loader';
const COMPOSE_LOADER = resolve('.cache/compose-loader');
let aptIsFresh = false;

const TOOLS: Record<ToolName, Tool> = {
  redis: { variable: 'REDIS_SERVER', programs: ['redis-server'], install: () => apt('redis-server') },
  chromium: { variable: 'CHROMIUM', programs: ['chromium', 'chromium-browser', 'google-chrome'], install: () => apt('chromium') },
  schemathesis: { variable: 'SCHEMATHESIS', programs: [join(VENV, 'bin', 'schemathesis')], install: () => pip(VENV, SCHEMATHESIS) },
  moto: { variable: 'MOTO_SERVER', programs: [join(MOTO_VENV, 'bin', 'moto_server')], install: () => pip(MOTO_VENV, MOTO) },
  composeLoader: { variable: 'COMPOSE_LOADER', programs: [COMPOSE_LOADER], install: buildComposeLoader },
};

/**
 * Finds the named programs, installing those that are missing: Debian's packages by apt, Python's by pip into .cache/python.
 *
 * @returns a variable with the path of each.
 * @throws Error naming what could not be installed and how.
 */
export function provideTools(names: readonly ToolName[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [TOOLS[name].variable, provide(name, TOOLS[name])]));
}

function provide(name: ToolName, { programs, install }: Tool): string {
  const present = find(programs);
  if (present !== undefined) return present;
  process.stderr.write(`Installing ${name}, once\n`);
  install();
  const installed = find(programs);
  if (installed === undefined) throw new Error(`${name} was installed, but none of ${programs.join(', ')} is on PATH`);
  return installed;
}

function find(programs: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const places = programs.flatMap((program) => (program.includes('/') ? [program] : folders.map((folder) => join(folder, program))));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function apt(name: string): void {
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  // Run level 1 keeps the package from starting a server of its own.
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  if (!aptIsFresh) run([...asRoot, 'apt-get', 'update', '-q'], env);
  aptIsFresh = true;
  run([...asRoot, 'apt-get', 'install', '-y', '-q', '--no-install-recommends', name], env);
}

function pip(venv: string, requirement: string): void {
  mkdirSync('.cache', { recursive: true });
  // Debian leaves out what venv needs until its own package brings it.
  if (spawnSync('python3', ['-m', 'venv', venv]).status !== 0) {
    apt('python3-venv');
    run(['python3', '-m', 'venv', '--clear', venv]);
  }
  run([join(venv, 'bin', 'pip'), 'install', '--quiet', '--disable-pip-version-check', requirement]);
}

function buildComposeLoader(): void {
  if (find(['go']) === undefined) apt('golang-go');
  run(['go', 'build', '-C', COMPOSE_LOADER_SOURCE, '-o', COMPOSE_LOADER, '.']);
}

/** Runs to the end, quiet unless it fails. */
function run([command = '', ...args]: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env } });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? ''}\n${`${stdout ?? ''}${stderr ?? ''}`.slice(-2_000)}`);
}
