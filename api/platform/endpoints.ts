import type { Context } from 'koa';
import { z } from 'zod';
import { jwks } from '../../config/signing-keys.ts';
import { cachedDocument } from '../openapi/cached.ts';
import type { Pipeline } from '../pipeline.ts';
import type { AnyRoute } from '../route.ts';
import { answerAsset, answerDocsPage } from './docs.ts';
import { answerProblemPage } from './problem-page.ts';
import { answerReadiness, readinessBody } from './readiness.ts';

/** An endpoint of the platform itself: outside authentication, rate limits and the permission matrix; GET and HEAD only. */
export interface PlatformEndpoint {
  /** Koa path with `:name` parameters. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** How it shows in the OpenAPI document; pages for people do not. */
  readonly document?: {
    readonly description: string;
    readonly answer: { readonly description: string; readonly schema: z.ZodType; readonly contentType?: string };
    /** Answers 503 when the process is not ready. */
    readonly mayBeUnready?: boolean;
  };
  handle(ctx: Context, params: Record<string, string>): Promise<void> | void;
}

const liveness = z.strictObject({ status: z.literal('alive') }).meta({ id: 'Liveness' });
const jwk = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  kid: z.string(),
  alg: z.literal('ES256'),
  use: z.literal('sig'),
});

/** What is declared about the platform's endpoints that the document shows; handlers are added by {@link platformEndpoints}. */
export const DOCUMENTED = {
  livez: {
    description: 'Says that the process answers, whatever the state of the parts it works with. For the supervisor of the process.',
    answer: { description: 'The process answers.', schema: liveness },
  },
  readyz: {
    description: 'Postgres and all migrations must be there. Temporal, Redis and the broker are listed and never make the process unready.',
    answer: { description: 'The process can serve.', schema: readinessBody },
    mayBeUnready: true,
  },
  jwks: {
    description: 'The public keys that verify access tokens (RFC 7517). May be kept for five minutes.',
    answer: {
      description: 'The keys.',
      schema: z.strictObject({ keys: z.array(jwk) }).meta({ id: 'JsonWebKeySet' }),
    },
  },
  openapi: {
    description: 'This document, generated from the schemas that validate requests.',
    answer: {
      description: 'The OpenAPI 3.1 document.',
      schema: z.looseObject({ openapi: z.string() }).meta({ id: 'OpenApiDocument', description: 'An OpenAPI 3.1 document.' }),
    },
  },
} satisfies Record<string, NonNullable<PlatformEndpoint['document']>>;

/** The platform's endpoints of one app. */
export function platformEndpoints(pipeline: Pipeline, routes: readonly AnyRoute[]): readonly PlatformEndpoint[] {
  const { deps } = pipeline;
  const endpoints: PlatformEndpoint[] = [
    { path: '/livez', operationId: 'getLiveness', summary: 'Tell whether the process lives', document: DOCUMENTED.livez, handle: live },
    {
      path: '/readyz',
      operationId: 'getReadiness',
      summary: 'Tell whether the process can serve',
      document: DOCUMENTED.readyz,
      handle: (ctx) => answerReadiness(ctx, pipeline.readiness, deps.publicUrl),
    },
    {
      path: '/.well-known/jwks.json',
      operationId: 'getJsonWebKeySet',
      summary: 'Read the keys that verify tokens',
      document: DOCUMENTED.jwks,
      handle: (ctx) => answerText(ctx, JSON.stringify(jwks(deps.secrets)), 'public, max-age=300'),
    },
    {
      path: '/openapi.json',
      operationId: 'getOpenApiDocument',
      summary: 'Read this document',
      document: DOCUMENTED.openapi,
      handle: async (ctx) => {
        const { text, etag } = await document();
        ctx.set('ETag', etag);
        if (ctx.get('if-none-match') === etag) ctx.status = 304;
        else answerText(ctx, text, 'public, no-cache');
      },
    },
    { path: '/docs', operationId: 'getDocsPage', summary: 'Reference for people', handle: answerDocsPage },
    {
      path: '/docs/assets/:file',
      operationId: 'getDocsAsset',
      summary: 'Files of the reference page',
      handle: (ctx, params) => answerAsset(ctx, params['file'] ?? ''),
    },
    {
      path: '/problems/:code',
      operationId: 'getProblemPage',
      summary: 'What a problem means',
      handle: (ctx, params) => answerProblemPage(ctx, params['code'] ?? '', deps.publicUrl),
    },
  ];
  const document = cachedDocument(routes, endpoints);
  return endpoints;
}

function live(ctx: Context): void {
  ctx.body = { status: 'alive' };
}

function answerText(ctx: Context, text: string, cacheControl: string): void {
  ctx.status = 200;
  ctx.set('Cache-Control', cacheControl);
  ctx.body = text;
  ctx.type = 'application/json';
}
