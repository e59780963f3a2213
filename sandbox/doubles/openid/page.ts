import type { HttpAnswer } from '../http.ts';
import type { OpenIdPerson } from './people.ts';

/** Nothing from elsewhere. Forms may post: the answer sends the browser back to the client, which a form-action would forbid. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;color:#1b1b2f;background:#fff}label{display:block;margin:.8rem 0}input:not([type=checkbox]){display:block;width:100%;box-sizing:border-box;font:inherit;padding:.5rem;border:1px solid #8a8aa3;border-radius:6px}button{font:inherit;width:100%;padding:.6rem;margin:.3rem 0;border:1px solid #4a3fd6;border-radius:6px;background:#4a3fd6;color:#fff;cursor:pointer}button.known{background:#fff;color:#4a3fd6;text-align:left}@media(prefers-color-scheme:dark){body{background:#17172a;color:#eee}input:not([type=checkbox]){background:#23233a;color:#eee}button.known{background:#17172a;color:#b9b3ff}}';

/** The page on which a person says who they are: one click for somebody known, or an address and a name. */
export function signInPage(people: readonly OpenIdPerson[], problem = ''): HttpAnswer {
  const known = people.map(
    ({ email, name, emailVerified }) =>
      `<form method="post"><input type="hidden" name="email" value="${escape(email)}"><input type="hidden" name="name" value="${escape(name)}">${emailVerified ? '<input type="hidden" name="emailVerified" value="true">' : ''}<button class="known">${escape(name)} &lt;${escape(email)}&gt;${emailVerified ? '' : ' (not verified)'}</button></form>`,
  );
  const form =
    '<form method="post"><label>Address <input name="email" type="email" required maxlength="254" value="ada@example.com" autocomplete="off"></label><label>Name <input name="name" required maxlength="120" value="Ada Example" autocomplete="off"></label><label><input type="checkbox" name="emailVerified" value="true" checked> the address is verified</label><button>Sign in</button></form>';
  return pageOf(
    'Sign in',
    `<p>This stands for a real OpenID provider. Be whoever you like.</p>${problem === '' ? '' : `<p role="alert">${escape(problem)}</p>`}${known.join('')}${form}`,
    problem === '' ? 200 : 400,
  );
}

/** A page that tells why it does not go on. */
export function errorPage(text: string, status = 400): HttpAnswer {
  return pageOf('Not possible', `<p>${escape(text)}</p>`, status);
}

function pageOf(title: string, body: string, status: number): HttpAnswer {
  const text = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · sandbox</title><style>${STYLE}</style></head><body><main><h1>${title}</h1>${body}</main></body></html>`;
  return {
    status,
    type: 'text/html; charset=utf-8',
    body: text,
    headers: { 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer' },
  };
}

function escape(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}
