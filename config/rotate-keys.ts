import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readSecrets, type SigningKey } from './secrets.ts';
import { rotateSigningKeys } from './signing-keys.ts';

// `node config/rotate-keys.ts FILE [--drop-old]` puts a new signing key in front of those in the secrets file FILE. Processes that
// run take it over within a second; it signs five seconds later. `--drop-old` is for a key that leaked: no other key is kept.

/**
 * Rotates the signing keys of a secrets file. Everything else in it stays as it is; the file is replaced in one step.
 *
 * @returns the key ids, the new one first.
 * @throws Error when the file cannot be read or written, or another rotation is under way.
 */
export async function rotateKeysOf(file: string, now: Date, options: { dropOld?: boolean } = {}): Promise<string[]> {
  // A link is followed, so that the file itself is replaced and not the link.
  const target = await realpath(file);
  const { mode, uid, gid } = await stat(target);
  const draft = `${target}.rotating`;
  const handle = await open(draft, 'wx', mode & 0o777).catch((error: unknown) => {
    throw new Error(`${draft} cannot be made: another rotation is under way, or was broken off and left it; then remove it`, {
      cause: error,
    });
  });
  try {
    const keys = rotateSigningKeys(readSecrets(target).signingKeys, now, options);
    const content = JSON.parse(await readFile(target, 'utf8')) as Record<string, unknown>;
    await handle.writeFile(`${JSON.stringify({ ...content, signingKeys: keys satisfies SigningKey[] }, null, 2)}\n`);
    // Whoever could read the file before can read it after; only root may give it away.
    if (process.getuid?.() === 0) await handle.chown(uid, gid);
    // After the owner, and whatever the umask took away.
    await handle.chmod(mode & 0o777);
    await handle.sync();
    await handle.close();
    await rename(draft, target);
    return keys.map((key) => key.kid);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({ options: { 'drop-old': { type: 'boolean', default: false } }, allowPositionals: true });
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) {
    process.stderr.write('Usage: node config/rotate-keys.ts FILE [--drop-old]\n');
    process.exitCode = 2;
  } else {
    const kids = await rotateKeysOf(file, new Date(), { dropOld: values['drop-old'] });
    process.stdout.write(`Signing keys, the new one first: ${kids.join(', ')}\n`);
  }
}
