// node scripts/check-security.ts COUNTS: fails unless every test that docs/security.md names was run by the suites of .ci/run and
// passed. COUNTS is the file in which they noted what passed (scripts/run-suites.ts); what was found is counted there too.
import { appendFileSync, readFileSync } from 'node:fs';
import { faultsOfDoc, missingTests, readSecurityDoc } from './security-doc.ts';

const SUITE = 'docs/security.md';

const [file = ''] = process.argv.slice(2);
const items = readSecurityDoc(readFileSync(new URL('../docs/security.md', import.meta.url), 'utf8'));
const counts = readFileSync(file, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as { readonly tests?: readonly string[] });
const titles = new Set(counts.flatMap(({ tests = [] }) => tests));
const names = new Set(items.flatMap(({ tests }) => tests ?? []));
const missing = missingTests(items, titles);
const faults = [
  ...faultsOfDoc(items),
  ...missing.map((name) => `no test "${name}" was run and passed`),
  ...(names.size === 0 ? ['it names no test at all'] : []),
];
for (const fault of faults) process.stdout.write(`FAILED ${SUITE}: ${fault}\n`);
// One check: what it names was counted where it ran.
appendFileSync(file, `${JSON.stringify({ suite: SUITE, passed: faults.length === 0 ? 1 : 0, failed: faults.length })}\n`);
process.stdout.write(`${SUITE}: ${names.size - missing.length} of ${names.size} named tests were run and passed\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
