/** The namespace, whose name is TEMPORAL_NAMESPACE. */
export const NAMESPACE = {
  description: 'SafeSplitX: workflows of the user, expense, payment and notification services.',
  /** Closed workflows stay readable this long: a month of settlements, for questions that come with the next one. */
  retentionDays: 31,
} as const;
