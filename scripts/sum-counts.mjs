// Adds up the counts that the tasks of .ci/run have written: node scripts/sum-counts.mjs FILE FAILED_TASKS
import { readFileSync } from 'node:fs';

const [file, failedTasks] = process.argv.slice(2);
const counts = readFileSync(file, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line));
const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
for (const { suite, passed, failed } of counts) console.log(`  ${suite}: passed ${passed}, failed ${failed}`);
// A task that ended before it could count anything is a failure all the same.
console.log(`${sum('passed')} passed, ${Math.max(sum('failed'), Number(failedTasks))} failed`);
