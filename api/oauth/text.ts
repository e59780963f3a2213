/** A value that must be text, or nothing where it is not: parameters and metadata come without a type. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
