import type { z } from 'zod';
import { Problem, type ProblemEntry } from '../problems.ts';

/** Most entries of one problem: enough to mend a form, few enough to read. */
const ENTRIES_MAX = 50;

/**
 * Parses one part of a request with its schema.
 *
 * @param where prefix of the pointers: '' for the body, '/query', '/path'.
 * @throws Problem unknown_field (400) when nothing but unknown fields is wrong, the code that the schema names (422) when all is well-formed
 *   and contradicts itself, invalid_request (400) otherwise.
 */
export function validate<Schema extends z.ZodType>(schema: Schema, input: unknown, where: string): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const entries = parsed.error.issues.flatMap((issue) => entriesOf(issue, where)).slice(0, ENTRIES_MAX);
  const [first] = entries;
  const shared = entries.every((entry) => entry.code === first?.code) ? first?.code : undefined;
  throw new Problem(
    shared !== undefined && (shared === 'unknown_field' || namedProblems(parsed.error).has(shared)) ? shared : 'invalid_request',
    first === undefined ? 'The request is not valid.' : `${first.pointer || '/'}: ${first.detail}`,
    { entries },
  );
}

/** Problems that a schema names for what it refuses, as `withBounds` does. */
function namedProblems({ issues }: z.core.$ZodError): ReadonlySet<string> {
  return new Set(issues.flatMap((issue) => problemOf(issue) ?? []));
}

function problemOf(issue: z.core.$ZodIssue): string | undefined {
  const problem: unknown = issue.code === 'custom' ? issue.params?.['problem'] : undefined;
  return typeof problem === 'string' ? problem : undefined;
}

function entriesOf(issue: z.core.$ZodIssue, where: string): ProblemEntry[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointerOf(where, [...issue.path, key]),
      code: 'unknown_field',
      detail: 'This field is not known.',
    }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The branch that got furthest says most about what the caller meant.
    const nested = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0] ?? [];
    if (nested.length > 0) return nested.flatMap((inner) => entriesOf({ ...inner, path: [...issue.path, ...inner.path] }, where));
  }
  const missing = issue.code === 'invalid_type' && issue.input === undefined && issue.message.includes('received undefined');
  return [
    {
      pointer: pointerOf(where, issue.path),
      code: missing ? 'required' : (problemOf(issue) ?? issue.code),
      detail: missing ? 'This field is required.' : issue.message,
    },
  ];
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function pointerOf(where: string, path: readonly PropertyKey[]): string {
  return where + path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
