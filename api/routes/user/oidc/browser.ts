import { createHash, randomBytes } from 'node:crypto';
import { OIDC_TRANSACTION_MINUTES } from '../../../../db/commands/user/oidc-transactions.ts';

const TOKEN = /^[\w-]{43}$/;

/** 256 random bits: a state, or what tells a browser apart. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of such a token. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/**
 * The cookie that ties a sign-in to the browser that began it, so that nobody is signed in by a link that somebody else made.
 * Lax, since the provider sends the browser back from another site. With https, `__Host-` keeps other hosts from setting it.
 */
export function browserCookie(publicUrl: string, browser: string): string {
  return cookie(publicUrl, browser, OIDC_TRANSACTION_MINUTES * 60);
}

/** Takes the cookie back. */
export function noBrowserCookie(publicUrl: string): string {
  return cookie(publicUrl, '', 0);
}

/** What tells the browser of a request apart, or null. */
export function browserOf(publicUrl: string, header: string | undefined): string | null {
  const name = cookieName(publicUrl);
  for (const pair of (header ?? '').split(';')) {
    const [key = '', value = ''] = pair.trim().split('=', 2);
    if (key === name && TOKEN.test(value)) return value;
  }
  return null;
}

function cookieName(publicUrl: string): string {
  return publicUrl.startsWith('https:') ? '__Host-oidc' : 'oidc';
}

function cookie(publicUrl: string, value: string, maxAgeSeconds: number): string {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  return `${cookieName(publicUrl)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
}
