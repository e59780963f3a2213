/** Most characters of a redirect URI. */
export const REDIRECT_URI_MAX = 500;
/** Hosts of the own machine (RFC 8252, section 7.3). */
const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);
/** A private-use scheme is a domain name backwards (RFC 8252, section 7.1), so it has a point. */
const PRIVATE_USE = /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+:\/(?!\/)/;
/** Printable ASCII without what programs read differently: space, quotes, angle brackets, backslash, wildcard. */
const PLAIN = /^[\x21-\x7e]+$/;
const AMBIGUOUS = /["<>\\^`{|}*]/;

/**
 * What is wrong with a redirect URI, or null: it must be https, http on a loopback host (any port will then do), or,
 * for a public application, of a private-use scheme; without a fragment (RFC 6749, section 3.1.2) and user information.
 */
export function redirectUriFault(uri: string, kind: 'confidential' | 'public'): string | null {
  if (uri.length > REDIRECT_URI_MAX || !PLAIN.test(uri) || AMBIGUOUS.test(uri)) return 'must be a URI in plain ASCII';
  const parsed = URL.canParse(uri) ? new URL(uri) : null;
  if (parsed === null) return 'must be an absolute URI';
  if (uri.includes('#')) return 'must have no fragment';
  const { protocol, hostname, username, password } = parsed;
  if (username !== '' || password !== '' || /^[a-z]+:\/\/[^/?]*@/i.test(uri)) return 'must have no user information';
  if (protocol === 'https:') return LOOPBACK.has(hostname) ? 'must use http on the own machine' : httpFault(uri, 'https');
  if (protocol === 'http:') return LOOPBACK.has(hostname) ? httpFault(uri, 'http') : 'must use https';
  if (kind !== 'public') return 'must use https, or http on the own machine';
  return PRIVATE_USE.test(uri) ? null : 'must use https, http on the own machine, or a private-use scheme such as com.example.app:/';
}

/** Whether a URI leads to a host that its owner proved to hold: only then is the application known without asking (RFC 8252, 8.6). */
export function isClaimed(uri: string): boolean {
  return uri.startsWith('https://');
}

// The scheme in small letters with both slashes: what is compared character by character is written in one way.
function httpFault(uri: string, scheme: string): string | null {
  return uri.startsWith(`${scheme}://`) ? null : `must begin with ${scheme}://`;
}
