import assert from 'node:assert/strict';
import { Browser } from '../../../demo/browser.ts';
import type { Addresses, Json } from './people.ts';

/** What comes back from the provider to the callback, and the cookie of the browser that began. */
export interface FederatedReturn {
  readonly query: Readonly<Record<string, string>>;
  readonly cookie: string;
}

/** Goes to the sandbox's OpenID provider as somebody and stops before the callback. @param link for a link token instead of a sign-in. */
export async function goToProvider(at: Addresses, person: { email: string; name: string }, link = false): Promise<FederatedReturn> {
  const started = await fetch(`${at.apiUrl}/v1/auth/oidc/sandbox/start${link ? '?link=1' : ''}`, {
    headers: { accept: 'application/json' },
  });
  assert.equal(started.status, 200, await started.clone().text());
  const { authorizationUrl } = (await started.json()) as { authorizationUrl: string };
  const cookie = started.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const browser = new Browser();
  const page = await browser.visit(authorizationUrl);
  const back = await browser.visit(page.url.href, {
    form: { ...person, emailVerified: 'true' },
    stopAt: (url) => url.pathname.endsWith('/callback'),
  });
  assert.equal(back.status, 0, back.text);
  return { query: Object.fromEntries(back.url.searchParams), cookie };
}

/** Asks the callback. @returns the answer's body, whatever its status. */
export async function comeBack(at: Addresses, { query, cookie }: FederatedReturn): Promise<Json> {
  const answer = await fetch(`${at.apiUrl}/v1/auth/oidc/sandbox/callback?${new URLSearchParams(query).toString()}`, {
    headers: { cookie },
  });
  return (await answer.json()) as Json;
}
