import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Env } from './env.ts';
import type { Logger } from './logger.ts';

/** How often the files are looked at, in milliseconds. */
const LOOK_EVERY_MS = 5_000;

/** A certificate chain and its key, in PEM. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Reads the configured certificate.
 *
 * @returns null where none is configured.
 * @throws Error where only one of the two is set, a file is missing, or the two do not belong together.
 */
export function readTls(env: Pick<Env, 'TLS_CERT_FILE' | 'TLS_KEY_FILE'>): TlsFiles | null {
  const { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile } = env;
  if (certFile === undefined && keyFile === undefined) return null;
  if (certFile === undefined || keyFile === undefined) throw new Error('TLS_CERT_FILE and TLS_KEY_FILE go together');
  const files = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  createSecureContext(files);
  return files;
}

/**
 * Follows the files, so that a renewed certificate counts without a restart. One that cannot be used changes nothing.
 *
 * @returns ends the watch.
 */
export function watchTls(
  env: Pick<Env, 'TLS_CERT_FILE' | 'TLS_KEY_FILE'>,
  logger: Logger,
  onChange: (files: TlsFiles) => void,
): () => void {
  const look = (): void => {
    try {
      const files = readTls(env);
      if (files === null) return;
      onChange(files);
      logger.info('certificate changed');
    } catch (error) {
      logger.error(
        { reason: (error as NodeJS.ErrnoException).code ?? 'unusable' },
        'the new certificate cannot be used; the old one stays',
      );
    }
  };
  const names = [env.TLS_CERT_FILE, env.TLS_KEY_FILE].filter((name) => name !== undefined);
  for (const name of names) watchFile(name, { interval: LOOK_EVERY_MS, persistent: false }, look);
  return () => {
    for (const name of names) unwatchFile(name, look);
  };
}
