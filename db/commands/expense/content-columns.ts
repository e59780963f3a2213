import type { ExpenseDraft } from '../../../domain/expense.ts';

/**
 * What some expenses say as arrays for `unnest`, one a column: kind, description, total_minor, currency, date, category, payers, split,
 * shares, notes, tags, rate. The statements that write expenses name their columns in this order; tags are JSON, since an array of
 * arrays would be flattened.
 */
export function contentColumns(drafts: readonly ExpenseDraft[]): unknown[] {
  const content = drafts.map((draft) => draft.content);
  return [
    content.map(({ kind }) => kind),
    content.map(({ description }) => description),
    drafts.map(({ total }) => total.minor.toString()),
    content.map(({ total }) => total.currency),
    content.map(({ date }) => date),
    content.map(({ category }) => category),
    content.map(({ payers }) => JSON.stringify(payers)),
    content.map(({ split }) => JSON.stringify(split)),
    content.map(({ shares }) => JSON.stringify(shares)),
    content.map(({ notes }) => notes),
    content.map(({ tags }) => JSON.stringify(tags)),
    content.map(({ rate }) => (rate === null ? null : JSON.stringify(rate))),
  ];
}
