import { Migration } from '@mikro-orm/migrations';
import { CURRENCIES } from '../../domain/currency.ts';

/**
 * What makes expenses found: the words, members and currency of each as terms of a GIN index, totals in comparable units, and those
 * that are not posted. Needs no extension.
 */
export class ExpenseSearch extends Migration {
  override up(): void {
    this.addSql(FOLDING);
    this.addSql(TERMS);
    this.addSql(UNITS);
    this.addSql(INDEXES);
  }
}

// Accents: decomposed and the marks left out, with the letters that Unicode does not decompose. Han, kana and emoji, which stand
// without spaces, are a word each. Plain ASCII, the most, skips all that. A tsvector takes no word above 2046 bytes, so words of long
// texts are cut; a search for a longer word looks for its beginning. Case and letters are those of Unicode, whatever the locale of the
// database, where the server has that: Postgres 17 and newer.
// Nothing here is declared strict, and arguments that are used twice are cheap, so that Postgres puts the expressions in place of the
// calls, which would cost recording an expense 30 microseconds; in PL/pgSQL below once a session, not with each statement.
const FOLDING = String.raw`
do $migration$ begin
execute replace($folding$
create function expense.fold(said text) returns text immutable parallel safe language sql return
  case when octet_length(said) = char_length(said) then lower(said collate "COLLATION")
  else regexp_replace(
    regexp_replace(
      replace(replace(replace(replace(replace(replace(replace(replace(lower(normalize(said, NFKD) collate "COLLATION"),
        'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'ø', 'o'), 'đ', 'd'), 'ł', 'l'), 'ı', 'i'), 'ς', 'σ'),
      '[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u3099\u309a\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]', '', 'g'),
    '([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u2600-\u27bf\U0001F000-\U0001FAFF\U00020000-\U0003FFFF])', ' \1 ', 'g')
  end;
create function expense.spaced(folded text) returns text immutable parallel safe language sql return
  btrim(regexp_replace(folded collate "COLLATION", '[^[:alnum:]\u2600-\u27bf\U0001F000-\U0001FAFF]+', ' ', 'g'));
create function expense.words(said text) returns text immutable parallel safe language sql return
  case when octet_length(said) < 200 then expense.fold(said)
  else regexp_replace(expense.spaced(expense.fold(said)), '(\S{40})\S+', '\1', 'g') end;
$folding$, 'COLLATION', coalesce((select collname from pg_collation where collname = 'pg_c_utf8'), 'default'));
end $migration$;
`;

// Words and currency are terms of their group, so that what a search costs follows from the size of the group that it is in. The
// end of the group's id is enough to tell groups apart; the search itself asks for the group besides. Every function used is
// immutable: array_to_string is not, so tags become text by way of a tsvector.
const TERMS = `
create function expense.search_terms(group_id uuid, description text, notes text, tags text[], category text, currency text, shares jsonb)
returns tsvector immutable parallel safe language plpgsql as $$
begin
  return array_to_tsvector(string_to_array(
    right(group_id::text, 12) || '~' || currency || ' '
    || right(group_id::text, 12) || replace(expense.spaced(expense.words(description) || ' ' || expense.words(notes)
      || case when tags = '{}' then '' else ' ' || expense.words(array_to_tsvector(array_remove(array_remove(tags, null), ''))::text) end
      || ' ' || expense.words(coalesce(category, ''))), ' ', ' ' || right(group_id::text, 12))
    || ' ~' || replace(btrim(jsonb_path_query_array(shares, '$[*].memberId')::text, '[]"'), '", "', ' ~'), ' '));
end $$;
alter table expense.expense add column search tsvector
  generated always as (expense.search_terms(group_id, description, notes, tags, category, currency, shares)) stored;
`;

const codesWith = (digits: number): string =>
  CURRENCIES.filter((currency) => currency.digits === digits)
    .map(({ code }) => `'${code}'`)
    .join(', ');

const UNITS = `
create function expense.units(minor bigint, currency text) returns numeric immutable parallel safe language sql return
  minor / (case when currency in (${codesWith(0)}) then 1 when currency in (${codesWith(3)}) then 1000
    when currency in (${codesWith(4)}) then 10000 else 100 end)::numeric;
`;

// New entries gather in a list that grows to 512 kB before it is merged, so that recording waits for the index some milliseconds
// once in a thousand expenses, and a search reads half a megabyte besides at most.
const INDEXES = `
create index expense_search on expense.expense using gin (search) with (fastupdate = on, gin_pending_list_limit = 512);
create index expense_group_units on expense.expense (group_id, expense.units(total_minor, currency), id);
create index expense_group_unposted on expense.expense (group_id, state, created_at, id) where state <> 'posted';
`;
