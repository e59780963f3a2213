import type { PageRequest } from '../../cursor.ts';
import { EXPENSE_COLUMNS, type ExpenseRow, type ExpenseView, toExpenseView } from './expenses.ts';
import { type ExpenseTerms, foldWords, termQuery } from './expense-terms.ts';
import type { Query } from './groups.ts';

/** How a list of expenses is ordered; a leading minus turns it round. */
export type ExpenseSort = 'date' | '-date' | 'createdAt' | '-createdAt' | 'amount' | '-amount';

/** What a list of expenses is narrowed to. */
export interface ExpenseFilter {
  readonly q?: string | undefined;
  readonly category?: string | undefined;
  readonly member?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Least and greatest total, decimal texts in units of each expense's own currency. */
  readonly min?: string | undefined;
  readonly max?: string | undefined;
  readonly currency?: string | undefined;
  /** All but deleted ones when absent. */
  readonly state?: string | undefined;
  readonly tag?: string | undefined;
  readonly sort?: ExpenseSort | undefined;
}

/** Whose expenses: those of one group, or of all groups of which a user is a member and that are not deleted. */
export type ExpenseScope = { readonly groupId: string } | { readonly userId: string };

/** An expense with the sort key of its place in the list. */
export interface ListedExpense {
  readonly view: ExpenseView;
  readonly sortKey: readonly string[];
}

const SORT_COLUMNS: Record<'date' | 'createdAt' | 'amount', { readonly expression: string; readonly type: string }> = {
  date: { expression: 'e.date', type: 'date' },
  createdAt: { expression: 'e.created_at', type: 'timestamptz' },
  amount: { expression: 'expense.units(e.total_minor, e.currency)', type: 'numeric' },
};

/** Expenses, over all groups, that the first look passes over in the order of the list: enough for whatever is common. */
const FIRST_LOOK_ROWS = 1_000;
/** The same for the look that follows when no index narrows the list down to {@link GATHERED_MAX}. */
const LONG_LOOK_ROWS = 5_000;
/**
 * Expenses that are gathered by an index and put in order: at first no more than a millisecond's work by each of them, so that one that
 * narrows little is left early, then some milliseconds'. Where there are more, a look is cheaper.
 */
const GATHERED_MAX = [1_000, 8_000] as const;

/**
 * Lists expenses; one more than the page, to tell whether it goes on.
 *
 * What it costs follows from the page, not from the length of the history. What is common is found by walking in the order of
 * the list; what is rare by the index that narrows the list down, tried with a bound: states, days, totals, terms. Postgres would
 * choose by statistics that know nothing of one group among many, so the order of the attempts is ours.
 */
export async function listExpenses(query: Query, scope: ExpenseScope, filter: ExpenseFilter, page: PageRequest): Promise<ListedExpense[]> {
  const groupIds = 'groupId' in scope ? [scope.groupId] : await groupsOf(query, scope.userId);
  if (groupIds.length === 0) return [];
  const terms = await termsOf(query, filter);
  if (terms === null) return [];
  const search = new Search(query, groupIds, terms, filter, page);
  const ways = search.narrowing;
  if (ways.length === 0) return search.walk(null);
  const first = await search.walk(FIRST_LOOK_ROWS);
  if (first.length > page.limit) return first;
  // Where there is but one, nothing is won by leaving it early.
  for (const rowsMax of ways.length === 1 ? GATHERED_MAX.slice(-1) : GATHERED_MAX)
    for (const way of ways) {
      const gathered = await search.gather(way, rowsMax);
      if (gathered !== null) return gathered;
    }
  const long = await search.walk(LONG_LOOK_ROWS);
  if (long.length > page.limit || !ways.includes('terms')) return long.length > page.limit ? long : search.walk(null);
  return (await search.gather('terms', null)) ?? [];
}

/** An index that may narrow a list down. */
type Way = 'state' | 'dates' | 'amounts' | 'terms';

type Placeholder = (value: unknown) => string;

/** One list that is asked for in several ways. */
class Search {
  readonly #query: Query;
  readonly #groupIds: readonly string[];
  readonly #terms: readonly (string | null)[];
  readonly #filter: ExpenseFilter;
  readonly #page: PageRequest;
  readonly #sort: { readonly expression: string; readonly type: string };
  readonly #descending: boolean;

