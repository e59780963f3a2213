import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSecrets } from '../config/secrets.ts';
import { StartError } from './start-error.ts';

/**
 * The file of the signing keys: `SECRETS_FILE`, or with the embedded database one made on the first start.
 *
 * @param env SECRETS_FILE and DATABASE_URL as given.
 * @param dataDir where the generated file is kept, readable by its owner only.
 * @returns its path.
 * @throws StartError when a real database is used without SECRETS_FILE, or the named file is missing.
 */
export async function provideSecrets(env: NodeJS.ProcessEnv, dataDir: string): Promise<string> {
  const given = env['SECRETS_FILE'];
  if (given) {
    if (!existsSync(given)) throw new StartError(`SECRETS_FILE names ${given}, which does not exist.`);
    return given;
  }
  if (env['DATABASE_URL']) {
    throw new StartError(
      'DATABASE_URL is set, so SECRETS_FILE must name the file with the signing keys (docs/operations.md says how to make one).',
    );
  }
  const file = join(dataDir, 'secrets.json');
  if (!existsSync(file)) {
    const draft = `${file}.${process.pid}`;
    await writeFile(draft, `${JSON.stringify(generateSecrets(), null, 2)}\n`, { mode: 0o600 });
    await rename(draft, file);
  }
  return file;
}
