import { randomUUID } from 'node:crypto';
import Router from '@koa/router';
import Koa, { type Context } from 'koa';
import type { ServiceName } from '../config/env.ts';
import { databaseFailure } from '../db/errors.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { Deps } from './deps.ts';
import { type Pipeline, runRoute } from './pipeline.ts';
import { Problem, type ProblemBody, problemOf, titleOf } from './problems.ts';
import { routesOf } from './registry.ts';
import type { AnyRoute } from './route.ts';

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** Notes how each request ended; given by main, so that tests need no metrics. */
export type Observe = (request: { route: string; method: string; status: number; seconds: number }) => void;

/**
 * Builds the HTTP application of some services out of the route registry.
 *
 * @param pipeline authentication, limits and dependencies.
 * @param services whose routes are served.
 * @param observe called once per request.
 */
export function createApp(pipeline: Pipeline, services: readonly ServiceName[], observe: Observe = () => {}): Koa {
  const app = new Koa({ proxy: false });
  const router = new Router({ sensitive: true });
  for (const route of routesOf(services)) {
    router[route.method](route.path, async (ctx) => {
      ctx.state['route'] = route;
      await runRoute(pipeline, route, ctx, ctx.params as Record<string, string>);
    });
  }
  app.use(frame(pipeline.deps, observe));
  app.use(router.routes());
  app.use(unmatched(router));
  // Koa's own handler would print; every error is answered and logged by the frame already.
  app.silent = true;
  return app;
}

function frame(deps: Deps, observe: Observe): Koa.Middleware {
  return async (ctx, next) => {
    const started = performance.now();
    const given = ctx.get('x-request-id');
    const requestId = REQUEST_ID.test(given) ? given : randomUUID();
    ctx.state['requestId'] = requestId;
    ctx.set('X-Request-Id', requestId);
    try {
      await next();
    } catch (error) {
      answerProblem(deps, ctx, error, requestId);
    }
    const route = ctx.state['route'] as AnyRoute | undefined;
    const seconds = (performance.now() - started) / 1000;
    observe({ route: route?.path ?? 'unmatched', method: ctx.method, status: ctx.status, seconds });
    deps.logger.info(
      {
        requestId,
        trace: traceOf(ctx),
        method: ctx.method,
        route: route?.path,
        operation: route?.operationId,
        status: ctx.status,
        ms: Math.round(seconds * 100_000) / 100,
        userId: ctx.state['userId'] as string | undefined,
      },
      'request',
    );
  };
}

/** The trace id of a W3C traceparent, for the log line. */
function traceOf(ctx: Context): string | undefined {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(ctx.get('traceparent'))?.[1];
}

function answerProblem(deps: Deps, ctx: Context, error: unknown, requestId: string): void {
  const problem = toProblem(error);
  if (problem.status >= 500) deps.logger.error({ requestId, err: error, code: problem.code }, 'request failed');
  const body: ProblemBody = {
    type: `${deps.publicUrl}/problems/${problem.code}`,
    title: titleOf(problem.code),
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    requestId,
    errors: problem.entries,
  };
  ctx.status = problem.status;
  for (const [name, value] of Object.entries(problem.headers)) ctx.set(name, value);
  ctx.body = JSON.stringify(body);
  ctx.type = 'application/problem+json';
}

/** Turns whatever was thrown into a problem; what nobody expected is a 500 that tells nothing. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof RefusalError) return problemOf(error.refusal);
  const failure = databaseFailure(error);
  const retry = { headers: { 'Retry-After': '1' } };
  if (failure === 'unavailable') return new Problem('database_unavailable', 'The database is away; nothing was written. Try again.', retry);
  if (failure === 'busy' || failure === 'retry')
    return new Problem('busy', 'Too much is going on at this place; nothing was written. Try again.', retry);
  if (error instanceof URIError) return new Problem('not_found', 'The path is not well-formed.');
  return new Problem('internal_error', 'Something went wrong on our side. The request id helps us to find it.');
}

function unmatched(router: Router): Koa.Middleware {
  return (ctx) => {
    const allowed = new Set(router.match(ctx.path, ctx.method).path.flatMap((layer) => layer.methods));
    if (allowed.size === 0) throw new Problem('not_found', 'There is nothing at this path.');
    const allow = [...allowed, 'OPTIONS'].toSorted().join(', ');
    if (ctx.method === 'OPTIONS') {
      ctx.status = 204;
      ctx.set('Allow', allow);
      return;
    }
    throw new Problem('method_not_allowed', `${ctx.method} is not allowed here.`, { headers: { Allow: allow } });
  };
}
