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
