import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import { z } from 'zod';
import { isLoopbackName } from '../control.ts';
import { json, readBody, send } from '../http.ts';
import { provideKeys } from './keys.ts';
import { errorPage, signInPage } from './page.ts';
import { People } from './people.ts';
import { createOpenIdProvider } from './provider.ts';

/** Below this path of the sandbox's port is the provider. That port is one that people know, so the issuer stays the same. */
export const OPENID_PATH = '/openid';
/** How many people the page offers to be. */
const OFFERED = 5;

const choice = z.object({
  email: z
    .string()
    .trim()
    .max(254)
    .regex(/^[^\s@]+@[^\s@]+$/),
  name: z.string().trim().min(1).max(120),
  emailVerified: z.union([z.boolean(), z.stringbool()]).default(false),
});

/** A provider of OpenID Connect where everybody is whom they say they are. */
export class OpenIdDouble {
  readonly people = new People();
  readonly #folder: string;
  readonly #redirectUris: readonly string[];
  readonly #changed: () => void;
  #issuer = '';
  #provider: Promise<Provider> | undefined;

  /** @param redirectUris callbacks besides those on this machine. @param changed hears of each sign-in. */
  constructor({ folder, redirectUris, changed }: { folder: string; redirectUris: readonly string[]; changed: () => void }) {
    this.#folder = folder;
    this.#redirectUris = redirectUris;
    this.#changed = changed;
  }

  get issuer(): string {
    return this.#issuer;
  }

  /** Tells where it is reached, which is known when its port is. */
  set baseUrl(url: string) {
    this.#issuer = `${url}${OPENID_PATH}`;
  }

  /**
   * Serves what is below {@link OPENID_PATH}.
   *
   * @returns false when the path is none of these.
   */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { pathname } = new URL(request.url ?? '/', 'http://double');
    if (pathname !== OPENID_PATH && !pathname.startsWith(`${OPENID_PATH}/`)) return false;
    // A page elsewhere whose name is made to point here must not sign anybody in.
    if (!isLoopbackName(request.headers.host)) {
      send(response, json(403, { error: { code: 'host_refused', message: 'Use 127.0.0.1 or localhost.' } }));
      return true;
    }
    // Loaded by the first sign-in: most starts never need it.
    const provider = await (this.#provider ??= this.#open());
    if (pathname.startsWith(`${OPENID_PATH}/interaction/`)) {
      await this.#interaction(provider, request, response);
      return true;
    }
    // The library finds its own prefix as Express mounts it.
    const originalUrl = request.url ?? '/';
    const below = originalUrl.slice(OPENID_PATH.length);
    Object.assign(request, { originalUrl, url: below.startsWith('/') ? below : `/${below}` });
    await provider.callback()(request, response);
    return true;
  }

  async #open(): Promise<Provider> {
    const library = await import('oidc-provider');
    const { people } = this;
    return createOpenIdProvider(library, {
      issuer: this.#issuer,
      keys: provideKeys(this.#folder),
      people,
      redirectUris: this.#redirectUris,
    });
  }

  async #interaction(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const details = await provider.interactionDetails(request, response).catch(() => undefined);
    if (details === undefined) return send(response, errorPage('This page was finished or is too old. Start again.', 404));
    if (request.method !== 'POST') return send(response, signInPage(this.people.latest(OFFERED)));
    const parsed = choice.safeParse(formOf(request, await readBody(request, 10_000)));
    if (!parsed.success) return send(response, signInPage(this.people.latest(OFFERED), 'Type an address and a name.'));
    const person = this.people.signIn(parsed.data, String(details.params['client_id']));
    this.#changed();
    await provider.interactionFinished(request, response, { login: { accountId: person.subject, remember: false } });
  }
}

function formOf(request: IncomingMessage, body: string): unknown {
  if (!(request.headers['content-type'] ?? '').includes('json')) return Object.fromEntries(new URLSearchParams(body));
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
