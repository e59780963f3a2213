import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Preferences } from '../../../domain/preferences.ts';

const schema = defineEntity({
  name: 'Preference',
  schema: 'user',
  tableName: 'preference',
  properties: {
    accountId: p.uuid().primary(),
    settings: p.json<Partial<Preferences>>(),
    version: p.integer().default(1),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
});

/** What a person has chosen; what is left out has its default. Who never chose anything has no row. */
export class Preference extends schema.class {}
schema.setClass(Preference);
