import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const key = z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), kid: z.string(), d: z.string(), x: z.string(), y: z.string() });
const schema = z.object({ signingKey: key, cookieKey: z.string().min(32) });

/** What signs ID tokens, and the double's cookies. */
export type OpenIdKeys = z.infer<typeof schema>;

/** The keys of a folder, made when there are none: a provider whose keys changed with each start would be like none there is. */
export function provideKeys(folder: string): OpenIdKeys {
  const file = join(folder, 'openid-keys.json');
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Absent, or cut off by a crash: keys of a sandbox may be made anew.
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { d, x, y } = privateKey.export({ format: 'jwk' });
    const signingKey = { kty: 'EC', crv: 'P-256', kid: randomBytes(8).toString('hex'), d, x, y };
    const made = schema.parse({ signingKey, cookieKey: randomBytes(32).toString('base64url') });
    writeFileSync(file, `${JSON.stringify(made)}\n`, { mode: 0o600 });
    return made;
  }
}
