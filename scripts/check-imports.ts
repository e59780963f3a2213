// Walks the project's imports and says which of them go against scripts/import-rules.ts. Part of `npm run check`.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { importProblem, relativeImports } from './import-rules.ts';

const root = process.argv[2] ?? '.';
const files = globSync('**/*.ts', { cwd: root, exclude: ['node_modules/**', '.cache/**', '.data/**', '.git/**'] });
const problems = files
  .flatMap((from) =>
    relativeImports(readFileSync(join(root, from), 'utf8')).map((path) => ({ from, to: normalize(join(dirname(from), path)) })),
  )
  .flatMap((found) => importProblem(found) ?? []);

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
