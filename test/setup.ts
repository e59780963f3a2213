import { appendFileSync } from 'node:fs';
import { endRun } from './support/servers.ts';

/** Where the titles of tests that passed are noted; set by scripts/run-suites.ts. */
// oxlint-disable-next-line node/no-process-env -- a switch of the tests, no setting of the product.
const PASSED_FILE = process.env['SAFESPLITX_PASSED'] ?? '';

/** Root hooks of every mocha run: servers start when a test first asks for them, and end here. */
export const mochaHooks = {
  afterEach(this: Mocha.Context): void {
    if (PASSED_FILE === '' || this.currentTest?.state !== 'passed') return;
    appendFileSync(PASSED_FILE, `${JSON.stringify(this.currentTest.fullTitle())}\n`);
  },
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(60_000);
    await endRun();
  },
};
