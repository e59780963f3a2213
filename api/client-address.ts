import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import proxyAddr from 'proxy-addr';

/** Finds the network address that a request came from. */
export type ClientAddress = (request: IncomingMessage) => string;

/**
 * Makes the finder: the peer of the socket, or what X-Forwarded-For says where every hop up to there is a trusted proxy.
 * A header that anybody can send decides nothing.
 *
 * @param trusted addresses and CIDR ranges of our own proxies.
 */
export function clientAddressFinder(trusted: readonly string[]): ClientAddress {
  if (trusted.length === 0) return (request) => plain(request.socket.remoteAddress ?? '');
  const trust = proxyAddr.compile([...trusted]);
  return (request) => {
    try {
      return plain(proxyAddr(request, trust));
    } catch {
      // A proxy that writes no address at all: then it is the proxy that asks.
      return plain(request.socket.remoteAddress ?? '');
    }
  };
}

/**
 * The key under which an address is counted: whoever has one IPv6 address mostly has the other 2^64 of its network too
 * (RFC 6177), so these count as one.
 */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups =
    tail === undefined ? left : [...left, ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** An IPv4 address that came over an IPv6 socket, as what it is. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}
