import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from './start-error.ts';

const EMAIL = 'demo@safesplitx.example';
const REQUEST_TIMEOUT_MS = 10_000;

/** The account that a newcomer signs in with; exists only with the embedded database. */
export interface DemoAccount {
  readonly email: string;
  readonly password: string;
}

/**
 * Registers the demo account once and remembers its password in `demo-account.json`.
 *
 * The file is written before the registration, so a crash between the two leaves a password that the next start registers.
 *
 * @throws StartError when the API refuses the registration for any reason but that the account exists.
 */
export async function provideDemoAccount(apiUrl: string, dataDir: string): Promise<DemoAccount> {
  const file = join(dataDir, 'demo-account.json');
  const known = await readAccount(file);
  if (known?.registered) return { email: known.email, password: known.password };
  const account = { email: EMAIL, password: known?.password ?? randomBytes(12).toString('base64url') };
  await write(file, { ...account, registered: false });
  const response = await fetch(`${apiUrl}/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...account, displayName: 'Demo' }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  if (!response.ok && response.status !== 409) {
    throw new StartError(
      `The demo account could not be registered: the API answered ${response.status} ${(await response.text()).slice(0, 500)}`,
    );
  }
  await write(file, { ...account, registered: true });
  return account;
}

interface StoredAccount extends DemoAccount {
  readonly registered: boolean;
}

async function readAccount(file: string): Promise<StoredAccount | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as StoredAccount;
  } catch {
    return undefined;
  }
}

async function write(file: string, account: StoredAccount): Promise<void> {
  await writeFile(`${file}.draft`, `${JSON.stringify(account, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.draft`, file);
}
