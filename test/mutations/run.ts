// node test/mutations/run.ts [WORD...]: breaks one rule after the other in a copy of the project, and expects the test that is
// named for it to go red by an assertion. The same tests must be green before. WORDs choose mutations by name.
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../sandbox/parts.ts';
import { endRun, startTestPostgres } from '../support/servers.ts';
import { runTests } from './mocha.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';
import { copyTree, type Tree } from './tree.ts';

const AT_ONCE = 2;

const words = process.argv.slice(2);
const chosen = MUTATIONS.filter(({ patch }) => words.length === 0 || words.some((word) => patch.includes(word)));
const databaseUrl = await startTestPostgres();
const trees = Array.from({ length: AT_ONCE }, copyTree);
try {
  const green = await runBaseline();
  const problems = await share(chosen, async (mutation, tree) => {
    const problem =
      (green.has(keyOf(mutation)) ? undefined : 'its test is not green without the patch') ?? (await tryMutation(mutation, tree));
    say(`${problem === undefined ? 'red   ' : 'FAILED'} ${mutation.patch}: ${mutation.breaks}`);
    if (problem !== undefined) say(`       ${mutation.file}, "${mutation.test}": ${problem}`);
    return problem;
  });
  const failed = problems.filter((problem) => problem !== undefined).length;
  say(`${problems.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && problems.length > 0 ? 0 : 1;
} finally {
  for (const tree of trees) tree.remove();
  await endRun();
}

/** Runs every named test unbroken, file by file. @returns those that passed. */
async function runBaseline(): Promise<ReadonlySet<string>> {
  const byFile = Object.entries(Object.groupBy(chosen, ({ file }) => file));
  const passed = await share(byFile, async ([file, mutations = []], tree) => {
    const titles = [...new Set(mutations.map(({ test }) => test))];
    const results = await runTests(tree.folder, file, titles, databaseUrl).catch((error: unknown) => {
      say(`${file}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    });
    for (const { fullTitle, failure } of results) if (failure !== undefined) say(`${file}, "${fullTitle}": ${failure.message}`);
    return mutations.filter(({ test }) => {
      const own = results.filter(({ fullTitle }) => fullTitle.endsWith(test));
      return own.length > 0 && own.every(({ failure }) => failure === undefined);
    });
  });
  return new Set(passed.flat().map(keyOf));
}

/** Breaks the rule and runs its test. @returns what is wrong, or undefined when the test noticed. */
async function tryMutation({ patch, file, test }: Mutation, tree: Tree): Promise<string | undefined> {
  const patchFile = join(PROJECT_ROOT, 'test', 'mutations', 'patches', `${patch}.patch`);
  try {
    tree.apply(patchFile);
    try {
      const results = await runTests(tree.folder, file, [test], databaseUrl);
      const failures = results.flatMap(({ fullTitle, failure }) => (fullTitle.endsWith(test) && failure ? [failure] : []));
      if (failures.length === 0) return results.length === 0 ? 'no such test' : 'the test did not notice';
      return failures.some(({ isAssertion }) => isAssertion) ? undefined : `failed without an assertion: ${failures[0]?.message}`;
    } finally {
      tree.revert(patchFile);
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Works through a list with one worker per tree; results in the list's order. */
async function share<T, R>(items: readonly T[], work: (item: T, tree: Tree) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  await Promise.all(
    trees.map(async (tree) => {
      for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as T, tree);
    }),
  );
  return results;
}

function keyOf({ file, test }: Mutation): string {
  return `${file}\n${test}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
