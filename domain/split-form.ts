/** One member's fixed amount: decimal text in the expense's currency. */
export interface AmountPart {
  readonly memberId: string;
  readonly amount: string;
}

/** One member's percentage: decimal text, such as `33.34`. */
export interface PercentPart {
  readonly memberId: string;
  readonly percent: string;
}

/** One member's number of shares: decimal text, such as `1.5`. */
export interface SharesPart {
  readonly memberId: string;
  readonly shares: string;
}

/** One line of a bill, shared by `among` equally or by `parts` in proportion: exactly one of the two is given. */
export interface SplitItem {
  readonly name: string;
  /** Amount of the whole line, whatever the quantity; below zero for a voucher or a returned deposit. */
  readonly amount: string;
  /** How many there were: information for readers, without effect on the split. */
  readonly quantity?: string | undefined;
  readonly among?: readonly string[] | undefined;
  readonly parts?: readonly SharesPart[] | undefined;
}

/**
 * How a total is shared: the form of the wire, which is also what is stored beside the result.
 *
 * Amounts are decimal texts in the expense's currency; percentages, shares and quantities are decimal texts with at most
 * six digits after the point.
 */
export type Split =
  | { readonly method: 'equal'; readonly among: readonly string[] }
  | { readonly method: 'exact'; readonly parts: readonly AmountPart[] }
  | { readonly method: 'percentage'; readonly parts: readonly PercentPart[] }
  | { readonly method: 'shares'; readonly parts: readonly SharesPart[] }
  | { readonly method: 'adjustment'; readonly among: readonly string[]; readonly parts: readonly AmountPart[] }
  | { readonly method: 'weights'; readonly among: readonly string[] }
  | ItemizedSplit;

/** A bill line by line; tax, tip and discount follow each member's items in proportion. */
export interface ItemizedSplit {
  readonly method: 'itemized';
  readonly items: readonly SplitItem[];
  readonly tax?: string | undefined;
  readonly tip?: string | undefined;
  readonly discount?: string | undefined;
}

/** Members that one split may name: the size of the largest group. */
export const SPLIT_MEMBERS_MAX = 500;

/** Entries of one `parts` list: one for each member. */
export const SPLIT_PARTS_MAX = 500;

/** Lines of one bill: a long supermarket receipt has about 100. */
export const SPLIT_ITEMS_MAX = 200;

/** Entries of all `among` and `parts` lists of one bill together: keeps the worst bill (odd weights everywhere) below 0.1 s. */
export const SPLIT_ITEM_SHARERS_MAX = 10_000;

/** A member as one place of a split names it. */
export interface MemberMention {
  readonly memberId: string;
  /** JSON pointer of the place. */
  readonly pointer: string;
}

/**
 * Lists every place of a split that names a member, so that a caller can point to one who may not be named.
 *
 * @param pointer JSON pointer of the split.
 */
export function splitMentions(split: Split, pointer = '/split'): MemberMention[] {
  if (split.method !== 'itemized') return sharerMentions(split, pointer);
  return split.items.flatMap((item, index) => sharerMentions(item, `${pointer}/items/${index}`));
}

/** Lists every member that a split names, each once, in the order of their ids. */
export function splitMembers(split: Split): string[] {
  return [...new Set(splitMentions(split).map((mention) => mention.memberId))].sort(compareIds);
}

/** Orders ids by their code units, the same on every machine and in every locale. */
export function compareIds(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

interface Sharers {
  readonly among?: readonly string[] | undefined;
  readonly parts?: readonly { readonly memberId: string }[] | undefined;
}

function sharerMentions(sharers: Sharers, pointer: string): MemberMention[] {
  const among = (sharers.among ?? []).map((memberId, index) => ({ memberId, pointer: `${pointer}/among/${index}` }));
  const parts = (sharers.parts ?? []).map(({ memberId }, index) => ({ memberId, pointer: `${pointer}/parts/${index}/memberId` }));
  return [...among, ...parts];
}
