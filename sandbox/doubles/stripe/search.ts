import { invalid } from './errors.ts';
import type { PaymentIntent } from './types.ts';

interface SearchParams {
  readonly query: string;
  readonly limit?: number | undefined;
  readonly page?: string | undefined;
}

type Test = (intent: PaymentIntent) => boolean;

/** One clause of Stripe's query language: a field or metadata key, an operator, a quoted text or number. */
const CLAUSE = /^(-?)(?:metadata\[(["'])(.+?)\2\]|(\w+))\s*(:|~|>=|<=|>|<)\s*(?:(["'])(.*?)\6|(null|-?\d+))$/;

/**
 * Finds intents by Stripe's query language: clauses joined by all AND or all OR.
 *
 * Stripe's own index lags by up to a minute; the double's does not, which a client must not rely on.
 *
 * @param intents all of them, oldest first.
 * @throws StripeRefusal when the query cannot be read.
 */
export function searchIntents(intents: readonly PaymentIntent[], params: SearchParams): object {
  const test = parseQuery(params.query);
  const found = intents.filter(test).toReversed();
  const limit = Math.min(Math.max(params.limit ?? 10, 1), 100);
  const start = params.page === undefined ? 0 : Number.parseInt(params.page, 10) || 0;
  const more = start + limit < found.length;
  return {
    object: 'search_result',
    data: found.slice(start, start + limit),
    has_more: more,
    next_page: more ? String(start + limit) : null,
    url: '/v1/payment_intents/search',
  };
}

function parseQuery(query: string): Test {
  const any = splitOutsideQuotes(query, 'OR');
  if (any.length > 1) {
    const tests = any.map(parseClause);
    return (intent) => tests.some((test) => test(intent));
  }
  const tests = splitOutsideQuotes(query, 'AND').map(parseClause);
  return (intent) => tests.every((test) => test(intent));
}

function splitOutsideQuotes(query: string, word: string): string[] {
  const parts: string[] = [''];
  for (const piece of query.match(/"[^"]*"|'[^']*'|\s+|[^\s"']+/g) ?? []) {
    if (piece.toUpperCase() === word) parts.push('');
    else parts[parts.length - 1] += piece;
  }
  return parts.map((part) => part.trim());
}

function parseClause(clause: string): Test {
  const match = CLAUSE.exec(clause);
  if (!match) throw invalid(`We were unable to parse your search query near: ${clause}`, undefined, 'query');
  const [, minus, , key, field = '', operator = ':', , quoted, bare] = match;
  const wanted = quoted ?? bare ?? '';
  const read = key === undefined ? fieldReader(field) : (intent: PaymentIntent) => intent.metadata[key] ?? null;
  const holds: Test = (intent) => compare(read(intent), operator, bare === 'null' ? null : wanted);
  return minus ? (intent) => !holds(intent) : holds;
}

function fieldReader(field: string): (intent: PaymentIntent) => string | null {
  switch (field) {
    case 'status':
    case 'currency':
    case 'customer':
      return (intent) => intent[field];
    case 'amount':
    case 'created':
      return (intent) => String(intent[field]);
    default:
      throw invalid(`Field \`${field}\` is an unsupported search field for resource \`payment_intents\`.`, undefined, 'query');
  }
}

function compare(value: string | null, operator: string, wanted: string | null): boolean {
  if (value === null || wanted === null) return value === wanted;
  if (operator === ':') return value.toLowerCase() === wanted.toLowerCase();
  if (operator === '~') return value.toLowerCase().includes(wanted.toLowerCase());
  const difference = Number(value) - Number(wanted);
  if (operator === '>') return difference > 0;
  if (operator === '<') return difference < 0;
  return operator === '>=' ? difference >= 0 : difference <= 0;
}
