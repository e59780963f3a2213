/** A form body's value after its brackets are resolved: `a[b]=c` is `{a: {b: 'c'}}`. Lists keep their numbers as keys. */
export type FormValue = string | FormRecord;
/** The fields of one level, without a prototype, so that `__proto__` is a key like any other. */
export interface FormRecord {
  [key: string]: FormValue;
}

/** Stripe's own requests stay far below; the limits stop a body made to exhaust memory. */
const FIELDS_MAX = 2_000;
const DEPTH_MAX = 8;

/** A body that is no well-formed form. */
export class FormError extends Error {}

/**
 * Reads `application/x-www-form-urlencoded` text with nested brackets, as Stripe's SDKs send it.
 *
 * @throws FormError when brackets do not match, a field is given as value and as group, or a limit is passed.
 */
export function parseForm(text: string): FormRecord {
  const root: FormRecord = emptyRecord();
  let fields = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    fields += 1;
    if (fields > FIELDS_MAX) throw new FormError(`more than ${FIELDS_MAX} parameters`);
    place(root, pathOf(name), value);
  }
  return root;
}

/** Writes a path as Stripe names parameters: `['transfer_data', 'destination']` is `transfer_data[destination]`. */
export function parameterName(path: readonly PropertyKey[]): string {
  const [first, ...rest] = path;
  return `${String(first ?? '')}${rest.map((key) => `[${String(key)}]`).join('')}`;
}

function pathOf(name: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  if (!match?.[1]) throw new FormError(`invalid parameter name: ${name}`);
  const inner = [...(match[2] ?? '').matchAll(/\[([^[\]]*)\]/g)].map((group) => group[1] ?? '');
  if (inner.length >= DEPTH_MAX) throw new FormError(`parameter nested too deeply: ${name}`);
  return [match[1], ...inner];
}

function place(root: FormRecord, path: readonly string[], value: string): void {
  let level = root;
  for (const [index, part] of path.entries()) {
    // `a[]=x&a[]=y`: an empty bracket takes the next number.
    const key = part === '' ? String(Object.keys(level).length) : part;
    const last = index === path.length - 1;
    const present = level[key];
    if (last) {
      if (typeof present === 'object') throw new FormError(`parameter is both value and group: ${path[0]}`);
      level[key] = value;
      return;
    }
    if (typeof present === 'string') throw new FormError(`parameter is both value and group: ${path[0]}`);
    level = present ?? (level[key] = emptyRecord());
  }
}

function emptyRecord(): FormRecord {
  return Object.create(null) as FormRecord;
}
