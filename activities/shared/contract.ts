/** What the workflow `processSweep` may ask of every service. */
export interface SweepActivities {
  /**
   * Looks at one page of rows in a non-final state and wakes the processes among them that do not run. Waking one that
   * does is harmless.
   *
   * @param input.after where the page begins, null for the first.
   * @returns `after`: where the next page begins, null at the end.
   */
  sweepPage(input: { readonly after: string | null }): Promise<{
    readonly looked: number;
    readonly woken: number;
    readonly after: string | null;
  }>;
}

/** Whose data, on behalf of which request. */
export interface PersonInput {
  readonly requestId: string;
  readonly userId: string;
}

/**
 * What every service gives to the export of an account and does for its erasure. Both work in steps with heartbeats, go on where
 * they were after a lost worker, and may be done twice. Nothing of a person is in their inputs and results.
 */
export interface PersonActivities {
  /** Writes all that the service knows of the person to its `export_part`. @returns how many files it has. */
  collectExport(input: PersonInput): Promise<{ readonly files: number }>;
  /** Deletes what {@link collectExport} wrote. */
  discardExport(input: { readonly requestId: string }): Promise<void>;
  /** Takes the person out of the service's data; other people's balances and the ledger stay. @returns how many rows were changed. */
  erasePerson(input: PersonInput): Promise<{ readonly erased: number }>;
  /** Looks for traces of the person in the service's data: the proof of an erasure. */
  countTraces(input: PersonInput): Promise<{ readonly left: number }>;
}
