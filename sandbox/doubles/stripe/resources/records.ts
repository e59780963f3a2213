import { z } from 'zod';
import { ok, operation, required, type Operation } from '../call.ts';
import { listOf as envelope, page } from '../lists.ts';
import { expandField, listFields, range, text } from '../params.ts';
import type { Transfer } from '../types.ts';
import type { Work } from '../work.ts';

const plain = z.strictObject(expandField);

/** Routes that only show what payments left behind: charges, transfers, their reversals, events. */
export const recordOperations: readonly Operation[] = [
  operation(
    'GET',
    '/v1/charges',
    z.strictObject({
      ...listFields,
      created: range.optional(),
      customer: text.optional(),
      payment_intent: text.optional(),
      transfer_group: text.optional(),
    }),
    ({ work, params }) => {
      const charges = work
        .list('charge')
        .filter((charge) => params.payment_intent === undefined || charge.payment_intent === params.payment_intent)
        .filter((charge) => params.customer === undefined || charge.customer === params.customer)
        .filter((charge) => params.transfer_group === undefined || charge.transfer_group === params.transfer_group);
      return ok(page(charges, params, '/v1/charges'));
    },
  ),
  operation('GET', '/v1/charges/:id', plain, ({ work, id }) => ok(required(work, 'charge', id))),
  operation(
    'GET',
    '/v1/transfers',
    z.strictObject({ ...listFields, created: range.optional(), destination: text.optional(), transfer_group: text.optional() }),
    ({ work, params }) => {
      const transfers = work
        .list('transfer')
        .filter((transfer) => params.destination === undefined || transfer.destination === params.destination)
        .filter((transfer) => params.transfer_group === undefined || transfer.transfer_group === params.transfer_group);
      const listed = transfers.map((transfer) => ({ ...withReversals(work, transfer), id: transfer.id, created: transfer.created }));
      return ok(page(listed, params, '/v1/transfers'));
    },
  ),
  operation('GET', '/v1/transfers/:id', plain, ({ work, id }) => ok(withReversals(work, required(work, 'transfer', id)))),
  operation('GET', '/v1/transfers/:id/reversals', z.strictObject(listFields), ({ work, id, params }) => {
    const transfer = required(work, 'transfer', id);
    return ok(page(reversalsOf(work, transfer), params, `/v1/transfers/${id}/reversals`));
  }),
  operation('GET', '/v1/transfers/:id/reversals/:id', plain, ({ work, subId }) => ok(required(work, 'transfer_reversal', subId))),
  operation(
    'GET',
    '/v1/events',
    z.strictObject({ ...listFields, created: range.optional(), type: text.optional() }),
    ({ work, params }) => {
      const events = work.list('event').filter((event) => params.type === undefined || event.type === params.type);
      return ok(page(events, params, '/v1/events'));
    },
  ),
  operation('GET', '/v1/events/:id', plain, ({ work, id }) => ok(required(work, 'event', id))),
];

function withReversals(work: Work, transfer: Transfer): object {
  return { ...transfer, reversals: envelope(reversalsOf(work, transfer), false, `/v1/transfers/${transfer.id}/reversals`) };
}

function reversalsOf(work: Work, transfer: Transfer) {
  return work.list('transfer_reversal').filter((reversal) => reversal.transfer === transfer.id);
}
