import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { ServiceName } from '../config/env.ts';
import { BUNDLE_FOLDER, bundleFile, missingBundles } from './bundles.ts';
import { SERVICE_WORKERS } from './services.ts';

/**
 * Builds the workflow bundles that are missing, about two seconds each, and removes those of older sources.
 *
 * @param services whose, all by default.
 * @returns the services whose bundle was built.
 */
export async function buildBundles(services?: readonly ServiceName[]): Promise<ServiceName[]> {
  const missing = missingBundles(services);
  mkdirSync(BUNDLE_FOLDER, { recursive: true });
  for (const service of missing) {
    const { code } = await bundleWorkflowCode({ workflowsPath: SERVICE_WORKERS[service].workflowsPath, logger: new DefaultLogger('WARN') });
    const file = bundleFile(service);
    // Written beside and renamed, so that a worker that starts meanwhile never reads half a file.
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, code);
    renameSync(draft, file);
    removeOlder(service, file);
  }
  return missing;
}

function removeOlder(service: ServiceName, keep: string): void {
  for (const name of readdirSync(BUNDLE_FOLDER)) {
    const file = join(BUNDLE_FOLDER, name);
    if (name.startsWith(`${service}-`) && name.endsWith('.js') && file !== keep) rmSync(file, { force: true });
  }
}

if (import.meta.main) await buildBundles();
