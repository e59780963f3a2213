/** A JSON object of which nothing is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Deepest nesting of a file: the deepest format has 7 levels. */
const DEPTH_MAX = 50;

/**
 * Parses JSON and keeps every number as the text that stands there, so that no amount passes through a float.
 *
 * @throws SyntaxError where it is not JSON, or nested deeper than 50 levels.
 */
export function parseJsonTexts(text: string): unknown {
  const value: unknown = JSON.parse(text, numberAsText);
  if (depthOf(value) > DEPTH_MAX) throw new SyntaxError('nested too deep');
  return value;
}

// The third parameter is standard (ES2026) and in the runtime; the library's types do not know it yet.
function numberAsText(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}

function depthOf(value: unknown, depth = 1): number {
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return depth;
  let deepest = depth;
  for (const inner of Object.values(value)) deepest = Math.max(deepest, depthOf(inner, depth + 1));
  return deepest;
}

/** The value as an object; an empty one where it is none. */
export function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** The value as a list; an empty one where it is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text, or a number as it stands in the file; empty where it is neither. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A named field as text. */
export function fieldOf(value: unknown, name: string): string {
  const object = objectOf(value);
  return Object.hasOwn(object, name) ? textOf(object[name]) : '';
}
