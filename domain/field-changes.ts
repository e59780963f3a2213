/** A field that differs between two states of something, for a history. */
export interface FieldChange {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** What there is to say of something at one moment, by field. */
export type Facts = Readonly<Record<string, unknown>>;

/**
 * What changed from one state to the next, field by field, in the order of the fields.
 *
 * @param from null for what is new: then everything that it has is a change.
 * @param to null for what is gone.
 */
export function fieldChanges(from: Facts | null, to: Facts | null): FieldChange[] {
  const fields = new Set([...Object.keys(from ?? {}), ...Object.keys(to ?? {})]);
  return [...fields]
    .map((field) => ({ field, from: from?.[field] ?? null, to: to?.[field] ?? null }))
    .filter((change) => canonical(change.from) !== canonical(change.to));
}

/** A value as text, the same for equal values: Postgres keeps jsonb with its own order of keys, so these are sorted. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
