import { isBusinessDate } from '../business-date.ts';
import type { ExpenseDraft, Participant } from '../expense.ts';
import { freezeRate } from '../expense-rate.ts';
import { parseRate } from '../fx.ts';
import { netOf } from '../ledger.ts';
import { moneyFromWire } from '../money.ts';
import { ok, type Outcome } from '../refusal.ts';
import { draftImported } from './draft.ts';
import { quoted } from './reading.ts';
import { isProblem, type FileTotals, type ImportedRow, type Parsed, problem, type RowProblem } from './file.ts';

/** First and last business day that an expense may have; the API asks the same. */
const FIRST_DAY = '1970-01-01';
const LAST_DAY = '2100-12-31';
const DESCRIPTION_MAX = 200;
const NOTES_MAX = 5_000;
const TAGS_MAX = 20;
const TAG_MAX = 40;
const NAME_MAX = 120;
const PARTS_MAX = 500;
// oxlint-disable-next-line no-control-regex -- control characters are exactly what is refused here.
const LINE = /^[^\s\u0000-\u001f\u007f](?:[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f])?$/u;

/** A file after the rules: what may be recorded, and what is wrong with the rest. */
export interface CheckedFile {
  readonly people: readonly string[];
  readonly weights: ReadonlyMap<string, string>;
  /** Names of a group's own categories by their keys. */
  readonly categories: ReadonlyMap<string, string>;
  readonly rows: readonly ImportedRow[];
  readonly problems: readonly RowProblem[];
  readonly passedOver: number;
  /** Whether the file's own sums are those of its rows; `none` where it has no sums. */
  readonly balanceCheck: 'matches' | 'differs' | 'none';
}

/**
 * Applies the rules of an expense to every row of a file, with the names of the file in the place of members.
 *
 * Every problem is found, not just the first; a row has at most one.
 *
 * @param isKnownGood when the same file had no problem before: its rows are given back as they are.
 */
export function checkFile(parsed: Parsed, isKnownGood = false): CheckedFile {
  if (isKnownGood) {
    const rows = parsed.readings.flatMap((one) => (isProblem(one) ? [] : [one]));
    const { people, weights = new Map(), categories = new Map(), passedOver } = parsed;
    return { people, weights, categories, rows, problems: [], passedOver, balanceCheck: 'none' };
  }
  const problems: RowProblem[] = [];
  const rows: ImportedRow[] = [];
  const members = new Map<string, Participant>();
  for (const name of parsed.people) {
    if (isName(name)) members.set(name, { active: true, weight: parsed.weights?.get(name) ?? '1' });
    else
      problems.push(problem(0, 'invalid_name', `${quoted(name)} cannot be the name of a member: one line of 1 to ${NAME_MAX} characters.`));
  }
  const sums = new Map<string, Map<string, bigint>>();
  for (const one of parsed.readings) {
    const checked = isProblem(one) ? one : (unfit(one) ?? drafted(one, members));
    if ('code' in checked) {
      problems.push(checked);
      continue;
    }
    rows.push(checked.row);
    if (parsed.totals !== null) add(sums, checked.draft);
  }
  return {
    people: parsed.people.filter(isName),
    weights: parsed.weights ?? new Map(),
    categories: parsed.categories ?? new Map(),
    rows,
    problems: problems.toSorted((one, other) => one.row - other.row),
    passedOver: parsed.passedOver,
    balanceCheck: parsed.totals === null ? 'none' : sameTotals(parsed.totals, sums) ? 'matches' : 'differs',
  };
}

function drafted(row: ImportedRow, members: ReadonlyMap<string, Participant>): { row: ImportedRow; draft: ExpenseDraft } | RowProblem {
  const draft = draftImported(row, members, 0n);
  return draft.ok ? { row, draft: draft.value } : problem(row.row, draft.refusal.code, draft.refusal.detail);
}

