// npm run test:full [-- WORD...]: the suites that need Redis, Chromium or schemathesis, which are installed when missing.
import { findTemporal } from '../sandbox/temporal-binary.ts';
import { timeSkippingServerPath } from '../sandbox/test-server.ts';
import { runSuites } from './run-suites.ts';
import { FULL_SUITES } from './suites.ts';

await findTemporal();
await timeSkippingServerPath();
process.exitCode = await runSuites(FULL_SUITES, process.argv.slice(2));
