import { fileURLToPath } from 'node:url';

/** The project's root folder. */
export const PROJECT_ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What the starter runs and calls; tests of the starter itself give smaller ones. */
export interface Parts {
  /** Node entry and arguments, relative to the project's root. */
  readonly api: readonly string[];
  readonly worker: readonly string[];
  readonly doubles: readonly string[];
  readonly migrate: (databaseUrl: string) => Promise<void>;
  readonly applyTemporalConfig: (server: { readonly address: string; readonly namespace: string }) => Promise<void>;
  /** `key=value` pairs for the dev server. */
  readonly dynamicConfig: () => Promise<readonly string[]>;
  readonly demoAccount: boolean;
}

/** The platform's own parts. Loaded when first used, so that looking for a running platform loads none of them. */
export const PLATFORM_PARTS: Parts = {
  // A young generation of 8 MB instead of 16 keeps the API 80 MB smaller under load. The worker is five heaps, its own and one for the
  // workflows of each service, which V8 lets grow to several times of what lives in them before it looks; growing by half at most costs
  // an import nothing that shows and keeps 200 MB. V8 takes all this from the command line only.
  api: ['--max-semi-space-size=8', 'api/main.ts'],
  worker: ['--max-semi-space-size=4', '--heap-growing-percent=50', 'workers/main.ts'],
  doubles: ['sandbox/doubles/main.ts'],
  migrate: async (databaseUrl) => {
    const { migrate } = await import('../db/migrate.ts');
    await migrate(databaseUrl);
  },
  applyTemporalConfig: async (server) => {
    const { applyTemporalConfig } = await import('../temporal-config/apply.ts');
    await applyTemporalConfig(server);
  },
  dynamicConfig: async () => {
    const { dynamicConfig } = await import('../temporal-config/dynamic-config.ts');
    return Object.entries(dynamicConfig).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  },
  demoAccount: true,
};
