import type { Context } from 'koa';
import { hashRequest, type IdempotencyScope } from '../db/idempotency.ts';
import type { Deps } from './deps.ts';
import type { Authenticate } from './middleware/authenticate.ts';
import { BODY_LIMIT_BYTES, parseJson, readBody } from './middleware/body.ts';
import type { RateLimits } from './middleware/rate-limit.ts';
import { validate } from './middleware/validate.ts';
import { Problem } from './problems.ts';
import { RouteRequest } from './request.ts';
import type { AnyRoute, Answer, Principal } from './route.ts';

/** What every request passes through, made once per app. */
export interface Pipeline {
  readonly deps: Deps;
  readonly authenticate: Authenticate;
  readonly limits: RateLimits;
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * Runs one request in the order that the contract fixes: authenticate (401), rate (429), is the path's resource visible
 * (404), parse and validate (400, 413, 415, 422), may the caller do it (403), then the handler, which looks at state.
 */
export async function runRoute(pipeline: Pipeline, route: AnyRoute, ctx: Context, pathParams: Record<string, string>): Promise<void> {
  const { deps } = pipeline;
  const principal = route.auth === 'user' ? await pipeline.authenticate(ctx) : null;
  if (principal !== null) ctx.state['userId'] = principal.userId;
  await countRequest(pipeline, route, ctx, principal);
  const params = pathParamsOf(route, pathParams);
  const resource = await visibleResource(deps, route, principal, params);
  const rawBody = hasBody(route) ? await readBody(ctx, route.bodyLimitBytes ?? BODY_LIMIT_BYTES) : Buffer.alloc(0);
  const query = route.query === undefined ? {} : validate(route.query, { ...ctx.query }, '/query');
  const body =
    route.body === undefined || route.rawBody === true
      ? refuseBody(route, rawBody)
      : validate(route.body, parseJson(ctx, rawBody) ?? {}, '');
  if (route.access?.permit !== undefined && !route.access.permit(resource, principal as Principal)) {
    throw new Problem('forbidden', 'Your role does not allow this.');
  }
  if (route.precondition === true && (route.method === 'patch' || route.method === 'delete') && ctx.get('if-match') === '') {
    throw new Problem('precondition_required', 'Send If-Match with the ETag that you read, or *.');
  }
  const scope = scopeOf(route, ctx, principal, rawBody);
  const request = new RouteRequest({
    deps,
    service: route.service,
    params,
    query,
    body,
    rawBody,
    resource,
    headers: ctx.headers,
    requestId: ctx.state['requestId'] as string,
    address: ctx.ip,
    principal,
    scope,
    secretAnswer: route.secretAnswer ?? false,
  });
  write(ctx, (await route.handle(request)) as Answer);
}

async function countRequest(pipeline: Pipeline, route: AnyRoute, ctx: Context, principal: Principal | null): Promise<void> {
  const limiter = route.rate ?? (principal === null ? 'anonymous' : 'credential');
  // The refresh limiter counts per token family, which only its handler knows; until then the address counts as anonymous.
  const counted = limiter === 'refresh' ? 'anonymous' : limiter;
  await pipeline.limits.consume(ctx, counted, principal?.userId ?? ctx.ip);
}

function pathParamsOf(route: AnyRoute, raw: Record<string, string>): Record<string, string> {
  if (route.params === undefined) return raw;
  const parsed = route.params.safeParse(raw);
  if (!parsed.success) throw notFound();
  return parsed.data as Record<string, string>;
}

async function visibleResource(deps: Deps, route: AnyRoute, principal: Principal | null, params: Record<string, string>): Promise<unknown> {
  if (route.access === undefined) return undefined;
  const resource = await route.access.load(deps, principal as Principal, params);
  if (resource === null) throw notFound();
  return resource;
}

function hasBody(route: AnyRoute): boolean {
  return route.method !== 'get';
}

function refuseBody(route: AnyRoute, rawBody: Buffer): undefined {
  // An empty JSON object where no body is expected is what many clients send; anything else is a mistake worth a word.
  if (route.rawBody !== true && rawBody.length > 0 && rawBody.toString().trim() !== '{}')
    throw new Problem('invalid_request', 'This operation takes no body.');
  return undefined;
}

function scopeOf(route: AnyRoute, ctx: Context, principal: Principal | null, rawBody: Buffer): IdempotencyScope | null {
  if (principal === null || route.method === 'get' || route.idempotency === 'none') return null;
  const key = ctx.get('idempotency-key');
  if (key === '') {
    if (route.idempotency === 'required')
      throw new Problem('idempotency_key_required', 'This operation moves money: send an Idempotency-Key.');
    return null;
  }
  if (!KEY.test(key)) throw new Problem('invalid_idempotency_key', 'An Idempotency-Key is 1 to 255 printable ASCII characters.');
  const requestHash = hashRequest(rawBody.toString('latin1'), ctx.querystring, ctx.get('if-match'));
  return { userId: principal.userId, method: ctx.method, path: ctx.path, key, requestHash };
}

function write(ctx: Context, answer: Answer): void {
  ctx.status = answer.status;
  for (const [name, value] of Object.entries(answer.headers ?? {})) ctx.set(name, value);
  const tag = ctx.response.get('etag');
  if (ctx.method === 'GET' && tag !== '' && matches(ctx.get('if-none-match'), tag)) {
    ctx.status = 304;
    return;
  }
  if (answer.body === undefined) return;
  ctx.body = answer.body;
}

function matches(ifNoneMatch: string, tag: string): boolean {
  return ifNoneMatch.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === tag || candidate.trim() === '*');
}

function notFound(): Problem {
  return new Problem('not_found', 'There is no such resource, or you may not see it.');
}
