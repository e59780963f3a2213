import type { SearchAttributeType } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../workflows/shared/search-attributes.ts';

/** SQL visibility has columns for this many keywords in a namespace. */
export const KEYWORDS_MAX = 10;

/** Name and type of each search attribute that the namespace has to know; declared where workflows use them. */
export const DECLARED_SEARCH_ATTRIBUTES = Object.values(SEARCH_ATTRIBUTES).map(({ name, type }) => ({ name, type }));

/** The server's numbers for the types (enum IndexedValueType of its API), which the SDK does not export. */
export const INDEXED_VALUE_TYPES: Readonly<Record<SearchAttributeType, number>> = {
  TEXT: 1,
  KEYWORD: 2,
  INT: 3,
  DOUBLE: 4,
  BOOL: 5,
  DATETIME: 6,
  KEYWORD_LIST: 7,
};
