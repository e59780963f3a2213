// npm test [-- WORD...]: every suite that needs nothing but npm's packages and Temporal's binaries; WORDs choose suites by name.
import { findTemporal } from '../sandbox/temporal-binary.ts';
import { timeSkippingServerPath } from '../sandbox/test-server.ts';
import { runSuites } from './run-suites.ts';
import { SUITES } from './suites.ts';

// Got before the tests begin: building the server takes minutes once, which no test's time limit allows for.
const tell = (text: string): void => void (process.stderr.isTTY ? process.stderr.write(`\r\u001b[K${text}`) : undefined);
await findTemporal(tell);
await timeSkippingServerPath(tell);
process.exitCode = await runSuites(SUITES, process.argv.slice(2));
