import { DECIMAL_FRACTION_DIGITS_MAX, parseDecimal } from './decimal.ts';
import { ok, refuse } from './refusal.ts';
import type { Outcome } from './refusal.ts';
import { SPLIT_MEMBERS_MAX, SPLIT_PARTS_MAX } from './split-form.ts';

/** A part of a split after its text was read: minor units or a decimal scaled to an integer. */
export interface ReadPart {
  readonly memberId: string;
  readonly value: bigint;
}

const SCALE = 10n ** BigInt(DECIMAL_FRACTION_DIGITS_MAX);

/** One hundred percent in the scale of {@link readScaledDecimal}. */
export const HUNDRED_PERCENT_SCALED = 100n * SCALE;

/** Reads a decimal that may not be negative, as a whole number of millionths. */
export function readScaledDecimal(text: string, pointer: string): Outcome<bigint> {
  const decimal = parseDecimal(text, { pointer });
  return decimal.ok ? ok(decimal.value.num * (SCALE / decimal.value.den)) : decimal;
}

/**
 * Checks a list of members: not empty, within the limit, nobody twice.
 *
 * @param pointer JSON pointer of the list.
 * @returns the list itself, or a refusal: `empty_split`, `too_many_members`, `duplicate_member`.
 */
export function checkAmong(among: readonly string[], pointer: string): Outcome<readonly string[]> {
  if (among.length === 0) return refuse('empty_split', 'Name at least one member.', pointer);
  if (among.length > SPLIT_MEMBERS_MAX) return refuse('too_many_members', `Name at most ${SPLIT_MEMBERS_MAX} members.`, pointer);
  const duplicate = firstDuplicate(among);
  return duplicate < 0 ? ok(among) : refuseDuplicate(`${pointer}/${duplicate}`);
}

/**
 * Reads a list of parts: within the limit, nobody twice, each text by `read`.
 *
 * @param pointer JSON pointer of the list.
 * @param read reads one part's text; gets the part and its JSON pointer.
 * @returns the parts in the order given, or a refusal: `too_many_parts`, `duplicate_member`, or what `read` refuses.
 */
export function readParts<P extends { readonly memberId: string }>(
  parts: readonly P[],
  pointer: string,
  read: (part: P, pointer: string) => Outcome<bigint>,
): Outcome<ReadPart[]> {
  if (parts.length > SPLIT_PARTS_MAX) return refuse('too_many_parts', `Give at most ${SPLIT_PARTS_MAX} parts.`, pointer);
  const duplicate = firstDuplicate(parts.map((part) => part.memberId));
  if (duplicate >= 0) return refuseDuplicate(`${pointer}/${duplicate}/memberId`);
  const values: ReadPart[] = [];
  for (const [index, part] of parts.entries()) {
    const value = read(part, `${pointer}/${index}`);
    if (!value.ok) return value;
    values.push({ memberId: part.memberId, value: value.value });
  }
  return ok(values);
}

/** As {@link readParts}, for a list that may not be empty: refuses `empty_split`. */
export function readSomeParts<P extends { readonly memberId: string }>(
  parts: readonly P[],
  pointer: string,
  read: (part: P, pointer: string) => Outcome<bigint>,
): Outcome<ReadPart[]> {
  if (parts.length === 0) return refuse('empty_split', 'Name at least one member.', pointer);
  return readParts(parts, pointer, read);
}

/** Adds up the values of parts. */
export function sumOfParts(parts: readonly ReadPart[]): bigint {
  return parts.reduce((sum, { value }) => sum + value, 0n);
}

/** The place of the first member who was named before, or -1. */
function firstDuplicate(memberIds: readonly string[]): number {
  const seen = new Set<string>();
  return memberIds.findIndex((memberId) => seen.size === seen.add(memberId).size);
}

function refuseDuplicate(pointer: string): Outcome<never> {
  return refuse('duplicate_member', 'This member is named twice.', pointer);
}
