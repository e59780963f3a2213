import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributePair } from '@temporalio/common';

/**
 * What operators can search workflows by. Ids, states, methods and dates; never a name, address or amount. A namespace
 * on SQL visibility has room for ten keywords; these are seven.
 */
export const SEARCH_ATTRIBUTES = {
  /** The group that the process belongs to. */
  groupId: defineSearchAttributeKey('GroupId', SearchAttributeType.KEYWORD),
  /** The row that the process drives: an expense, settlement, transfer, refund, member or recipient. */
  subjectId: defineSearchAttributeKey('SubjectId', SearchAttributeType.KEYWORD),
  /** The state of that row as last seen. */
  processState: defineSearchAttributeKey('ProcessState', SearchAttributeType.KEYWORD),
  /** The settlement that a transfer is a leg of. */
  settlementId: defineSearchAttributeKey('SettlementId', SearchAttributeType.KEYWORD),
  /** How money moves: stripe, manual. */
  paymentMethod: defineSearchAttributeKey('PaymentMethod', SearchAttributeType.KEYWORD),
  /** ISO 4217 code where a process has one currency. */
  currency: defineSearchAttributeKey('Currency', SearchAttributeType.KEYWORD),
  /** Why a process ended badly or waits for an operator: a refusal's or failure's code. */
  failureCode: defineSearchAttributeKey('FailureCode', SearchAttributeType.KEYWORD),
  /** True while a person has to look. */
  needsAttention: defineSearchAttributeKey('NeedsAttention', SearchAttributeType.BOOL),
  /** When the process acts next by itself. */
  nextStepAt: defineSearchAttributeKey('NextStepAt', SearchAttributeType.DATETIME),
} as const;

/** The attributes with which a process is started, those that are known. */
export function startAttributes(known: { groupId?: string; subjectId?: string }): SearchAttributePair[] {
  const pairs: SearchAttributePair[] = [{ key: SEARCH_ATTRIBUTES.processState, value: 'started' }];
  if (known.groupId !== undefined) pairs.push({ key: SEARCH_ATTRIBUTES.groupId, value: known.groupId });
  if (known.subjectId !== undefined) pairs.push({ key: SEARCH_ATTRIBUTES.subjectId, value: known.subjectId });
  return pairs;
}
