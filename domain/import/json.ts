/** A JSON object of which nothing is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Deepest nesting of a file: the deepest format has 7 levels. */
const DEPTH_MAX = 50;
/** Most values of a file: a file of 20 MB whose names and amounts are a character each has two million. */
const VALUES_MAX = 3_000_000;

/**
 * Parses JSON and keeps every number as the text that stands there, so that no amount passes through a float.
 *
 * @throws SyntaxError where it is not JSON, is nested deeper than 50 levels or has more than three million values.
 */
export function parseJsonTexts(text: string): unknown {
  if (isBeyondLimits(text)) throw new SyntaxError('nested too deep, or too many values');
  const value: unknown = JSON.parse(text, numberAsText);
  if (depthOf(value) > DEPTH_MAX) throw new SyntaxError('nested too deep');
  return value;
}

/** Looks before parsing: the parser takes 70 bytes and more for each bracket, whatever it is worth. */
function isBeyondLimits(text: string): boolean {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length && depth <= DEPTH_MAX && values <= VALUES_MAX; at += 1) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) at = endOfText(text, at);
    else if (character === COMMA) values += 1;
    else if (character === OPEN_LIST || character === OPEN_OBJECT) {
      depth += 1;
      values += 1;
    } else if (character === CLOSE_LIST || character === CLOSE_OBJECT) depth -= 1;
  }
  return depth > DEPTH_MAX || values > VALUES_MAX;
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Where a quoted text ends that begins here; the end of all where it does not. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
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
