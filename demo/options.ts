import { parseArgs } from 'node:util';

/** What the demo was asked to do. */
export interface DemoOptions {
  readonly help: boolean;
  /** One JSON object on standard output and nothing else there. */
  readonly json: boolean;
  /** Another ledger than the demo's own. */
  readonly input?: string;
  /** Where the chart is saved; in the folder of the data where left out. */
  readonly chart?: string;
}

export const HELP = `Plays the platform's main job on a real ledger, through the REST API alone.

  npm run demo                       with the demo's own ledger
  npm run demo -- --input FILE       with another one, CSV in Sesterce's format; everybody in it gets an account
  npm run demo -- --chart FILE       saves the chart there; without it, as demo-chart.svg in DATA_DIR
  npm run demo -- --json             prints one JSON object on standard output, and progress on standard error
  npm run demo -- --help             prints this

A platform that runs on DATA_DIR (default .data) is used; if none does, one is started and stopped again.
Exit code: 0 if the ledger's sums and the gateway's journal agree, 1 if not, 2 for options that are not understood.
`;

/**
 * Reads the command line.
 *
 * @throws Error naming an option that is unknown, twice or without its value.
 */
export function parseOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      json: { type: 'boolean', default: false },
      input: { type: 'string', multiple: true },
      chart: { type: 'string', multiple: true },
    },
  });
  return { help: values.help, json: values.json, ...fileOf('input', values.input), ...fileOf('chart', values.chart) };
}

function fileOf(name: 'input' | 'chart', [file, ...more]: readonly string[] = []): { readonly input?: string; readonly chart?: string } {
  if (more.length > 0) throw new Error(`Option '--${name}' is given more than once.`);
  if (file === '') throw new Error(`Option '--${name}' needs the name of a file.`);
  return file === undefined ? {} : { [name]: file };
}
