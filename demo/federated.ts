import { Browser } from './browser.ts';
import type { Account } from './cast.ts';
import type { Client } from './client.ts';
import { waitFor } from './waiting.ts';

/** A part that crashed is back sooner than this, in milliseconds. */
const REPEAT_MS = 60_000;
/** The sandbox's provider, where the API knows it. */
const PROVIDER = 'sandbox';

/** Whether the API lets people sign in with the sandbox's OpenID provider; a platform that names its own does not. */
export async function knowsSandboxProvider(api: Client): Promise<boolean> {
  const { body } = await api.send<{ data: { id: string }[] }>('GET', '/v1/auth/oidc');
  return body.data.some(({ id }) => id === PROVIDER);
}

/**
 * Signs somebody in through the OpenID provider, as a browser does: to its page, where they say who they are, and back.
 * The first time makes their account.
 */
export async function signInByProvider(apiUrl: string, email: string, name: string): Promise<Account> {
  const signIn = (): Promise<string> =>
    waitFor(`the sign-in of ${name} through the OpenID provider`, () => once(apiUrl, email, name), REPEAT_MS);
  let token = Promise.resolve(await signIn());
  let renewedAt = Date.now();
  return {
    email,
    password: '',
    token: (renew) => {
      if (renew && Date.now() - renewedAt > 5_000) {
        renewedAt = Date.now();
        token = signIn();
      }
      return token;
    },
  };
}

/** @returns the access token, or undefined where a part is away and the sign-in has to begin anew. */
async function once(apiUrl: string, email: string, name: string): Promise<string | undefined> {
  const browser = new Browser();
  try {
    const page = await browser.visit(`${apiUrl}/v1/auth/oidc/${PROVIDER}/start`);
    if (isPassing(page.status)) return undefined;
    if (page.status !== 200) throw new SignInError(`the OpenID provider's page was answered ${page.status}`);
    const end = await browser.visit(page.url.href, { form: { email, name, emailVerified: 'true' } });
    if (isPassing(end.status)) return undefined;
    if (end.status !== 200) throw new SignInError(`the sign-in was answered ${end.status}: ${end.text.slice(0, 300)}`);
    return (JSON.parse(end.text) as { accessToken: string }).accessToken;
  } catch (error) {
    if (error instanceof SignInError) throw error;
    // Nobody answered, or an answer was cut off.
    return undefined;
  }
}

class SignInError extends Error {}

/** A restart makes a page of the provider unknown, and a limiter sends us away: then it is begun anew. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 429 || status === 404 || status === 400;
}
