import { Problem } from '../problems.ts';

/** Deepest nesting of a JSON body; the deepest form of the product has 7 levels. */
export const DEPTH_MAX = 50;

/** Names that mean something to JavaScript itself and are fields of nothing here. */
const DANGEROUS = new Set(['__proto__', 'constructor', 'prototype']);

interface Fault {
  readonly code: string;
  readonly detail: string;
  /** From the faulty place up to the root. */
  readonly path: string[];
}

/**
 * Refuses what no schema can: nesting beyond {@link DEPTH_MAX}, names such as `__proto__`, and text that Postgres
 * cannot keep (NUL, lone surrogates).
 *
 * @param body a parsed JSON value.
 * @throws Problem invalid_request, unknown_field (400).
 */
export function guardBody(body: unknown): void {
  const fault = faultOf(body, 1);
  if (fault === null) return;
  const pointer = fault.path.reduceRight((path, part) => `${path}/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`, '');
  refuse(pointer, fault.code, fault.detail);
}

/**
 * Gives the query as single values.
 *
 * @throws Problem invalid_request, unknown_field (400) for a parameter given twice and for what {@link guardBody} refuses.
 */
export function guardQuery(query: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(query)) {
    const pointer = `/query/${name}`;
    if (DANGEROUS.has(name)) refuse(pointer, 'unknown_field', 'This field is not known.');
    if (typeof value !== 'string') refuse(pointer, 'duplicate', 'This parameter is given more than once.');
    if (!isStorable(value) || !isStorable(name)) refuse('/query', 'invalid_text', TEXT_DETAIL);
    single[name] = value;
  }
  return single;
}

/** Whether Postgres can keep a text: no NUL, and no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}

const TEXT_DETAIL = 'Text must be well-formed Unicode without NUL.';

function faultOf(value: unknown, depth: number): Fault | null {
  if (typeof value === 'string') return isStorable(value) ? null : { code: 'invalid_text', detail: TEXT_DETAIL, path: [] };
  if (typeof value !== 'object' || value === null) return null;
  if (depth > DEPTH_MAX) return { code: 'too_deep', detail: `Values may be nested ${DEPTH_MAX} levels deep.`, path: [] };
  for (const name of Object.keys(value)) {
    if (!Array.isArray(value)) {
      if (DANGEROUS.has(name)) return { code: 'unknown_field', detail: 'This field is not known.', path: [name] };
      // The name itself cannot be shown back: it is what is broken.
      if (!isStorable(name)) return { code: 'invalid_text', detail: TEXT_DETAIL, path: [] };
    }
    const fault = faultOf((value as Record<string, unknown>)[name], depth + 1);
    if (fault !== null) {
      fault.path.push(name);
      return fault;
    }
  }
  return null;
}

function refuse(pointer: string, code: string, detail: string): never {
  const shown = isStorable(pointer) ? pointer.slice(0, 500) : '';
  throw new Problem(code === 'unknown_field' ? code : 'invalid_request', `${shown || '/'}: ${detail}`, {
    entries: [{ pointer: shown, code, detail }],
  });
}
