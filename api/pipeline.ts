import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import { z } from 'zod';
import type { Readiness } from '../config/ops-server.ts';
import { audit } from '../db/commands/user/audit.ts';
import { transact } from '../db/transact.ts';
import { findAnswer, hashRequest, type IdempotencyScope } from '../db/idempotency.ts';
import { addressKey } from './client-address.ts';
import { databaseOf, type Deps } from './deps.ts';
import type { Authenticate } from './middleware/authenticate.ts';
import { BODY_LIMIT_BYTES, parseJson, readBody } from './middleware/body.ts';
import { isForm, parseForm } from './middleware/multipart.ts';
import { admitUpload, fileOf, FORM_BYTES_MAX } from './middleware/upload.ts';
import { guardQuery, isStorable } from './middleware/guard.ts';
import type { RateLimits } from './middleware/rate-limit.ts';
import { validate } from './middleware/validate.ts';
import type { Noted } from './frame.ts';
import { platformRoleOf, policyOf, requirePolicy } from './policy.ts';
import { Problem } from './problems.ts';
import { replay, RouteRequest } from './request.ts';
import type { AnyRoute, Answer, Principal } from './route.ts';

/** What every request passes through, made once per app. */
export interface Pipeline {
  readonly deps: Deps;
  readonly authenticate: Authenticate;
  readonly limits: RateLimits;
  /** What `/readyz` tells; without it only that the process answers. */
  readonly readiness?: () => Promise<Readiness>;
}

const NO_BODY = Buffer.alloc(0);
const NO_QUERY = z.strictObject({});
const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * Runs one request in the order that the contract fixes: authenticate (401), rate (429), is the path's resource visible
 * (404), parse and validate (400, 413, 415, 422), may the caller do it (403), then the handler, which looks at state.
 *
 * A command may take the caller's own right to it away: who has left a group or handed it over, and repeats the request
 * with its Idempotency-Key, gets the first answer again and not a 404 or 403.
 */
export async function runRoute(pipeline: Pipeline, route: AnyRoute, ctx: Context, pathParams: Record<string, string>): Promise<void> {
  const { deps } = pipeline;
  const policy = policyOf(route);
  const principal = policy.caller === 'anyone' ? null : await pipeline.authenticate(ctx, { erased: policy.erased });
  if (principal !== null) (ctx.state as Noted).userId = principal.userId;
  await countRequest(pipeline, route, ctx, principal);
  const params = pathParamsOf(route, pathParams);
  const resource = await visibleResource(deps, route, ctx, principal, params);
  let rawBody = await bodyAsSent(route, ctx);
  if (resource === null) {
    const kept = await answeredBefore(deps, route, scopeOf(route, ctx, principal, rawBody));
    // What the caller may no longer see is not shown again either, only that it was done.
    if (kept === null || (kept.body ?? null) !== null) throw notFound();
    write(ctx, kept);
    return;
  }
  if (route.upload !== undefined) rawBody = await fileOf(ctx, rawBody, route.upload);
  const query = queryOf(route, ctx);
  const form = route.form !== undefined && isForm(ctx) ? await parseForm(ctx, rawBody, route.form) : null;
  const body = form === null ? bodyOf(route, ctx, rawBody) : validate(route.body as z.ZodType, form.body, '');
  const scope = scopeOf(route, ctx, principal, rawBody);
  if (principal !== null) requirePolicy(policy, principal);
  if (route.access?.permit !== undefined && !route.access.permit(resource, principal as Principal)) {
    const kept = await answeredBefore(deps, route, scope);
    if (kept === null) throw new Problem('forbidden', 'Your role does not allow this.');
    write(ctx, kept);
    return;
  }
  requirePrecondition(route, ctx);
  const request = new RouteRequest({
    deps,
    service: route.service,
    policy,
    params,
    query,
    body,
    rawBody,
    file: form?.file ?? null,
    resource,
    headers: ctx.headers,
    requestId: (ctx.state as Noted).requestId ?? '',
    address: deps.clientAddress(ctx.req),
    principal,
    scope,
    secretAnswer: route.secretAnswer ?? false,
  });
  if (principal !== null && platformRoleOf(policy) !== null) await notePlatformAct(pipeline.deps, route, request, params, principal);
  write(ctx, (await route.handle(request)) as Answer);
}

/**
 * Notes an act by virtue of a platform role before it is done, so that nothing such a person reads or changes goes unseen.
 * The log is the user service's; where that is not served here, a change is noted from its event instead.
 */
async function notePlatformAct(
  deps: Deps,
  route: AnyRoute,
  { address }: { readonly address: string },
  params: Record<string, string>,
  { userId, sessionId }: Principal,
): Promise<void> {
  const subjectId = params['userId'];
  if (deps.databases.user === undefined) return;
  await transact(deps.databases.user, (tx) =>
    audit(tx, {
      action: 'platform.acted',
      actorId: userId,
      sessionId,
      address,
      ...(subjectId === undefined ? {} : { subjectId }),
      data: { operation: route.operationId },
    }),
  );
}

