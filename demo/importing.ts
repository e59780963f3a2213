import type { Ask, Person } from './cast.ts';
import type { Check } from './checks.ts';
import { differences, type Nets, netsOf } from './oracle.ts';
import type { Progress } from './progress.ts';
import { readTable } from './sesterce.ts';
import { waitFor } from './waiting.ts';

/** Columns of Splitwise's format before those of the people. */
const FIXED_COLUMNS = 5;
const FOOTER = 'Total balance';

/** An import as the API shows it, as far as the demo reads it. */
export interface Import {
  readonly id: string;
  readonly state: 'running' | 'done' | 'failed' | 'undone';
  readonly format: string;
  readonly rows: number;
  readonly imported: number;
  readonly skipped: number;
  readonly problems: readonly { readonly row: number; readonly code: string; readonly detail: string }[];
  readonly balanceCheck: 'matches' | 'differs' | 'none';
  /** Member ids by the names of the file. */
  readonly members: Readonly<Record<string, string>>;
  readonly workflowId: string;
}

/** What a file is brought into a group with. */
export interface ImportOrder {
  readonly groupId: string;
  readonly content: string;
  /** Who some names of the file are; the others become members. */
  readonly memberMap: Readonly<Record<string, string>>;
}

/** Brings a file into a group, and waits until that has ended. */
export async function importFile({ groupId, ...body }: ImportOrder, who: Person, ask: Ask, progress: Progress): Promise<Import> {
  const { body: opened } = await ask<Import>(who, 'POST', `/v1/groups/${groupId}/imports`, { body: { format: 'auto', ...body } });
  const ended = await waitFor('the import', async () => {
    const { body: current } = await ask<Import>(who, 'GET', `/v1/imports/${opened.id}`);
    return current.state === 'running' ? undefined : current;
  });
  const { format, state, rows, imported, skipped, balanceCheck } = ended;
  progress.note(`${format}, ${state}: ${rows} rows, ${imported} imported, ${skipped} skipped; its own totals: ${balanceCheck}`);
  return ended;
}

/** All of the file came in, and nothing of it a second time. */
export function checkImports(first: Import, again: Import, rows: number): Check {
  const said = ({ state, imported, skipped, balanceCheck }: Import): string =>
    `${state}, ${imported} imported, ${skipped} skipped, ${balanceCheck}`;
  const expect = (what: string, actual: Import, expected: string): string[] =>
    said(actual) === expected
      ? []
      : [`${what} is "${said(actual)}" and should be "${expected}"`, ...actual.problems.map(({ row, detail }) => `line ${row}: ${detail}`)];
  return {
    name: 'the file of Splitwise is imported whole, and once',
    problems: [
      ...expect('the import', first, `done, ${rows} imported, 0 skipped, matches`),
      ...expect('the same file again', again, `done, 0 imported, ${rows} skipped, matches`),
    ],
  };
}

/** What a file of Splitwise says at its end, in its line of totals. The rows above it are not looked at, only counted. */
export function totalsOf(text: string): { readonly rows: number; readonly totals: Nets } {
  const { header, rows } = readTable(text);
  const footers = rows.filter(({ cells }) => cells[1] === FOOTER);
  const totals = netsOf(
    footers.flatMap(({ cells }) =>
      header.slice(FIXED_COLUMNS).map((name, index) => ({
        name,
        currency: cells[FIXED_COLUMNS - 1] ?? '',
        minor: BigInt((cells[FIXED_COLUMNS + index] ?? '').replace('.', '')),
      })),
    ),
  );
  return { rows: rows.length - footers.length, totals };
}

/** The balances of the group are what its file and its recurring expense add up to. */
export function checkFlat(actual: Nets, expected: Nets): Check {
  return {
    name: "the flat's balances are the file's totals and the rents",
    problems: differences("the flat's balances", actual, expected),
  };
}
