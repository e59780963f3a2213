import { z } from 'zod';
import { DISPUTE_REASON_MAX } from '../../../../domain/dispute.ts';
import { amount, currency, date, decimal, id, line, listOf, listQuery, money, positiveAmount, text, withBounds } from '../../../schemas.ts';
import { categoryKey } from '../categories/schema.ts';
import { split } from '../split-schema.ts';

/** Most payers of one expense: every member of the largest group. */
const PAYERS_MAX = 500;
const TAGS_MAX = 20;
/** Most expenses of one bulk request. */
export const BULK_MAX = 500;

const kind = z.enum(['expense', 'income']);

/** A business day that an expense may have. */
const expenseDate = date.refine((day) => day >= '1970-01-01' && day <= '2100-12-31', 'must be within 1970 and 2100');

const tag = line(40);

const perGroupCurrency = z
  .string()
  .max(32)
  .regex(/^(?=.*[1-9])(0|[1-9]\d{0,11})(\.\d{1,18})?$/, 'must be a decimal above zero with at most 18 digits after the point')
  .meta({ description: "Units of the expense's currency for one unit of the group's.", example: '0.92' });
const rateDate = date.meta({ description: 'The business day for which a publisher published it.' });
const rateTotal = money.meta({ description: "The total in the group's currency, where both amounts were typed: then it is exact." });

const rateInput = z
  .strictObject({
    perGroupCurrency: perGroupCurrency.optional(),
    total: rateTotal.optional(),
    source: line(40)
      .optional()
      .meta({ description: 'A publisher, such as `ecb`, asks for the rate that was published.', example: 'typed' }),
    date: date.optional().meta({ description: "With a publisher: the day whose rate is taken, the expense's own where left out." }),
  })
  .refine(
    ({ perGroupCurrency: typed, total, source }) => (typed ?? total ?? source) !== undefined,
    'must give perGroupCurrency, total or source',
  )
  .meta({
    id: 'RateInput',
    description:
      "A typed rate, or the total in the group's currency; where both are given they have to agree (422 `rate_contradicts_total`). Where none is given, a total in another currency takes the published rate of its day.",
  });

const frozenRate = z
  .strictObject({ perGroupCurrency, source: line(40).meta({ example: 'ecb' }), date: rateDate.optional(), total: rateTotal.optional() })
  .meta({ id: 'FrozenRate', description: "The rate at which the expense counts in the group's currency, whatever is published later." });

const payer = z.strictObject({ memberId: id, amount });

const fields = {
  kind: kind.optional(),
  description: line(200),
  total: money,
  date: expenseDate,
  category: categoryKey.nullish(),
  payers: z.array(payer).min(1).max(PAYERS_MAX),
  split,
  notes: text(5000).optional(),
  tags: z.array(tag).max(TAGS_MAX).optional(),
  rate: rateInput.nullish(),
};

export const createExpense = z
  .strictObject({
    id: id.optional(),
    ...fields,
    split: split.optional().meta({ description: "How the total is shared; the policy's `defaultSplit` where left out." }),
  })
  .meta({ id: 'NewExpense' });
export const updateExpense = z.strictObject(fields).partial().meta({ id: 'ExpenseChange' });
export const createExpenses = z.strictObject({ expenses: z.array(createExpense).min(1).max(BULK_MAX) });

const instant = z.string().meta({ format: 'date-time' });
const state = z.enum(['posted', 'pending', 'rejected', 'expired', 'withdrawn', 'deleted']);

export const expense = z
  .strictObject({
    id,
    groupId: id,
    kind,
    state,
    disputed: z.boolean(),
    description: z.string(),
    total: money,
    date: z.iso.date(),
    category: z.string().nullable(),
    payers: z.array(payer),
    split,
    shares: z.array(z.strictObject({ memberId: id, paid: positiveAmount, owed: positiveAmount })),
    notes: z.string(),
    tags: z.array(z.string()),
    rate: frozenRate.nullable(),
    dispute: z
      .strictObject({ by: id, reason: z.string(), at: instant })
      .optional()
      .meta({ description: 'The objection, while `disputed`; the balances stay as they are.' }),
    approvals: z.array(z.strictObject({ memberId: id, decision: z.enum(['approved', 'rejected', 'waiting']), at: instant.nullable() })),
    pendingVersion: z
      .int()
      .optional()
      .meta({ description: 'Version of the edit that waits for approval; the fields show the version that stands.' }),
    createdBy: id,
    version: z.int(),
    createdAt: instant,
    updatedAt: instant,
    workflowId: z.string().optional(),
  })
  .meta({ id: 'Expense' });

export const vote = z.strictObject({
  version: z
    .int()
    .min(1)
    .max(2_147_483_647)
    .optional()
    .meta({ description: 'The version that you have read: `pendingVersion` where there is one, else `version`.', example: 1 }),
});

export const dispute = z.strictObject({ reason: line(DISPUTE_REASON_MAX).meta({ example: 'I was not there' }) });

export const bulkAnswer = z.strictObject({ data: z.array(expense) });

export const history = listOf(
  z
    .strictObject({
      version: z.int(),
      change: z.enum(['created', 'edited', 'deleted', 'restored', 'merged', 'unmerged', 'moved']),
      by: id.nullable(),
      at: instant,
      outcome: z.enum(['waiting', 'approved', 'rejected', 'expired', 'withdrawn', 'voided']).nullable(),
      changes: z.array(z.strictObject({ field: z.string(), from: z.unknown(), to: z.unknown() })),
    })
    .meta({ id: 'ExpenseVersion' }),
);

export const SORTS = ['date', '-date', 'createdAt', '-createdAt', 'amount', '-amount'] as const;

/** What filters a list of expenses; also the scope of its cursors. */
export const expenseFilters = {
  q: text(200).optional().meta({
    description:
      'Words in description, notes, tags or category, whatever their case and accents. Several: all of them. The last may go on: `piz` finds pizza.',
  }),
  category: categoryKey.optional().meta({ description: 'A category, or a main category with all below it.' }),
  member: id.optional().meta({ description: 'A member who paid or shares.' }),
  from: date.optional(),
  to: date.optional(),
  min: decimal.optional().meta({ description: 'Least total, in units of its own currency.' }),
  max: decimal.optional(),
  currency: currency.optional(),
  state: state.optional().meta({ description: 'All but deleted ones where not given.' }),
  tag: tag.optional(),
  sort: z.enum(SORTS).optional().meta({ description: 'Newest record first where not given.' }),
};

export const expenseList = withBounds(listQuery.extend(expenseFilters));

/** What a copy has of its own; the rest is the original's. */
export const duplicateExpense = z.strictObject({
  id: id.optional(),
  description: fields.description.optional(),
  date: expenseDate.optional().meta({ description: "The original's where left out." }),
  category: fields.category,
  notes: fields.notes,
  tags: fields.tags,
});

export const moveExpense = z.strictObject({
  groupId: id.meta({ description: 'The group that it goes to.' }),
  memberMap: z
    .record(id, id)
    .refine((map) => Object.keys(map).length <= PAYERS_MAX, `must name at most ${PAYERS_MAX} members`)
    .optional()
    .meta({
      description: 'Members of its present group, and who they are in the other one; people with an account are found by it.',
      example: {},
    }),
});

export const groupParams = z.strictObject({ groupId: id });
export const expenseParams = z.strictObject({ expenseId: id });