async function countRequest(pipeline: Pipeline, route: AnyRoute, ctx: Context, principal: Principal | null): Promise<void> {
  const limiter = route.rate ?? (principal === null ? 'anonymous' : 'credential');
  // The refresh limiter counts per token family, which only its handler knows; until then the address counts as anonymous.
  const counted = limiter === 'refresh' ? 'anonymous' : limiter;
  await pipeline.limits.consume(ctx, counted, principal?.userId ?? addressKey(pipeline.deps.clientAddress(ctx.req)));
}

function pathParamsOf(route: AnyRoute, raw: Record<string, string>): Record<string, string> {
  // What Postgres cannot keep as text cannot be the id of anything either.
  for (const value of Object.values(raw)) if (!isStorable(value)) throw notFound();
  if (route.params === undefined) return raw;
  const parsed = route.params.safeParse(raw);
  if (!parsed.success) throw notFound();
  return parsed.data as Record<string, string>;
}

async function visibleResource(
  deps: Deps,
  route: AnyRoute,
  ctx: Context,
  principal: Principal | null,
  params: Record<string, string>,
): Promise<unknown> {
  if (route.access === undefined) return undefined;
  const resource = await route.access.load(deps, principal as Principal, params);
  // A request without a proper key cannot be a repetition, so its body need not be read; nor is a file for one who sees nothing.
  if (resource === null && (route.method === 'get' || route.upload !== undefined || !KEY.test(ctx.get('idempotency-key'))))
    throw notFound();
  return resource;
}

async function bodyAsSent(route: AnyRoute, ctx: Context): Promise<Buffer> {
  if (route.method === 'get') return NO_BODY;
  if (route.upload === undefined) return readBody(ctx, route.bodyLimitBytes ?? BODY_LIMIT_BYTES);
  admitUpload(ctx);
  return readBody(ctx, route.upload.bytesMax + FORM_BYTES_MAX);
}

async function answeredBefore(deps: Deps, route: AnyRoute, scope: IdempotencyScope | null): Promise<Answer | null> {
  if (scope === null) return null;
  const kept = await findAnswer(databaseOf(deps, route.service), scope);
  return kept === null ? null : replay(kept);
}

function queryOf(route: AnyRoute, ctx: Context): unknown {
  // Gateways append what they like to the addresses that they call.
  if (route.query === undefined && (route.rawBody === true || ctx.querystring === '')) return {};
  return validate((route.query as z.ZodObject | undefined) ?? NO_QUERY, guardQuery(ctx.query), '/query');
}

function bodyOf(route: AnyRoute, ctx: Context, rawBody: Buffer): unknown {
  if (route.rawBody === true || route.upload !== undefined) return undefined;
  if (route.body !== undefined) {
    const parsed = parseJson(ctx, rawBody);
    return validate(route.body as z.ZodType, parsed === undefined ? {} : parsed, '');
  }
  // An empty JSON object where no body is expected is what many clients send; anything else is a mistake worth a word.
  if (rawBody.length > 0 && rawBody.toString().trim() !== '{}') throw new Problem('invalid_request', 'This operation takes no body.');
  return undefined;
}

function requirePrecondition(route: AnyRoute, ctx: Context): void {
  if (route.precondition !== true || (route.method !== 'patch' && route.method !== 'delete')) return;
  if (ctx.get('if-match') === '') throw new Problem('precondition_required', 'Send If-Match with the ETag that you read, or *.');
}

function scopeOf(route: AnyRoute, ctx: Context, principal: Principal | null, rawBody: Buffer): IdempotencyScope | null {
  if (principal === null || route.method === 'get' || route.idempotency === 'none') return null;
  const key = ctx.req.headers['idempotency-key'];
  if (key === undefined) {
    if (route.idempotency === 'required')
      throw new Problem('idempotency_key_required', 'This operation moves money: send an Idempotency-Key.');
    return null;
  }
  if (typeof key !== 'string' || !KEY.test(key))
    throw new Problem('invalid_idempotency_key', 'An Idempotency-Key is 1 to 255 printable ASCII characters.');
  // A file may be large: its digest stands for it.
  const body = route.upload === undefined ? rawBody.toString('latin1') : createHash('sha256').update(rawBody).digest('hex');
  const requestHash = hashRequest(body, ctx.querystring, ctx.get('if-match'));
  return { userId: principal.userId, method: ctx.method, path: ctx.path, key, requestHash };
}

function write(ctx: Context, answer: Answer): void {
  ctx.status = answer.status;
  if (answer.headers !== undefined) for (const name in answer.headers) ctx.set(name, answer.headers[name] as string);
  if ((ctx.method === 'GET' || ctx.method === 'HEAD') && unchanged(ctx)) {
    ctx.status = 304;
    return;
  }
  // A kept answer without a body comes back from the database with null.
  if (answer.body !== undefined && answer.body !== null) {
    ctx.body = answer.body;
    return;
  }
  // Without this Koa would write the status in words; an empty body turns the status into 204, so that is set again.
  ctx.body = null;
  ctx.status = answer.status;
}

function unchanged(ctx: Context): boolean {
  const asked = ctx.get('if-none-match');
  if (asked === '') return false;
  const tag = ctx.response.get('etag');
  return tag !== '' && matches(asked, tag);
}

function matches(ifNoneMatch: string, tag: string): boolean {
  return ifNoneMatch.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === tag || candidate.trim() === '*');
}

function notFound(): Problem {
  return new Problem('not_found', 'There is no such resource, or you may not see it.');
}