  constructor(query: Query, groupIds: readonly string[], terms: ExpenseTerms, filter: ExpenseFilter, page: PageRequest) {
    const sort = filter.sort ?? '-createdAt';
    this.#query = query;
    this.#groupIds = groupIds;
    this.#terms = groupIds.map((groupId) => termQuery(groupId, terms));
    this.#filter = filter;
    this.#page = page;
    this.#descending = sort.startsWith('-');
    this.#sort = SORT_COLUMNS[sort.replace('-', '') as keyof typeof SORT_COLUMNS];
  }

  /** The indexes that may help, in the order in which they are tried: those first that cost little in vain. */
  get narrowing(): readonly Way[] {
    const { from, to, min, max, state } = this.#filter;
    return [
      ...(state === undefined || state === 'posted' ? [] : (['state'] as const)),
      ...(from === undefined && to === undefined ? [] : (['dates'] as const)),
      ...(min === undefined && max === undefined ? [] : (['amounts'] as const)),
      ...(this.#terms[0] == null ? [] : (['terms'] as const)),
    ];
  }

  /**
   * Walks in the order of the list.
   *
   * @param rowsMax over all groups; without it to the end.
   * @returns what it met until the page was full; the whole only without `rowsMax`.
   */
  async walk(rowsMax: number | null): Promise<ListedExpense[]> {
    const { $, values } = placeholders();
    const each = rowsMax === null ? '' : `limit ${Math.max(this.#page.limit + 1, Math.ceil(rowsMax / this.#groupIds.length))}`;
    const inner = this.#order(this.#sort.expression);
    const order = this.#order('e.sort_key');
    const rows = await this.#query<Row>(
      `select ${EXPENSE_COLUMNS}, e.sort_key::text as sort_value from ${this.#groups($)}
       cross join lateral (
         select e.* from (
           select e.*, ${this.#sort.expression} as sort_key from expense.expense e
           where ${['e.group_id = k.group_id', ...this.#after($)].join(' and ')} ${inner} ${each}) e
         where ${this.#conditions($).join(' and ')} ${order} limit ${$(this.#page.limit + 1)}
       ) e ${order} limit ${$(this.#page.limit + 1)}`,
      values,
    );
    return rows.map(toListed);
  }

