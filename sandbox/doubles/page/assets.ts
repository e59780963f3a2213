import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { isLoopbackName } from '../control.ts';
import { json, type HttpAnswer } from '../http.ts';

const TYPES = {
  '/': ['index.html', 'text/html'],
  '/page.css': ['page.css', 'text/css'],
  '/page.js': ['page.js', 'text/javascript'],
} as const;

/**
 * Mails are shown in a frame without scripts; their own inline styles are allowed, anything from elsewhere is not.
 * Form posts and connections go to this server only.
 */
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-src 'self'; object-src 'none'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/** Serves the page's three files, read once. @returns undefined for any other path. */
export function serveAsset(request: IncomingMessage): HttpAnswer | undefined {
  const path = new URL(request.url ?? '/', 'http://double').pathname;
  if (!Object.hasOwn(TYPES, path)) return undefined;
  if (!isLoopbackName(request.headers.host)) return json(403, { error: { code: 'host_refused', message: 'Use 127.0.0.1 or localhost.' } });
  const [file, type] = TYPES[path as keyof typeof TYPES];
  return {
    status: 200,
    type: `${type}; charset=utf-8`,
    body: read(file),
    headers: { 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer' },
  };
}

const contents = new Map<string, string>();

function read(file: string): string {
  const present = contents.get(file);
  if (present !== undefined) return present;
  const content = readFileSync(new URL(`./assets/${file}`, import.meta.url), 'utf8');
  contents.set(file, content);
  return content;
}
