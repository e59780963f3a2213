import assert from 'node:assert/strict';

/** A page or a redirect out of the house, as the browser of a test holds it. */
export interface OAuthPage {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Where it leads outside the API, or null. */
  readonly location: string | null;
  /** The address of the page's form, and its hidden fields. */
  readonly action: string;
  readonly hidden: Record<string, string>;
  /** Every cookie that was set on the way. */
  readonly cookies: readonly string[];
}

const REDIRECTS_MAX = 10;

/** A browser with a cookie jar that follows redirects within one origin and fills in forms. */
export class OAuthBrowser {
  readonly #origin: string;
  /** By name and path. */
  readonly #jar = new Map<string, { name: string; value: string; path: string }>();
  #page: OAuthPage | null = null;

  constructor(origin: string) {
    this.#origin = origin;
  }

  get(url: string): Promise<OAuthPage> {
    return this.#go('GET', url);
  }

  post(action: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<OAuthPage> {
    return this.#go('POST', new URL(action, this.#origin).href, new URLSearchParams(fields), headers);
  }

  /** Sends the form of the page that is open. */
  submit(fields: Record<string, string>): Promise<OAuthPage> {
    assert.ok(this.#page !== null);
    return this.post(this.#page.action, { ...this.#page.hidden, ...fields });
  }

  /** Goes through an authorization: signs in and allows wherever it is asked. */
  async allow(url: string, email: string, password: string): Promise<URL> {
    let page = await this.get(url);
    for (let step = 0; step < 3 && page.location === null; step++) {
      assert.equal(page.status, 200, page.text);
      page = await this.submit(page.text.includes('name="password"') ? { email, password } : { decision: 'allow' });
    }
    assert.ok(page.location !== null, page.text);
    return new URL(page.location);
  }

  async #go(method: string, url: string, body?: URLSearchParams, headers: Record<string, string> = {}): Promise<OAuthPage> {
    const cookies: string[] = [];
    let [next, how, what] = [url, method, body];
    for (let hop = 0; hop < REDIRECTS_MAX; hop++) {
      const cookie = this.#cookiesFor(new URL(next).pathname);
      const answer = await fetch(next, {
        method: how,
        redirect: 'manual',
        headers: { ...headers, accept: 'text/html', ...(cookie === '' ? {} : { cookie }) },
        ...(what === undefined ? {} : { body: what }),
      });
      cookies.push(...answer.headers.getSetCookie());
      this.#keep(answer.headers.getSetCookie(), new URL(next).pathname);
      const text = await answer.text();
      const location = answer.headers.get('location');
      const target = location === null ? null : new URL(location, next);
      if (target === null || target.origin !== this.#origin) {
        const page = { status: answer.status, headers: answer.headers, text, location: target?.href ?? null, cookies, ...formOf(text) };
        this.#page = page;
        return page;
      }
      [next, how, what] = [target.href, 'GET', undefined];
    }
    throw new Error(`too many redirects from ${url}`);
  }

  #cookiesFor(path: string): string {
    return [...this.#jar.values()]
      .filter((one) => path === one.path || path.startsWith(one.path.endsWith('/') ? one.path : `${one.path}/`))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  #keep(lines: readonly string[], from: string): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(/;\s*/);
      const at = pair.indexOf('=');
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? from;
      if (value === '') this.#jar.delete(`${name} ${path}`);
      else this.#jar.set(`${name} ${path}`, { name, value, path });
    }
  }
}

function formOf(text: string): { action: string; hidden: Record<string, string> } {
  const action = /<form method="post" action="([^"]+)"/.exec(text)?.[1] ?? '';
  const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1];
  return { action, hidden: csrf === undefined ? {} : { csrf } };
}
