import { endRun } from './support/servers.ts';

/** Root hooks of every mocha run: servers start when a test first asks for them, and end here. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(60_000);
    await endRun();
  },
};
