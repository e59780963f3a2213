import type { ZodOpenApiComponentsObject, ZodOpenApiResponseObject } from 'zod-openapi';

type Kind = 'headers' | 'parameters';

/** Headers of answers by name. */
const HEADERS = {
  'X-Request-Id': {
    description: 'Id of the request: the one that was sent, or a new one.',
    schema: { type: 'string' },
    example: '0b9a1c1e-6c0e-4f4e-9f0e-3b8f6a0f2d51',
  },
  'RateLimit-Policy': {
    description: 'The limiter that counted the request: quota `q` in a window of `w` seconds (IETF draft).',
    schema: { type: 'string' },
    example: '"credential";q=1200;w=60',
  },
  RateLimit: {
    description: 'What is left: `r` requests, and `t` seconds until the window ends.',
    schema: { type: 'string' },
    example: '"credential";r=1187;t=42',
  },
  'Retry-After': {
    description: 'Seconds to wait before the request is worth repeating.',
    schema: { type: 'integer', minimum: 0 },
    example: 1,
  },
  ETag: { description: 'The version of the resource, for If-Match and If-None-Match.', schema: { type: 'string' }, example: '"v3"' },
  Location: {
    description: 'Path of the resource.',
    schema: { type: 'string' },
    example: '/v1/groups/019f2c6e-0000-7000-8000-000000000000',
  },
  'Content-Disposition': {
    description: 'A name for the file.',
    schema: { type: 'string' },
    example: 'attachment; filename="safesplitx.zip"',
  },
  'Idempotent-Replayed': {
    description: '`true` when this is the first answer to the Idempotency-Key, given again.',
    schema: { type: 'string', enum: ['true'] },
    example: 'true',
  },
  'WWW-Authenticate': { description: 'How to authenticate.', schema: { type: 'string' }, example: 'Bearer realm="safesplitx"' },
} as const;

const KEY_SCHEMA = { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]{1,255}$' } as const;

/** Header parameters of requests by component name. */
const PARAMETERS = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'Makes a repetition harmless: the same key with the same content gets the first answer again, for 30 days. Scope: user, method and path.',
    schema: KEY_SCHEMA,
    example: '5f0c2f9e-6f5b-4f5e-8a55-9d1f7c2f3a10',
  },
  IdempotencyKeyRequired: {
    name: 'Idempotency-Key',
    in: 'header',
    required: true,
    description:
      'Required, because the operation moves money. The same key with the same content gets the first answer again, for 30 days.',
    schema: KEY_SCHEMA,
    example: '5f0c2f9e-6f5b-4f5e-8a55-9d1f7c2f3a10',
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: true,
    description: 'The ETag that was read, or `*` for whatever version there is.',
    schema: { type: 'string', minLength: 1 },
    example: '"v3"',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'An ETag that was read: the answer is 304 when it still holds.',
    schema: { type: 'string' },
    example: '"v3"',
  },
} as const;

/** Name of a header that answers carry. */
export type HeaderName = keyof typeof HEADERS;
/** Name of a header parameter's component. */
export type ParameterName = keyof typeof PARAMETERS;

interface Reference {
  readonly $ref: string;
}

/** Hands out references to shared parts of the document and remembers which were used, so that none is there for nothing. */
export interface SharedParts {
  header(name: string): Reference;
  headers(...names: readonly string[]): Record<string, Reference>;
  parameter(name: ParameterName): Reference;
  /** The answer under a component id, made once: the generator tells shared answers by their identity. */
  answer(id: string, make: () => ZodOpenApiResponseObject): ZodOpenApiResponseObject;
  used(): Pick<ZodOpenApiComponentsObject, 'headers' | 'parameters'>;
}

/** Makes the shared parts of one document. */
export function sharedParts(): SharedParts {
  const used = { headers: new Set<string>(), parameters: new Set<string>() };
  const answers = new Map<string, ZodOpenApiResponseObject>();
  const refer = (kind: Kind, name: string): Reference => {
    used[kind].add(name);
    return { $ref: `#/components/${kind}/${name}` };
  };
  const header = (name: string): Reference => {
    if (!Object.hasOwn(HEADERS, name)) throw new Error(`api/openapi/components.ts does not describe the header ${name}`);
    return refer('headers', name);
  };
  return {
    header,
    headers: (...names) => Object.fromEntries(names.map((name) => [name, header(name)])),
    parameter: (name) => refer('parameters', name),
    answer(id, make) {
      const made = answers.get(id) ?? { ...make(), id };
      answers.set(id, made);
      return made;
    },
    used: () => ({
      headers: pick(HEADERS, used.headers) as NonNullable<ZodOpenApiComponentsObject['headers']>,
      parameters: pick(PARAMETERS, used.parameters) as NonNullable<ZodOpenApiComponentsObject['parameters']>,
    }),
  };
}

function pick(table: object, names: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).filter(([name]) => names.has(name)));
}
