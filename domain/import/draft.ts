import { draftExpense, type ExpenseDraft, type Participant } from '../expense.ts';
import { parseAmount } from '../money.ts';
import { ok, type Outcome, unwrap } from '../refusal.ts';
import type { ImportedRow } from './file.ts';

/**
 * Applies the rules of an expense to a row of a file.
 *
 * Where the file says what everybody owes, that counts. The rule of the split is kept beside it as long as it gives the
 * same within a unit each, which is what ties between equal fractions can make.
 *
 * @param members by whatever the row's members are called: names of the file, or ids once they are known.
 */
export function draftImported(row: ImportedRow, members: ReadonlyMap<string, Participant>, tieBreak: bigint): Outcome<ExpenseDraft> {
  const ruled = draftExpense(row.input, members, tieBreak);
  if (row.owed === undefined) return ruled;
  const exact = draftExpense({ ...row.input, split: { method: 'exact', parts: row.owed } }, members, tieBreak);
  if (!exact.ok || !ruled.ok || !isNear(exact.value, ruled.value)) return exact;
  return ok({ ...exact.value, content: { ...exact.value.content, split: ruled.value.content.split } });
}

function isNear(one: ExpenseDraft, other: ExpenseDraft): boolean {
  const { currency } = one.content.total;
  const minor = (amount: string): bigint => unwrap(parseAmount(amount, currency));
  const owed = new Map(other.content.shares.map((share) => [share.memberId, share.owed]));
  return one.content.shares.every((share) => {
    const difference = minor(share.owed) - minor(owed.get(share.memberId) ?? '0');
    return difference >= -1n && difference <= 1n;
  });
}
