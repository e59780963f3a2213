import { needsApprovalRate } from '../../../domain/approval.ts';
import { type ExpenseContent, type ExpenseDraft, rateToGroup } from '../../../domain/expense.ts';
import {
  convertLines,
  type ConvertedLine,
  freezeRate,
  type FrozenRate,
  needsPublishedRate,
  publishedDay,
  type RateInput,
} from '../../../domain/expense-rate.ts';
import { unwrap } from '../../../domain/refusal.ts';
import type { GroupContext } from '../../queries/expense/group-context.ts';
import type { RateReader } from '../../queries/expense/rate-reader.ts';

/** A draft with the rate that it is frozen at, and what its posting counts for in the group's currency. */
export interface PricedDraft {
  readonly draft: ExpenseDraft;
  /** Null where the total is in the group's currency, or has no rate. */
  readonly conversion: { readonly rate: FrozenRate; readonly lines: readonly ConvertedLine[] } | null;
}

/**
 * Freezes the rate of a draft. Where the total is in the group's currency, or a rate was typed, nothing is looked up.
 *
 * @throws RefusalError those of `freezeRate` and `convertLines`.
 */
export async function priceDraft(
  find: RateReader,
  context: Pick<GroupContext, 'currency'>,
  draft: ExpenseDraft,
  rate: RateInput | null | undefined,
): Promise<PricedDraft> {
  const { currency: groupCurrency } = context;
  const { currency } = draft.total;
  if (currency === groupCurrency && (rate === null || rate === undefined)) return { draft, conversion: null };
  const published = needsPublishedRate(rate, currency, groupCurrency)
    ? await find({ base: groupCurrency, quote: currency, date: publishedDay(rate, draft.content.date) })
    : null;
  const frozen = unwrap(freezeRate({ rate, total: draft.total, groupCurrency, published }));
  const priced = { ...draft, content: { ...draft.content, rate: frozen } };
  if (frozen === null || currency === groupCurrency) return { draft: priced, conversion: null };
  return { draft: priced, conversion: { rate: frozen, lines: unwrap(convertLines(draft.lines, frozen, groupCurrency)) } };
}

/**
 * What the limit of a group's approval is compared at: units of the limit's currency for one unit of the total's.
 *
 * @returns undefined where both are the same, where the policy asks nothing of totals, and where no rate is known: then the total counts
 *   as above the limit.
 */
export async function rateToLimit(find: RateReader, context: GroupContext, content: ExpenseContent): Promise<string | undefined> {
  const limit = needsApprovalRate(context.policy.approval, content.total.currency);
  if (limit === null) return undefined;
  if (limit === context.currency && content.rate !== null) return rateToGroup(content.rate);
  return (await find({ base: content.total.currency, quote: limit, date: content.date }))?.rate;
}
