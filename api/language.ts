import { localeOf } from '../db/queries/expense/categories.ts';
import { categoryLanguage, type CategoryLanguage } from '../domain/category-names.ts';
import type { RouteRequest } from './request.ts';

/** Most languages that are looked at: browsers send a handful. */
const LANGUAGES_MAX = 20;

/** What an answer in a language says of it; caches keep one for each. */
export const languageHeaders = (language: CategoryLanguage): Record<string, string> => ({
  'Content-Language': language,
  Vary: 'Accept-Language',
});

/** The language of an answer: of the query's `locale`, else of `Accept-Language`, else the caller's own, else English. */
export async function languageOf(
  request: RouteRequest<unknown, { readonly locale?: string | undefined }, unknown, unknown>,
): Promise<CategoryLanguage> {
  const { locale } = request.query;
  const asked = categoryLanguage([...(locale === undefined ? [] : [locale]), ...acceptedLanguages(request.headers['accept-language'])]);
  return asked ?? categoryLanguage([(await localeOf(request.read, request.principal.userId)) ?? 'en']) ?? 'en';
}

/** The tags of an Accept-Language header (RFC 9110), the most wanted first. */
function acceptedLanguages(header: string | undefined): string[] {
  return (header ?? '')
    .split(',', LANGUAGES_MAX)
    .map((entry) => {
      const [tag = '', weight] = entry.split(';');
      return { tag: tag.trim(), weight: Number(/^\s*q=([\d.]{1,5})\s*$/.exec(weight ?? 'q=1')?.[1] ?? 0) };
    })
    .filter(({ weight }) => weight > 0)
    .toSorted((one, other) => other.weight - one.weight)
    .map(({ tag }) => tag);
}
