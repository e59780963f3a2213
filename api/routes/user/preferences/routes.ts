import { z } from 'zod';
import { replacePreferences } from '../../../../db/commands/user/preferences.ts';
import { findPreferences } from '../../../../db/queries/user/preferences.ts';
import type { Tx } from '../../../../db/transact.ts';
import { AMOUNT_STYLES, NAME_STYLES, PREFERENCES_DEFAULT, SPLIT_METHODS, WEEK_STARTS } from '../../../../domain/preferences.ts';
import { etag } from '../../../request.ts';
import { type AnyRoute, type Answer, route } from '../../../route.ts';
import { currency } from '../../../schemas.ts';

const tag = 'me';

const preferences = z
  .strictObject({
    weekStart: z.enum(WEEK_STARTS).meta({ description: 'First day of the week in calendars and charts.' }),
    nameStyle: z.enum(NAME_STYLES).meta({ description: 'People by the whole name, or by its first word.' }),
    amountStyle: z.enum(AMOUNT_STYLES).meta({ description: 'Amounts with the symbol of the currency, or with its code.' }),
    splitMethod: z.enum(SPLIT_METHODS).meta({ description: 'The way to split that a new expense starts with.' }),
    groupCurrency: currency.nullable().meta({ description: "Currency of new groups and of ledgers with friends; null: the account's." }),
    marketingMails: z.boolean().meta({ description: 'News about the product by mail.' }),
  })
  .meta({ id: 'Preferences' });

const chosen = preferences.partial().meta({
  id: 'ChosenPreferences',
  description: `What is left out goes back to its default: ${Object.entries(PREFERENCES_DEFAULT)
    .map(([name, value]) => `\`${name}\` ${String(value)}`)
    .join(', ')}.`,
});

const get = route({
  service: 'user',
  method: 'get',
  path: '/v1/me/preferences',
  operationId: 'getPreferences',
  tag,
  summary: 'Read my preferences',
  answers: { 200: { description: 'What was chosen, and defaults for the rest.', schema: preferences, headers: ['ETag'] } },
  handle: (request) => answer(request.read, request.principal.userId),
});

const replace = route({
  service: 'user',
  method: 'put',
  path: '/v1/me/preferences',
  operationId: 'replacePreferences',
  tag,
  summary: 'Replace my preferences',
  description: 'With `If-Match` only the version that was read is replaced, else 412.',
  body: chosen,
  answers: { 200: { description: 'The preferences as they are now.', schema: preferences, headers: ['ETag'] } },
  problems: [412],
  handle: (request) =>
    request.command(async (tx) => {
      await replacePreferences(tx, request.principal.userId, request.body, (version) => request.checkVersion(version));
      return answer(tx.query, request.principal.userId);
    }),
});

/** Operations on what the caller has chosen. */
export const preferenceRoutes: readonly AnyRoute[] = [get, replace];

async function answer(query: Tx['query'], userId: string): Promise<Answer> {
  const found = await findPreferences(query, userId);
  return { status: 200, headers: { ETag: etag(found.version) }, body: found.preferences };
}
