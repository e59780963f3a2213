import { z } from 'zod';
import type { ZodOpenApiResponseObject } from 'zod-openapi';
import { PROBLEM_NOTES } from '../problem-notes.ts';
import { statusOf, titleOf } from '../problems.ts';
import type { SharedParts } from './components.ts';

const entry = z
  .strictObject({
    pointer: z.string().meta({ description: 'JSON pointer to the place: into the body, or below /query.', example: '/total/amount' }),
    code: z.string().meta({ example: 'amount_precision' }),
    detail: z.string(),
  })
  .meta({ id: 'ProblemEntry' });

const shape = {
  type: z.string().meta({ description: 'URL of a page about the problem, served by this API.' }),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string().meta({ description: 'Stable word for programs.' }),
  requestId: z.string(),
  errors: z.array(entry),
};

/** The body of every answer that is not 2xx (RFC 9457). */
export const problemSchema = z.strictObject(shape).meta({ id: 'Problem', description: 'What went wrong (RFC 9457).' });

/** A problem with members of its own. */
export function extendedProblem(id: string, extension: z.ZodRawShape): z.ZodType {
  return z.strictObject({ ...shape, ...extension }).meta({ id });
}

interface ProblemAnswer {
  readonly id: string;
  readonly description: string;
  /** The code of the example. */
  readonly code: string;
  readonly headers?: readonly string[];
}

/** The answer of each status, with one of its codes as the example. */
const ANSWERS: Readonly<Record<number, ProblemAnswer>> = {
  400: { id: 'BadRequest', description: 'The request is malformed: its fields, its query, a header or its JSON.', code: 'unknown_field' },
  401: {
    id: 'Unauthenticated',
    description: 'Valid credentials are needed.',
    code: 'unauthenticated',
    headers: ['WWW-Authenticate'],
  },
  403: { id: 'Forbidden', description: 'The caller may see the resource, and may not do this.', code: 'forbidden' },
  404: { id: 'NotFound', description: 'There is no such resource, or the caller may not see it.', code: 'not_found' },
  409: {
    id: 'Conflict',
    description: 'The state of the resource does not allow it, or a request with the same Idempotency-Key is still running.',
    code: 'idempotency_in_progress',
    headers: ['Retry-After'],
  },
  410: { id: 'Gone', description: 'The resource is gone for good.', code: 'gone' },
  412: {
    id: 'PreconditionFailed',
    description: 'The resource is at another version than If-Match, or the body, says.',
    code: 'version_mismatch',
  },
  413: { id: 'BodyTooLarge', description: 'The body is larger than this operation takes.', code: 'body_too_large' },
  415: { id: 'UnsupportedMediaType', description: 'The body is not JSON in UTF-8.', code: 'not_json' },
  422: { id: 'Unprocessable', description: 'The request is well-formed and contradicts a rule.', code: 'idempotency_key_reused' },
  428: { id: 'PreconditionRequired', description: 'If-Match is missing.', code: 'precondition_required' },
  429: {
    id: 'RateLimited',
    description: 'Too many requests.',
    code: 'rate_limited',
    headers: ['Retry-After', 'RateLimit', 'RateLimit-Policy'],
  },
  502: { id: 'BadGateway', description: 'A system outside gave no usable answer.', code: 'gateway_unavailable' },
  503: {
    id: 'Unavailable',
    description: 'The database is away or too busy; nothing was written. Repeat with the same Idempotency-Key.',
    code: 'database_unavailable',
    headers: ['Retry-After'],
  },
};

/**
 * The answer of a status that tells of a problem.
 *
 * @throws Error when the table lacks the status; the document's test finds it.
 */
export function problemAnswer(status: number, parts: SharedParts): ZodOpenApiResponseObject {
  const answer = ANSWERS[status];
  if (answer === undefined) throw new Error(`api/openapi/problem-answers.ts has no answer ${status}`);
  return parts.answer(answer.id, () => ({
    description: answer.description,
    headers: parts.headers('X-Request-Id', ...(answer.headers ?? [])) as NonNullable<ZodOpenApiResponseObject['headers']>,
    content: { 'application/problem+json': { schema: problemSchema, example: exampleOf(answer.code, status) } },
  }));
}

/** A problem as an example. */
export function exampleOf(code: string, status = statusOf(code)): Record<string, unknown> {
  const detail = PROBLEM_NOTES[code] ?? `${titleOf(code)}.`;
  return {
    type: `https://api.safesplitx.example/problems/${code}`,
    title: titleOf(code),
    status,
    detail,
    code,
    requestId: '0b9a1c1e-6c0e-4f4e-9f0e-3b8f6a0f2d51',
    errors: status === 400 ? [{ pointer: '/nickname', code, detail: 'This field is not known.' }] : [],
  };
}
