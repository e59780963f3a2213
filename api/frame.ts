import { randomUUID } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { PasswordsBusy } from '../config/passwords.ts';
import { PicturesBusy } from '../config/receipt-files.ts';
import { databaseFailure } from '../db/errors.ts';
import { FilesUnavailable } from '../db/files/store.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { Deps } from './deps.ts';
import { Problem, type ProblemBody, problemOf, titleOf } from './problems.ts';
import type { AnyRoute } from './route.ts';

const REQUEST_ID = /^[\w.:-]{1,128}$/;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;
/** Two years, as the preload list asks. */
const HSTS = 'max-age=63072000; includeSubDomains';

/** Notes how each request ended; given by main, so that tests need no metrics. */
export type Observe = (request: { route: string; method: string; status: number; seconds: number }) => void;

/** What is noted about a request on its way: by the router, the platform's own endpoints and the authenticator. */
export interface Noted {
  requestId?: string;
  route?: Pick<AnyRoute, 'path' | 'operationId'>;
  userId?: string;
}

/**
 * The outermost middleware: request id, security headers, one place where an error becomes an answer, metrics and one log line.
 */
export function frame(deps: Deps, observe: Observe): Middleware {
  const hsts = deps.publicUrl.startsWith('https:');
  return async (ctx, next) => {
    const started = performance.now();
    const noted: Noted = ctx.state;
    const requestId = requestIdOf(ctx);
    noted.requestId = requestId;
    secure(ctx, requestId, hsts);
    try {
      await next();
    } catch (error) {
      answerProblem(deps, ctx, error, requestId);
    }
    const seconds = (performance.now() - started) / 1000;
    observe({ route: noted.route?.path ?? 'unmatched', method: ctx.method, status: ctx.status, seconds });
    deps.logger.info(
      {
        requestId,
        trace: traceOf(ctx),
        method: ctx.method,
        route: noted.route?.path,
        operation: noted.route?.operationId,
        status: ctx.status,
        ms: Math.round(seconds * 100_000) / 100,
        userId: noted.userId,
      },
      'request',
    );
  };
}

function requestIdOf(ctx: Context): string {
  const given = ctx.req.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

// Answers are data: nothing may be sniffed, embedded, run or kept. The pages of the platform loosen what they need.
function secure(ctx: Context, requestId: string, hsts: boolean): void {
  const { res } = ctx;
  res.setHeader('X-Request-Id', requestId);
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Referrer-Policy', 'no-referrer');
  res.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
  res.setHeader('Cache-Control', 'no-store');
  if (hsts) res.setHeader('Strict-Transport-Security', HSTS);
}

/** The trace id of a W3C traceparent, for the log line. */
function traceOf(ctx: Context): string | undefined {
  const given = ctx.req.headers['traceparent'];
  return typeof given === 'string' ? TRACEPARENT.exec(given)?.[1] : undefined;
}

function answerProblem(deps: Deps, ctx: Context, error: unknown, requestId: string): void {
  const problem = toProblem(error);
  if (problem.code === 'database_unavailable') {
    deps.logger.warn({ requestId, reason: error instanceof Error ? error.message : String(error), code: problem.code }, 'request refused');
  } else if (problem.status >= 500) {
    deps.logger.error({ requestId, err: error, code: problem.code }, 'request failed');
  }
  ctx.status = problem.status;
  for (const [name, value] of Object.entries(problem.headers)) ctx.set(name, value);
  if (problem.status === 401 && problem.headers['WWW-Authenticate'] === undefined) ctx.set('WWW-Authenticate', 'Bearer realm="safesplitx"');
  ctx.remove('ETag');
  ctx.body = JSON.stringify({ ...problemBody(problem, deps.publicUrl, requestId), ...problem.extension });
  ctx.type = 'application/problem+json';
}

/** The body of a problem's answer. */
export function problemBody(problem: Problem, publicUrl: string, requestId: string): ProblemBody {
  return {
    type: `${publicUrl}/problems/${problem.code}`,
    title: titleOf(problem.code),
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    requestId,
    errors: problem.entries,
  };
}

/** Turns whatever was thrown into a problem; what nobody expected is a 500 that tells nothing. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof RefusalError) return problemOf(error.refusal);
  if (error instanceof PasswordsBusy)
    return new Problem('busy', 'Too many people sign in at this moment. Try again.', { headers: { 'Retry-After': '1' } });
  if (error instanceof PicturesBusy)
    return new Problem('busy', 'Too many pictures are sent at this moment. Try again.', { headers: { 'Retry-After': '1' } });
  if (error instanceof FilesUnavailable)
    return new Problem('storage_unavailable', 'The place of the files is away; nothing was recorded. Try again.', {
      headers: { 'Retry-After': '5' },
    });
  const failure = databaseFailure(error);
  const retry = { headers: { 'Retry-After': '1' } };
  if (failure === 'unavailable') return new Problem('database_unavailable', 'The database is away; nothing was written. Try again.', retry);
  if (failure === 'busy' || failure === 'retry')
    return new Problem('busy', 'Too much is going on at this place; nothing was written. Try again.', retry);
  if (error instanceof URIError) return new Problem('not_found', 'The path is not well-formed.');
  return new Problem('internal_error', 'Something went wrong on our side. The request id helps us to find it.');
}
