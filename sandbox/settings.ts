import { findFreePorts, requireFreePort } from './ports.ts';
import { StartError } from './start-error.ts';

/** Every port that the starter gives to a part. */
export interface Ports {
  readonly api: number;
  readonly ops: number;
  readonly workerOps: number;
  readonly temporalUi: number;
  readonly sandbox: number;
  readonly postgres: number;
  readonly temporal: number;
  readonly stripe: number;
  readonly smtp: number;
}

/** The ports that people know, each with its variable; API.md lists them. */
const KNOWN_PORTS = [
  ['api', 'PORT', 3000],
  ['temporalUi', 'TEMPORAL_UI_PORT', 8233],
  ['sandbox', 'SANDBOX_PORT', 3900],
  ['ops', 'OPS_PORT', 9464],
] as const;

/**
 * Decides every port: the known ones from the environment or by their defaults, all others free ones.
 *
 * @param choice `free` takes a free port for every part, so that several platforms run side by side.
 * @throws StartError naming the variable whose port is in use, out of range or not a number.
 */
export async function choosePorts(choice: 'known' | 'free', env: NodeJS.ProcessEnv): Promise<Ports> {
  const [postgres = 0, temporal = 0, stripe = 0, smtp = 0, ...spare] = await findFreePorts(9);
  const rest = { postgres, temporal, stripe, smtp };
  if (choice === 'free') {
    const [api = 0, ops = 0, workerOps = 0, temporalUi = 0, sandbox = 0] = spare;
    return { api, ops, workerOps, temporalUi, sandbox, ...rest };
  }
  const known = { api: 0, temporalUi: 0, sandbox: 0, ops: 0 };
  for (const [name, variable, fallback] of KNOWN_PORTS) known[name] = readPort(env[variable], variable, fallback);
  const used = KNOWN_PORTS.filter(([name]) => isNeeded(name, env)).map(([name, variable]) => [variable, known[name]] as const);
  const all = [...used, ['OPS_PORT + 1, the worker', known.ops + 1] as const];
  const twice = all.find(([, port], index) => all.findIndex(([, other]) => other === port) !== index);
  if (twice !== undefined)
    throw new StartError(`Port ${twice[1]} is given twice (${twice[0]}). Set PORT, TEMPORAL_UI_PORT, SANDBOX_PORT and OPS_PORT apart.`);
  for (const [variable, port] of used) await requireFreePort(variable, port);
  await requireFreePort('OPS_PORT', known.ops + 1);
  return { ...known, workerOps: known.ops + 1, ...rest };
}

/** A real part given by address needs no port here. */
function isNeeded(name: (typeof KNOWN_PORTS)[number][0], env: NodeJS.ProcessEnv): boolean {
  if (name === 'temporalUi') return !env['TEMPORAL_ADDRESS'];
  if (name === 'sandbox') return !env['DATABASE_URL'];
  return true;
}

function readPort(value: string | undefined, variable: string, fallback: number): number {
  if (value === undefined || value === '') return fallback;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_534)
    throw new StartError(`${variable} must be a port number from 1 to 65534, not "${value}".`);
  return port;
}
