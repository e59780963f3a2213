import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiParameters, ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { BODY_LIMIT_BYTES } from '../middleware/body.ts';
import type { UploadRule } from '../middleware/upload.ts';
import { needsCredentials, policyOf } from '../policy.ts';
import type { AnyRoute } from '../route.ts';
import type { SharedParts } from './components.ts';
import { problemAnswer } from './problem-answers.ts';
import { policySentences, securityOf } from './security.ts';

/** One route as an operation of the document: everything follows from the fields that the pipeline acts on. */
export function operationOf(route: AnyRoute, parts: SharedParts): ZodOpenApiOperationObject {
  const description = descriptionOf(route);
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(description === '' ? {} : { description }),
    security: securityOf(policyOf(route)),
    requestParams: requestParamsOf(route),
    parameters: headerParametersOf(route, parts),
    ...requestBodyOf(route),
    responses: responsesOf(route, parts),
  };
}

function descriptionOf(route: AnyRoute): string {
  const sentences = [route.description ?? ''];
  sentences.push(policySentences(policyOf(route)).join(' '));
  if (route.secretAnswer === true)
    sentences.push('The answer carries a secret, so it is not kept under an Idempotency-Key: a repetition gets 409 `already_done`.');
  if (route.bodyLimitBytes !== undefined && route.bodyLimitBytes !== BODY_LIMIT_BYTES)
    sentences.push(`The body may have ${route.bodyLimitBytes} bytes.`);
  if (route.upload !== undefined) sentences.push(`The file may have ${route.upload.bytesMax} bytes.`);
  return sentences.filter((sentence) => sentence !== '').join('\n\n');
}

function requestParamsOf(route: AnyRoute): ZodOpenApiParameters {
  return {
    ...(route.params === undefined ? {} : { path: route.params as z.ZodObject }),
    ...(route.query === undefined ? {} : { query: route.query as z.ZodObject }),
  };
}

function isWrite(route: AnyRoute): boolean {
  return route.method !== 'get';
}

function takesKey(route: AnyRoute): boolean {
  return needsCredentials(route) && isWrite(route) && route.idempotency !== 'none';
}

function needsVersion(route: AnyRoute): boolean {
  return route.precondition === true && (route.method === 'patch' || route.method === 'delete');
}

function hasTag(route: AnyRoute): boolean {
  return route.method === 'get' && Object.values(route.answers).some((answer) => answer.headers?.includes('ETag') === true);
}

function headerParametersOf(route: AnyRoute, parts: SharedParts): { $ref: string }[] {
  return [
    ...(takesKey(route) ? [parts.parameter(route.idempotency === 'required' ? 'IdempotencyKeyRequired' : 'IdempotencyKey')] : []),
    ...(needsVersion(route) ? [parts.parameter('IfMatch')] : []),
    ...(hasTag(route) ? [parts.parameter('IfNoneMatch')] : []),
  ];
}

function requestBodyOf(route: AnyRoute): Pick<ZodOpenApiOperationObject, 'requestBody'> {
  if (route.upload !== undefined) return { requestBody: fileBody(route.upload) };
  if (route.body === undefined) return {};
  const schema = route.body as z.ZodType;
  // An absent body counts as an empty object, so it is required exactly when that is refused.
  return {
    requestBody: {
      required: route.rawBody === true || !schema.safeParse({}).success,
      content: {
        'application/json': { schema },
        ...(route.form === undefined ? {} : { 'multipart/form-data': { schema: route.form.schema } }),
      },
    },
  };
}

/** A file in a form, or alone under its own type. */
function fileBody({ types }: UploadRule): NonNullable<ZodOpenApiOperationObject['requestBody']> {
  const form = z.strictObject({ file: binary });
  return {
    required: true,
    content: { 'multipart/form-data': { schema: form }, ...Object.fromEntries(types.map((type) => [type, { schema: binary }])) },
  };
}

const binary = z.string().meta({ format: 'binary', description: 'The bytes of a file.' });

function responsesOf(route: AnyRoute, parts: SharedParts): ZodOpenApiResponsesObject {
  const responses: Record<string, ZodOpenApiResponseObject> = {};
  for (const [status, answer] of Object.entries(route.answers)) {
    const { description, schema, headers = [], contentType = 'application/json' } = answer;
    const names = [
      'X-Request-Id',
      ...limitHeaders(route),
      ...headers,
      ...(takesKey(route) && route.secretAnswer !== true ? ['Idempotent-Replayed'] : []),
    ];
    responses[status] = {
      description,
      headers: parts.headers(...names) as NonNullable<ZodOpenApiResponseObject['headers']>,
      ...(schema === undefined ? {} : { content: Object.fromEntries([contentType].flat().map((type) => [type, { schema }])) }),
    };
  }
  if (hasTag(route))
    responses['304'] = parts.answer('NotModified', () => ({
      description: 'The version is the one in If-None-Match.',
      headers: parts.headers('X-Request-Id', 'ETag') as NonNullable<ZodOpenApiResponseObject['headers']>,
    }));
  for (const status of problemStatuses(route)) responses[status] ??= problemAnswer(status, parts);
  return responses;
}

function limitHeaders(route: AnyRoute): string[] {
  return route.rate === 'none' ? [] : ['RateLimit-Policy', 'RateLimit'];
}

/** Statuses of problems that a route can answer, in ascending order. */
export function problemStatuses(route: AnyRoute): number[] {
  const statuses = new Set<number>([400, 503, ...(route.problems ?? [])]);
  if (needsCredentials(route)) statuses.add(401).add(403);
  if (route.access !== undefined || route.params !== undefined) statuses.add(404);
  if (takesKey(route)) statuses.add(409).add(422);
  if (needsVersion(route)) statuses.add(412).add(428);
  if (isWrite(route)) statuses.add(413);
  if (route.body !== undefined) statuses.add(422);
  if (route.upload !== undefined || (route.body !== undefined && route.rawBody !== true)) statuses.add(415);
  if (route.rate !== 'none') statuses.add(429);
  return [...statuses].toSorted((a, b) => a - b);
}
