import { z } from 'zod';
import { mergeMetadata, ok, operation, required, type Operation } from '../call.ts';
import { invalid } from '../errors.ts';
import { newId, nowSeconds } from '../ids.ts';
import { page } from '../lists.ts';
import { expandField, listFields, metadata, range, text } from '../params.ts';
import type { Customer } from '../types.ts';
import type { Work } from '../work.ts';
import { usableMethod } from './payment-methods.ts';

const fields = {
  ...expandField,
  description: text.optional(),
  email: text.optional(),
  metadata: metadata.optional(),
  name: text.optional(),
  phone: text.optional(),
};
const createSchema = z.strictObject({ ...fields, payment_method: text.optional() });
const updateSchema = z.strictObject(fields);
const listSchema = z.strictObject({ ...listFields, created: range.optional(), email: text.optional() });

/** Routes of `/v1/customers`. */
export const customerOperations: readonly Operation[] = [
  operation('POST', '/v1/customers', createSchema, ({ work, params }) => {
    const customer = work.put(newCustomer(params));
    if (params.payment_method !== undefined) work.put({ ...usableMethod(work, params.payment_method, customer.id), customer: customer.id });
    return ok(customer);
  }),
  operation('GET', '/v1/customers', listSchema, ({ work, params }) => {
    const customers = work
      .list('customer')
      .filter((customer) => !customer._deleted && (params.email === undefined || customer.email === params.email));
    return ok(page(customers, params, '/v1/customers'));
  }),
  operation('GET', '/v1/customers/:id', z.strictObject(expandField), ({ work, id }) => {
    const customer = required(work, 'customer', id);
    return ok(customer._deleted ? deleted(id) : customer);
  }),
  operation('POST', '/v1/customers/:id', updateSchema, ({ work, id, params }) => {
    const customer = living(work, id);
    const next = { ...customer, metadata: mergeMetadata(customer.metadata, params.metadata) };
    const given = Object.entries({ description: params.description, email: params.email, name: params.name, phone: params.phone });
    return ok(work.put<Customer>({ ...next, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) }));
  }),
  operation('DELETE', '/v1/customers/:id', z.strictObject({}), ({ work, id }) => {
    work.put<Customer>({ ...living(work, id), _deleted: true });
    return ok(deleted(id));
  }),
];

function living(work: Work, id: string): Customer {
  const customer = required(work, 'customer', id);
  if (customer._deleted) throw invalid(`No such customer: '${id}'`, 'resource_missing', 'id');
  return customer;
}

function deleted(id: string): object {
  return { id, object: 'customer', deleted: true };
}

function newCustomer(params: z.infer<typeof createSchema>): Customer {
  return {
    id: newId('cus', 14),
    object: 'customer',
    address: null,
    balance: 0,
    created: nowSeconds(),
    currency: null,
    default_source: null,
    delinquent: false,
    description: params.description ?? null,
    email: params.email ?? null,
    invoice_prefix: newId('I', 7).slice(2).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: mergeMetadata({}, params.metadata),
    name: params.name ?? null,
    phone: params.phone ?? null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
    _deleted: false,
  };
}