  /**
   * Gathers what an index narrows the list down to, and puts that in order.
   *
   * @param rowsMax gives up beyond it.
   * @returns the page, or null where it gave up.
   */
  async gather(way: Way, rowsMax: number | null): Promise<ListedExpense[] | null> {
    const { $, values } = placeholders();
    const order = this.#order(this.#sort.expression);
    // The first step is fenced: there Postgres sees the one condition alone that its index serves. The second takes no more of it
    // than it needs. Ends of ids may be alike, so the group is asked for as well. What an expense shows is read of those of the page alone.
    const columns = `e.id, e.group_id, e.state, e.date, e.total_minor, e.currency, e.category, e.tags, e.created_at${way === 'terms' ? '' : ', e.search'}`;
    const inBounds = rowsMax === null ? [] : [`(select count(*) from bounded) <= ${$(rowsMax)}`];
    const found = await this.#query<Partial<Row> & { gathered: string }>(
      `with found as materialized (
         select e.*, k.terms from ${this.#groups($)}
         cross join lateral (select ${columns} from expense.expense e where ${this.#narrowed(way, $).join(' and ')} offset 0) e
         where e.group_id = k.group_id
       ), bounded as materialized (select * from found ${rowsMax === null ? '' : `limit ${$(rowsMax + 1)}`}),
       page as materialized (
         select e.id, ${this.#sort.expression} as sort_key from bounded e cross join lateral (select e.terms) k
         where ${[...inBounds, ...this.#conditions($, way), ...this.#after($)].join(' and ')}
         ${order} limit ${$(this.#page.limit + 1)}
       )
       select (select count(*) from bounded) as gathered, e.* from (values (1)) as one left join lateral (
         select ${EXPENSE_COLUMNS}, page.sort_key, page.sort_key::text as sort_value from page join expense.expense e on e.id = page.id
       ) e on true ${this.#order('e.sort_key')}`,
      values,
    );
    if (rowsMax !== null && Number(found[0]?.gathered) > rowsMax) return null;
    return found.filter((row): row is Row & { gathered: string } => row.id != null).map(toListed);
  }

  /** The groups with what is looked for in each, as `k`. */
  #groups($: Placeholder): string {
    return `unnest(${$(this.#groupIds)}::uuid[], ${$(this.#terms)}::tsquery[]) as k (group_id, terms)`;
  }

  #order(key: string): string {
    const direction = this.#descending ? 'desc' : 'asc';
    return `order by ${key} ${direction}, e.id ${direction}`;
  }

  #after($: Placeholder): string[] {
    const [lastValue, lastId] = this.#page.after ?? [];
    if (lastValue === undefined || lastId === undefined) return [];
    const { expression, type } = this.#sort;
    return [`(${expression}, e.id) ${this.#descending ? '<' : '>'} (${$(lastValue)}::${type}, ${$(lastId)}::uuid)`];
  }

  #narrowed(way: Way, $: Placeholder): string[] {
    if (way === 'terms') return ['e.search @@ k.terms'];
    const conditions = { dates: dateConditions, amounts: amountConditions, state: stateConditions }[way](this.#filter, $);
    return ['e.group_id = k.group_id', ...conditions];
  }

  /** All that the list asks for; but the terms where an index gave them. */
  #conditions($: Placeholder, way?: Way): string[] {
    const filter = this.#filter;
    const conditions = [...stateConditions(filter, $), ...dateConditions(filter, $), ...amountConditions(filter, $)];
    if (this.#terms[0] != null && way !== 'terms') conditions.push('e.search @@ k.terms');
    if (filter.category !== undefined) {
      const category = $(filter.category);
      conditions.push(`(e.category = ${category} or starts_with(e.category, ${category} || '.'))`);
    }
    if (filter.tag !== undefined) conditions.push(`${$(filter.tag)} = any(e.tags)`);
    return conditions;
  }
}

type Row = ExpenseRow & { readonly sort_value: string };

function toListed(row: Row): ListedExpense {
  return { view: toExpenseView(row), sortKey: [row.sort_value, row.id] };
}

function placeholders(): { $: Placeholder; values: unknown[] } {
  const values: unknown[] = [];
  return { values, $: (value) => `$${values.push(value)}` };
}

function stateConditions({ state }: ExpenseFilter, $: Placeholder): string[] {
  if (state === undefined) return [`e.state <> 'deleted'`];
  // Said twice where it is not the ordinary one, since the index of the others asks for it.
  return [`e.state = ${$(state)}`, ...(state === 'posted' ? [] : [`e.state <> 'posted'`])];
}

function dateConditions({ from, to }: ExpenseFilter, $: Placeholder): string[] {
  return [...(from === undefined ? [] : [`e.date >= ${$(from)}::date`]), ...(to === undefined ? [] : [`e.date <= ${$(to)}::date`])];
}

function amountConditions({ min, max }: ExpenseFilter, $: Placeholder): string[] {
  const { expression } = SORT_COLUMNS.amount;
  return [
    ...(min === undefined ? [] : [`${expression} >= ${$(min)}::numeric`]),
    ...(max === undefined ? [] : [`${expression} <= ${$(max)}::numeric`]),
  ];
}

async function groupsOf(query: Query, userId: string): Promise<string[]> {
  const rows = await query<{ id: string }>(
    `select m.group_id as id from expense.member m join expense."group" g on g.id = m.group_id
     where m.user_id = $1 and m.state = 'active' and g.state <> 'deleted'`,
    [userId],
  );
  return rows.map(({ id }) => id);
}

/** What the filters look for by terms; null where a text was asked for that has no word, so that nothing has it. */
async function termsOf(query: Query, { q, category, tag, member, currency }: ExpenseFilter): Promise<ExpenseTerms | null> {
  const texts = [q, category, tag].map((text) => text ?? '');
  const [words = [], ...ofFields] = texts.every((text) => text === '') ? [] : await foldWords(query, texts);
  if (q !== undefined && q.trim() !== '' && words.length === 0) return null;
  return { words, fieldWords: ofFields.flat(), member, currency };
}