/** What the API refuses by its schemas, which a file has not passed. */
function unfit({ row, input }: ImportedRow): RowProblem | null {
  const { description, date, notes = '', tags = [], rate, payers, split } = input;
  if (!isBusinessDate(date)) return problem(row, 'date_malformed', `${quoted(date)} is not a day written as YYYY-MM-DD.`);
  if (date < FIRST_DAY || date > LAST_DAY) return problem(row, 'date_out_of_range', `${date} is not within 1970 and 2100.`);
  if (description === '') return problem(row, 'description_missing', 'The row says nowhere what it is for.');
  if (description.length > DESCRIPTION_MAX)
    return problem(
      row,
      'description_too_long',
      `The description has ${description.length} characters, and ${DESCRIPTION_MAX} are allowed.`,
    );
  if (!LINE.test(description) || !description.isWellFormed())
    return problem(row, 'description_malformed', 'The description has characters that are no text.');
  if (notes.length > NOTES_MAX)
    return problem(row, 'notes_too_long', `The notes have ${notes.length} characters, and ${NOTES_MAX} are allowed.`);
  if (notes.includes('\u0000') || !notes.isWellFormed())
    return problem(row, 'notes_malformed', 'The notes have characters that are no text.');
  if (tags.length > TAGS_MAX) return problem(row, 'too_many_tags', `At most ${TAGS_MAX} tags are allowed.`);
  const tag = tags.find((one) => one.length > TAG_MAX || !LINE.test(one) || !one.isWellFormed());
  if (tag !== undefined) return problem(row, 'tag_malformed', `${quoted(tag)} cannot be a tag: one line of 1 to ${TAG_MAX} characters.`);
  if (rate?.perGroupCurrency !== undefined && parseRate(rate.perGroupCurrency) === null)
    return problem(row, 'rate_malformed', `${quoted(rate.perGroupCurrency)} is not an exchange rate above zero.`);
  const rated = checkTotals(input);
  if (!rated.ok) return problem(row, rated.refusal.code, rated.refusal.detail);
  const parts = 'parts' in split ? split.parts.length : 0;
  if (payers.length > PARTS_MAX || parts > PARTS_MAX) return problem(row, 'too_many_members', `A row names at most ${PARTS_MAX} people.`);
  return null;
}

/** Whether a rate and both amounts of a row agree, as the API asks of those that are typed. */
function checkTotals({ total, rate }: ImportedRow['input']): Outcome<unknown> {
  const money = moneyFromWire(total);
  if (rate?.total === undefined || rate.total.currency === total.currency || !money.ok) return ok(null);
  const { perGroupCurrency, total: other } = rate;
  return freezeRate({ rate: { perGroupCurrency, total: other }, total: money.value, groupCurrency: other.currency, published: null });
}

/** Whether a name of a file can be the name of a member. */
export function isName(name: string): boolean {
  return name.length <= NAME_MAX && LINE.test(name) && name.isWellFormed();
}

/** The words of a file as one line: line ends and tabs become blanks, blanks at both ends go. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\t\r\n]+/g, ' ').trim();
}

function add(sums: Map<string, Map<string, bigint>>, { lines }: ExpenseDraft): void {
  for (const line of lines) {
    const people = sums.get(line.currency) ?? new Map<string, bigint>();
    people.set(line.accountId, (people.get(line.accountId) ?? 0n) + netOf(line));
    sums.set(line.currency, people);
  }
}

function sameTotals(totals: FileTotals, sums: ReadonlyMap<string, ReadonlyMap<string, bigint>>): boolean {
  for (const currency of new Set([...totals.keys(), ...sums.keys()])) {
    const [said, found] = [totals.get(currency), sums.get(currency)];
    for (const name of new Set([...(said?.keys() ?? []), ...(found?.keys() ?? [])])) {
      if ((said?.get(name) ?? 0n) !== (found?.get(name) ?? 0n)) return false;
    }
  }
  return true;
}
