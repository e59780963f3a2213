import type { SearchAttributeUpdatePair } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { SEARCH_ATTRIBUTES } from './search-attributes.ts';

/** What changes with a state, besides the state: only what is given is written, null clears. */
export interface Shown {
  readonly groupId?: string;
  readonly subjectId?: string;
  readonly settlementId?: string | null;
  readonly paymentMethod?: string | null;
  readonly currency?: string | null;
  readonly failureCode?: string | null;
  readonly needsAttention?: boolean;
  /** RFC 3339. */
  readonly nextStepAt?: string | null;
}

/**
 * Shows the operator where a process stands: search attributes that changed, and the text of the Web UI's details.
 *
 * @param state the row's state; a word.
 * @param details Markdown for an operator: what is waited for and what ends the wait. Ids, states, amounts and dates only.
 * @param shown further search attributes.
 */
export function show(state: string, details: string, shown: Shown = {}): void {
  const wanted: SearchAttributeUpdatePair[] = [
    { key: SEARCH_ATTRIBUTES.processState, value: state },
    ...keyword('groupId', shown.groupId),
    ...keyword('subjectId', shown.subjectId),
    ...keyword('settlementId', shown.settlementId),
    ...keyword('paymentMethod', shown.paymentMethod),
    ...keyword('currency', shown.currency),
    ...keyword('failureCode', shown.failureCode),
  ];
  if (shown.needsAttention !== undefined) wanted.push({ key: SEARCH_ATTRIBUTES.needsAttention, value: shown.needsAttention });
  if (shown.nextStepAt !== undefined) {
    wanted.push({ key: SEARCH_ATTRIBUTES.nextStepAt, value: shown.nextStepAt === null ? null : new Date(shown.nextStepAt) });
  }
  const changed = wanted.filter(differs);
  if (changed.length > 0) upsertSearchAttributes(changed);
  setCurrentDetails(`**${state}**\n\n${details}`);
}

type KeywordName = 'groupId' | 'subjectId' | 'settlementId' | 'paymentMethod' | 'currency' | 'failureCode';

function keyword(name: KeywordName, value: string | null | undefined): SearchAttributeUpdatePair[] {
  return value === undefined ? [] : [{ key: SEARCH_ATTRIBUTES[name], value }];
}

// An upsert is an event in the history, so one that changes nothing is left out.
function differs(pair: SearchAttributeUpdatePair): boolean {
  const current = workflowInfo().typedSearchAttributes.get(pair.key);
  if (pair.value instanceof Date) return !(current instanceof Date) || current.getTime() !== pair.value.getTime();
  return (current ?? null) !== pair.value;
}
