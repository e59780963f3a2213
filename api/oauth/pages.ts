import { createHash } from 'node:crypto';
import { isScope, SCOPES } from '../../domain/scopes.ts';

/** What a page is written to; Koa's context, ours or oidc-provider's. */
export interface PageContext {
  status: number;
  type: string;
  body: unknown;
  set(name: string, value: string): void;
}

const STYLE = `:root{color-scheme:light dark;--ink:#14211d;--soft:#4c5b55;--paper:#fff;--line:#8a9993;--accent:#0b6b50}
@media (prefers-color-scheme:dark){:root{--ink:#e8efec;--soft:#a9b8b2;--paper:#101815;--line:#5f706a;--accent:#56c7a2}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.5 system-ui,sans-serif}
main{max-width:26rem;margin:8vh auto;padding:0 1.25rem}h1{font-size:1.5rem;line-height:1.25}.soft{color:var(--soft)}
label{display:block;margin:1rem 0 .25rem;font-weight:600}input{width:100%;padding:.6rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.4rem}
button{font:inherit;font-weight:600;padding:.6rem 1.25rem;margin:1.5rem .75rem 0 0;border:1px solid var(--accent);border-radius:.4rem;background:transparent;color:var(--accent);cursor:pointer}
button.main{background:var(--accent);color:var(--paper)}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.alert{border-left:4px solid #c0392b;padding:.5rem .75rem}a{color:var(--accent)}li{margin:.35rem 0}`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** The form on which a person signs in. */
export interface SignInPage {
  readonly uid: string;
  readonly csrf: string;
  readonly application: string;
  readonly email: string;
  /** What was wrong with the try before, in words. */
  readonly fault?: string;
}

/** Writes the form: POST `csrf`, `email`, `password` and, where the account has one, `totp`. */
export function signInPage(ctx: PageContext, status: number, page: SignInPage, destination: string): void {
  const fault = page.fault === undefined ? '' : `<p class="alert" role="alert">${escape(page.fault)}</p>`;
  write(
    ctx,
    status,
    'Sign in',
    `<p>to go on to <strong>${escape(page.application)}</strong></p>${fault}
<form method="post" action="/oauth/interaction/${escape(page.uid)}"><input type="hidden" name="csrf" value="${escape(page.csrf)}">
<label for="email">Address</label><input id="email" name="email" type="email" autocomplete="username" required value="${escape(page.email)}">
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>
<label for="totp">Code of your authenticator app <span class="soft">(if you use one)</span></label><input id="totp" name="totp" autocomplete="one-time-code">
<button class="main" type="submit">Sign in</button></form>
<form method="post" action="/oauth/interaction/${escape(page.uid)}"><input type="hidden" name="csrf" value="${escape(page.csrf)}"><button type="submit" name="decision" value="deny">Cancel</button></form>`,
    destination,
  );
}

/** The question whether an application may act for a person. */
export interface ConsentPage {
  readonly uid: string;
  readonly csrf: string;
  readonly application: string;
  readonly homepage: string;
  readonly returnsTo: string;
  readonly email: string;
  readonly scopes: readonly string[];
  /** For how many days it holds: unused, and at most. */
  readonly lastsDays: { readonly unused: number; readonly most: number };
}

/** Writes the question: POST `csrf` and `decision` = `allow` or `deny`. */
export function consentPage(ctx: PageContext, page: ConsentPage, destination: string): void {
  const homepage = page.homepage === '' ? '' : `<p class="soft">Its owner names this homepage: ${escape(page.homepage)}</p>`;
  const wishes = page.scopes.filter(isScope).map((scope) => `<li>${escape(SCOPES[scope])}</li>`);
  write(
    ctx,
    200,
    `Allow ${page.application}?`,
    `<p>You are signed in as <strong>${escape(page.email)}</strong>.</p>${homepage}
<p><strong>${escape(page.application)}</strong> would like to:</p><ul>${wishes.join('')}</ul>
<p class="soft">You then return to ${escape(page.returnsTo)}. You can take this back at any time; it ends ${page.lastsDays.unused} days after it was last used, after ${page.lastsDays.most} days at the latest.</p>
<form method="post" action="/oauth/interaction/${escape(page.uid)}"><input type="hidden" name="csrf" value="${escape(page.csrf)}">
<button class="main" type="submit" name="decision" value="allow">Allow</button><button type="submit" name="decision" value="deny">Deny</button></form>`,
    destination,
  );
}

/** Says on a page what cannot be told the application, because nobody knows where it is. The status is set already. */
export function errorPage(ctx: PageContext, code: string, description: string | undefined): void {
  const words = description === undefined ? '' : `<p>${escape(description)}</p>`;
  const content = `<p>The application that sent you here has to correct this; nothing was allowed.</p>${words}<p class="soft"><code>${escape(code)}</code></p>`;
  write(ctx, ctx.status, 'This did not work', content, '');
}

/** Where a form leads, as Content-Security-Policy names it: browsers hold redirects after a form to `form-action` too. */
export function destinationOf(redirectUri: string): string {
  const { protocol, host } = new URL(redirectUri);
  // IPv6 literals are no host-source of the policy.
  if (host.startsWith('[')) return protocol;
  return protocol === 'https:' || protocol === 'http:' ? `${protocol}//${host}` : protocol;
}

function write(ctx: PageContext, status: number, title: string, content: string, destination: string): void {
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  ctx.set('X-Frame-Options', 'DENY');
  ctx.set(
    'Content-Security-Policy',
    `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'self' ${destination}`.trim(),
  );
  ctx.type = 'text/html; charset=utf-8';
  ctx.body = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)} · SafeSplitX</title>
<style>${STYLE}</style></head><body><main><h1>${escape(title)}</h1>${content}</main></body></html>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}
