import { type StatsListener, unwatchFile, watchFile } from 'node:fs';
import type { Logger } from './logger.ts';
import { readSecrets, type Secrets } from './secrets.ts';

/** How often the file is looked at, in milliseconds: a rotation counts everywhere within this. */
const LOOK_EVERY_MS = 1_000;

/**
 * Follows the signing keys of a file: when it changes, they change in place, for everybody who holds the secrets.
 *
 * The other secrets stay as they were read; to change them is to end every session, and takes a restart. A file that
 * cannot be read changes nothing and is reported, so that a slip while rotating does not sign everybody out.
 *
 * @param secrets what {@link readSecrets} read from the file.
 * @returns ends the watch.
 */
export function watchSigningKeys(file: string, secrets: Secrets, logger: Logger): () => void {
  const look: StatsListener = () => {
    try {
      const { signingKeys } = readSecrets(file);
      if (JSON.stringify(signingKeys) === JSON.stringify(secrets.signingKeys)) return;
      secrets.signingKeys = signingKeys;
      logger.info({ keyIds: signingKeys.map((key) => key.kid) }, 'signing keys changed');
    } catch (error) {
      // Only the kind of fault: what a parser says may quote the file.
      logger.error({ reason: error instanceof Error ? error.name : 'unknown' }, 'SECRETS_FILE cannot be read; the keys stay as they were');
    }
  };
  watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, look);
  // What changed between the reading and the first look of the watch would else be missed.
  look({} as never, {} as never);
  return () => unwatchFile(file, look);
}
