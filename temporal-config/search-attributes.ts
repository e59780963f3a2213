import { SEARCH_ATTRIBUTES } from '../workflows/shared/search-attributes.ts';

/** SQL visibility has columns for this many keywords in a namespace. */
export const KEYWORDS_MAX = 10;

/** Name and type of each search attribute that the namespace has to know; declared where workflows use them. */
export const DECLARED_SEARCH_ATTRIBUTES = Object.values(SEARCH_ATTRIBUTES).map(({ name, type }) => ({ name, type }));
