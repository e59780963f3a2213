/** Most redirects from one request: a sign-in needs six. */
const REDIRECTS_MAX = 12;
const TRY_MS = 15_000;

/** Where a browser has come to. */
export interface Visited {
  readonly url: URL;
  readonly status: number;
  readonly text: string;
}

/** What a request of a browser is, besides its address. */
export interface Visit {
  /** Posts a form; a GET without one. */
  readonly form?: Readonly<Record<string, string>>;
  /** Stops before an address instead of asking it; its status is 0 then. */
  readonly stopAt?: (url: URL) => boolean;
}

interface Cookie {
  readonly host: string;
  readonly name: string;
  readonly path: string;
  readonly value: string;
}

/** As much of a browser as a sign-in needs: it keeps cookies and follows redirects across hosts. */
export class Browser {
  readonly #cookies = new Map<string, Cookie>();

  /** @throws Error where the redirects have no end, or nobody answers. */
  async visit(address: string, { form, stopAt = () => false }: Visit = {}): Promise<Visited> {
    let url = new URL(address);
    let body = form === undefined ? undefined : new URLSearchParams(form);
    for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
      if (stopAt(url)) return { url, status: 0, text: '' };
      const response = await fetch(url, {
        method: body === undefined ? 'GET' : 'POST',
        redirect: 'manual',
        headers: { cookie: this.#cookiesFor(url) },
        signal: AbortSignal.timeout(TRY_MS),
        ...(body === undefined ? {} : { body }),
      });
      for (const line of response.headers.getSetCookie()) this.#keep(url, line);
      const text = await response.text();
      const location = response.headers.get('location');
      if (location === null || response.status < 300 || response.status >= 400) return { url, status: response.status, text };
      url = new URL(location, url);
      body = undefined;
    }
    throw new Error(`${new URL(address).pathname}: more than ${REDIRECTS_MAX} redirects`);
  }

  /** Cookies know no ports (RFC 6265, section 8.5). */
  #cookiesFor({ hostname, pathname }: URL): string {
    const fits = ({ host, path }: Cookie): boolean =>
      host === hostname && (path === '/' || pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`));
    return [...this.#cookies.values()]
      .filter(fits)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  #keep({ hostname }: URL, line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const [name = ''] = pair.split('=', 1);
    const told = (key: string): string | undefined =>
      attributes.find((text) => text.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1);
    const path = told('path') ?? '/';
    const key = `${hostname} ${path} ${name}`;
    const value = pair.slice(name.length + 1);
    const gone = told('max-age') === '0' || Date.parse(told('expires') ?? '') < Date.now();
    if (gone) this.#cookies.delete(key);
    else this.#cookies.set(key, { host: hostname, name, path, value });
  }
}
