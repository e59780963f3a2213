import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject, type ZodOpenApiResponseObject } from 'zod-openapi';
import type { PlatformEndpoint } from '../platform/endpoints.ts';
import { unreadyExtension } from '../platform/readiness.ts';
import type { AnyRoute } from '../route.ts';
import { type SharedParts, sharedParts } from './components.ts';
import { operationOf } from './operation.ts';
import { exampleOf, extendedProblem, problemAnswer } from './problem-answers.ts';
import { securitySchemes } from './security.ts';
import { describeTag, TAGS } from './tags.ts';

const VERSION = '1.0.0';

const DESCRIPTION = `Groups record shared expenses, agree on them and settle them with real payments.

**Money** is \`{"amount": "12.34", "currency": "EUR"}\`, or a bare decimal string where the parent fixes the currency; never a JSON number.

**Errors** are \`application/problem+json\` (RFC 9457) with a stable \`code\`; their \`type\` is the address of a page about it.

**Repeat safely**: send an \`Idempotency-Key\` with POST, PATCH and DELETE; the same key with the same content gets the first answer again.

**Change safely**: resources with a \`version\` carry an \`ETag\`; PATCH and DELETE take it in \`If-Match\`.

**Lists** are \`{"data": [...], "nextCursor": "..."}\`; give \`nextCursor\` as \`cursor\` for the next page.

**Tracing**: \`X-Request-Id\` is taken and given; \`traceparent\` is honoured.`;

/** The published document: generated from the registry that routes and validates, so it cannot say anything else. */
export function openApiDocument(routes: readonly AnyRoute[], endpoints: readonly PlatformEndpoint[]): ReturnType<typeof createDocument> {
  const parts = sharedParts();
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const route of routes) (paths[templateOf(route.path)] ??= {})[route.method] = operationOf(route, parts);
  for (const endpoint of endpoints) {
    if (endpoint.document !== undefined)
      (paths[templateOf(endpoint.path)] ??= {})['get'] = platformOperation(endpoint, endpoint.document, parts);
  }
  const tags = new Set([...routes.map((route) => route.tag), 'platform']);
  return createDocument(
    {
      openapi: '3.1.1',
      info: {
        title: 'SafeSplitX',
        version: VERSION,
        summary: 'Shared expenses, agreed on and settled.',
        description: DESCRIPTION,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      // Relative to where the document was read, so that it fits every deployment.
      servers: [{ url: '/', description: 'The API that serves this document.' }],
      tags: [...tags].toSorted((a, b) => order(a) - order(b)).map((name) => ({ name, description: describeTag(name) })),
      security: [],
      paths: paths as ZodOpenApiPathsObject,
      components: {
        ...parts.used(),
        securitySchemes,
      },
    },
    // One schema, one name: our answers are as strict as our requests, so both sides share components.
    { outputIdSuffix: 'Answer' },
  );
}

function order(tag: string): number {
  const index = Object.keys(TAGS).indexOf(tag);
  return index === -1 ? Object.keys(TAGS).length : index;
}

function templateOf(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}

function platformOperation(
  endpoint: PlatformEndpoint,
  document: NonNullable<PlatformEndpoint['document']>,
  parts: SharedParts,
): ZodOpenApiOperationObject {
  const headers = parts.headers('X-Request-Id') as NonNullable<ZodOpenApiResponseObject['headers']>;
  const { answer } = document;
  return {
    operationId: endpoint.operationId,
    tags: ['platform'],
    summary: endpoint.summary,
    description: document.description,
    security: [],
    responses: {
      200: { description: answer.description, headers, content: { [answer.contentType ?? 'application/json']: { schema: answer.schema } } },
      400: problemAnswer(400, parts),
      ...(document.mayBeUnready === true ? { 503: unready(parts) } : {}),
    },
  };
}

function unready(parts: SharedParts): ZodOpenApiResponseObject {
  return {
    description: 'A part that the process needs is away.',
    headers: parts.headers('X-Request-Id', 'Retry-After') as NonNullable<ZodOpenApiResponseObject['headers']>,
    content: {
      'application/problem+json': {
        schema: extendedProblem('UnreadyProblem', unreadyExtension),
        example: {
          ...exampleOf('not_ready'),
          parts: { postgres: 'down', migrations: 'down', temporal: 'up', redis: 'off', broker: 'off' },
        },
      },
    },
  };
}
