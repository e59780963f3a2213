import type { ToolName } from './tools.ts';

/** A group of tests that runs in one process and is counted by itself. */
export interface Suite {
  readonly name: string;
  /** `mocha`: test files, counted from mocha's summary. `command`: a program, counted from its last `N passed, N failed`, else as one. */
  readonly run:
    | { readonly kind: 'mocha'; readonly files: readonly string[]; readonly except?: readonly string[]; readonly args?: readonly string[] }
    | { readonly kind: 'command'; readonly command: readonly string[] };
  /** Installed first when missing; their paths reach the suite as REDIS_SERVER, CHROMIUM, SCHEMATHESIS, COMPOSE_LOADER, MOTO_SERVER. */
  readonly needs?: readonly ToolName[];
  /** A suite that takes longer is ended and counted as failed. */
  readonly limitMinutes: number;
}

/** `npm test`: everything that npm's packages and Temporal's binaries can run. */
export const SUITES: readonly Suite[] = [
  { name: 'domain', run: { kind: 'mocha', files: ['domain/**/*.test.ts'] }, limitMinutes: 10 },
  {
    name: 'services',
    run: {
      kind: 'mocha',
      files: ['config', 'db', 'activities', 'workflows', 'api', 'workers', 'temporal-config'].map((folder) => `${folder}/**/*.test.ts`),
    },
    limitMinutes: 20,
  },
  { name: 'starter and tools', run: { kind: 'mocha', files: ['sandbox/**/*.test.ts', 'scripts/**/*.test.ts'] }, limitMinutes: 15 },
  {
    name: 'several processes',
    run: {
      kind: 'mocha',
      files: ['test/**/*.test.ts', 'demo/**/*.test.ts', 'bench/**/*.test.ts'],
      except: ['test/full/**', 'test/faults/**'],
    },
    limitMinutes: 25,
  },
];

/** `npm run test:full`: what needs more than npm brings. One row a suite; a mocha one lives in test/full/NAME/ or test/NAME/. */
export const FULL_SUITES: readonly Suite[] = [
  // The first two need nothing but npm's packages, and take longer than a change should wait for.
  { name: 'mutations', run: { kind: 'command', command: ['node', 'test/mutations/run.ts'] }, limitMinutes: 20 },
  { name: 'faults', run: { kind: 'mocha', files: ['test/faults/**/*.test.ts'] }, limitMinutes: 15 },
  {
    name: 'storage',
    run: { kind: 'mocha', files: ['test/full/storage/**/*.test.ts'] },
    needs: ['moto'],
    limitMinutes: 5,
  },
  { name: 'redis', run: { kind: 'mocha', files: ['test/full/redis/**/*.test.ts'] }, needs: ['redis'], limitMinutes: 5 },
  {
    name: 'compose',
    run: { kind: 'mocha', files: ['test/full/compose/**/*.test.ts'] },
    needs: ['redis', 'composeLoader'],
    limitMinutes: 8,
  },
  { name: 'fuzz', run: { kind: 'command', command: ['node', 'test/full/fuzz/run.ts'] }, needs: ['schemathesis'], limitMinutes: 25 },
  { name: 'demo', run: { kind: 'mocha', files: ['test/full/demo/**/*.test.ts'] }, limitMinutes: 20 },
  {
    name: 'browser',
    run: { kind: 'command', command: ['node', 'test/full/browser/screenshots.ts'] },
    needs: ['chromium'],
    limitMinutes: 8,
  },
];
