import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SERVICES, type ServiceName } from '../config/env.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Where bundles are kept; safe to delete at any time. */
export const BUNDLE_FOLDER = join(ROOT, '.cache', 'bundles');
/** What goes into a bundle: workflows import nothing else of ours but contracts, and of those only types. */
const SOURCES = ['workflows', 'domain'];

/** The file that holds a service's bundle for the present sources and SDK. */
export function bundleFile(service: ServiceName): string {
  return join(BUNDLE_FOLDER, `${service}-${sourceHash()}.js`);
}

/** The services whose bundle has to be built. */
export function missingBundles(services: readonly ServiceName[] = SERVICES): ServiceName[] {
  return services.filter((service) => !existsSync(bundleFile(service)));
}

let computed: string | undefined;

/** Changes with every source file that can be in a bundle, and with the SDK; read once per process. */
export function sourceHash(): string {
  if (computed !== undefined) return computed;
  const hash = createHash('sha256');
  const { version } = createRequire(import.meta.url)('@temporalio/worker/package.json') as { version: string };
  hash.update(version);
  for (const file of SOURCES.flatMap(sourceFiles).sort()) hash.update(`\n${file}\n`).update(readFileSync(join(ROOT, file)));
  computed = hash.digest('hex').slice(0, 20);
  return computed;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(folder, name));
}
