import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Wake',
  schema: 'notification',
  tableName: 'wake',
  properties: {
    recipientId: p.uuid().primary(),
    requestedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
});

/** That a wake signal for a recipient is outstanding; the delivery workflow clears it before it pulls. */
export class Wake extends schema.class {}
schema.setClass(Wake);
