import cors from '@koa/cors';
import type { Middleware } from 'koa';

/** What pages of other origins may read of an answer, beyond its body. */
const EXPOSED = ['ETag', 'Location', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'X-Request-Id', 'Idempotent-Replayed', 'Allow'];
const ALLOWED = ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'If-None-Match', 'X-Request-Id', 'traceparent'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** How long a browser remembers a preflight, in seconds. */
const MAX_AGE_SECONDS = 600;

/**
 * Lets pages of exactly these origins call the API. No cookies: whoever calls brings a token of its own. Everybody else gets no
 * header at all, so a browser keeps the answer from them.
 */
export function crossOrigin(origins: readonly string[]): Middleware {
  const known = new Set(origins);
  return cors({
    origin: (ctx) => (known.has(ctx.get('Origin')) ? ctx.get('Origin') : ''),
    allowMethods: METHODS,
    allowHeaders: ALLOWED,
    exposeHeaders: EXPOSED,
    maxAge: MAX_AGE_SECONDS,
    credentials: false,
  });
}
