import type { z } from 'zod';
import type { ServiceName } from '../config/env.ts';
import type { PlatformRole, Scope } from '../domain/scopes.ts';
import type { Deps } from './deps.ts';
import type { FormShape } from './middleware/multipart.ts';
import type { UploadRule } from './middleware/upload.ts';
import { type Policy, policyOf, type ResourceKind } from './policy.ts';
import type { RouteRequest } from './request.ts';

export type Method = 'get' | 'post' | 'patch' | 'put' | 'delete';

/** Who asks: the user of the request, and by which credential. */
export interface Principal {
  readonly userId: string;
  /** The sign-in, personal access token or application's grant that the credential belongs to. */
  readonly sessionId: string;
  readonly platformRole: PlatformRole | null;
  /** What the credential may do; null for a sign-in, which may all that its user may. */
  readonly scopes: ReadonlySet<Scope> | null;
}

/** What a handler answers; `undefined` as body means none. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * How the resource in the path becomes visible, and whether the caller has the standing that the policy asks for.
 *
 * `load` answers null where the caller may not see it (404); `permit` false where they see it and may not do this (403).
 */
export interface Access<Resource> {
  /** The kind that the policy names. */
  readonly resource: ResourceKind;
  load(deps: Deps, principal: Principal, params: Record<string, string>): Promise<Resource | null>;
  permit?(resource: Resource, principal: Principal): boolean;
}

/** Which limiter counts a request. Gateway webhooks, health, JWKS and the document are outside all of them. */
export type RateClass = 'credential' | 'anonymous' | 'sign-in' | 'refresh' | 'none';

/** One operation: what the router, the validator, the document and the permission matrix are made from. */
export interface Route<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
  Resource = unknown,
> {
  readonly service: ServiceName;
  readonly method: Method;
  /** Koa path with `:name` parameters. */
  readonly path: string;
  /** Its policy is in `api/policy.ts`. */
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly access?: Access<Resource>;
  readonly rate?: RateClass;
  /** For signed-in POST, PATCH, PUT and DELETE; `optional` by default. */
  readonly idempotency?: 'optional' | 'required' | 'none';
  /** The answer carries a secret: under an Idempotency-Key only the fact is kept. */
  readonly secretAnswer?: boolean;
  /** The resource shows a `version`: PATCH and DELETE need If-Match. */
  readonly precondition?: boolean;
  /** Most bytes of the body; 1 MiB by default. */
  readonly bodyLimitBytes?: number;
  /** The body is a file, alone or in a form; the handler finds it in `rawBody`. */
  readonly upload?: UploadRule;
  /** The body is kept raw and not parsed: signatures are checked over it. */
  readonly rawBody?: boolean;
  /** The body may also come as a form with a file, whose bytes are then in `request.file`. */
  readonly form?: FormShape;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** 2xx answers by status: what they mean, and the schema of the body where there is one. */
  readonly answers: Readonly<
    Record<
      number,
      {
        readonly description: string;
        readonly schema?: z.ZodType;
        readonly headers?: readonly string[];
        readonly contentType?: string | readonly string[];
      }
    >
  >;
  /** Statuses of problems beyond those that follow from the fields above. */
  readonly problems?: readonly number[];
  handle(request: RouteRequest<z.output<Params>, z.output<Query>, z.output<Body>, Resource>): Promise<Answer>;
}

/** A route of any shape, as the registry holds it. */
// oxlint-disable-next-line typescript/no-explicit-any -- the registry is heterogeneous; each route is checked where it is declared.
export type AnyRoute = Route<any, any, any, any>;

/** A route as it is declared: what loads its resource gets the policy, and takes from there what it asks of the caller. */
type Declaration<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType, Resource> = Omit<
  Route<Params, Query, Body, Resource>,
  'access'
> & { readonly access?: Access<Resource> | ((policy: Policy) => Access<Resource>) };

/**
 * Declares a route.
 *
 * @throws Error where its access asks for the policy and the table has none.
 */
export function route<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType, Resource = undefined>(
  spec: Declaration<Params, Query, Body, Resource>,
): Route<Params, Query, Body, Resource> {
  const { access, ...rest } = spec;
  if (access === undefined) return rest;
  return { ...rest, access: typeof access === 'function' ? access(policyOf(spec)) : access };
}
