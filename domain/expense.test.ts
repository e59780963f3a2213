// Goal: the content of an expense obeys the rules whatever is entered, and says again what it says. Method: properties.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  changedFields,
  contentLines,
  draftExpense,
  type ExpenseContent,
  type ExpenseInput,
  type Participant,
  rateToGroup,
  samePosting,
} from './expense.ts';
import { netOf } from './ledger.ts';
import { formatAmount } from './money.ts';
import { unwrap } from './refusal.ts';

const MEMBERS = ['a', 'b', 'c', 'd'];
const members = new Map<string, Participant>(MEMBERS.map((id) => [id, { active: id !== 'd', weight: '1' }]));

function input(fields: Partial<ExpenseInput> = {}): ExpenseInput {
  return {
    description: 'Dinner',
    total: { amount: '10.00', currency: 'EUR' },
    date: '2026-11-20',
    payers: [{ memberId: 'a', amount: '10.00' }],
    split: { method: 'equal', among: ['a', 'b', 'c'] },
    ...fields,
  };
}

const entered = fc
  .record({
    kind: fc.constantFrom('expense' as const, 'income' as const),
    minor: fc.bigInt({ min: 1n, max: 10n ** 15n }),
    currency: fc.constantFrom('EUR', 'JPY', 'KWD'),
    among: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
    payer: fc.constantFrom('a', 'b', 'c'),
    tieBreak: fc.bigInt({ min: 0n, max: 2n ** 63n }),
  })
  .map(({ kind, minor, currency, among, payer, tieBreak }) => {
    const amount = formatAmount(minor, currency);
    const payers = [{ memberId: payer, amount }];
    return { tieBreak, input: input({ kind, total: { amount, currency }, payers, split: { method: 'equal', among } }) };
  });

describe('draftExpense', () => {
  it('whatever is entered, the posting sums to zero and is that of the stored content', () => {
    fc.assert(
      fc.property(entered, (one) => {
        const draft = unwrap(draftExpense(one.input, members, one.tieBreak));
        assert.equal(
          draft.lines.reduce((sum, line) => sum + netOf(line), 0n),
          0n,
        );
        const stored = JSON.parse(JSON.stringify(draft.content)) as ExpenseContent;
        assert.deepEqual(contentLines(stored), draft.lines);
      }),
    );
  });

  it('drafted again from its own content, changes nothing', () => {
    fc.assert(
      fc.property(entered, (one) => {
        const { content } = unwrap(draftExpense(one.input, members, one.tieBreak));
        const again = unwrap(draftExpense(content, members, one.tieBreak)).content;
        assert.deepEqual(changedFields(content, again), []);
        assert.equal(samePosting(content, again), true);
      }),
    );
  });

  it('amounts with fewer digits, stored with all of them, minus zero without its sign', () => {
    const parts = [
      { memberId: 'a', amount: '-0' },
      { memberId: 'b', amount: '1.5' },
    ];
    const draft = draftExpense(
      input({
        total: { amount: '10', currency: 'EUR' },
        payers: [{ memberId: 'a', amount: '10.0' }],
        split: { method: 'adjustment', among: ['a', 'b'], parts },
      }),
      members,
      0n,
    );
    const { content } = unwrap(draft);
    assert.deepEqual([content.total.amount, content.payers[0]?.amount], ['10.00', '10.00']);
    assert.deepEqual(content.split, {
      method: 'adjustment',
      among: ['a', 'b'],
      parts: [
        { memberId: 'a', amount: '0.00' },
        { memberId: 'b', amount: '1.50' },
      ],
    });
  });

  it('somebody unknown or gone, refused where they are named', () => {
    const refusalOf = (fields: Partial<ExpenseInput>): unknown => {
      const draft = draftExpense(input(fields), members, 0n);
      return draft.ok ? null : [draft.refusal.code, draft.refusal.pointer];
    };
    assert.deepEqual(refusalOf({ payers: [{ memberId: 'd', amount: '10.00' }] }), ['member_not_active', '/payers/0/memberId']);
    assert.deepEqual(refusalOf({ split: { method: 'equal', among: ['a', 'x'] } }), ['unknown_member', '/split/among/1']);
  });
});

describe('changedFields', () => {
  it('names the fields that differ, whatever the order of keys', () => {
    const { content } = unwrap(draftExpense(input(), members, 0n));
    const other = { ...content, total: { currency: 'EUR', amount: '10.00' }, notes: 'late', tags: ['x'] };
    assert.deepEqual(changedFields(content, other), [
      { field: 'notes', from: '', to: 'late' },
      { field: 'tags', from: [], to: ['x'] },
    ]);
    assert.equal(samePosting(content, other), true);
    assert.equal(samePosting(content, { ...content, date: '2026-11-21' }), false);
  });
});

describe('rateToGroup', () => {
  it('turns the rate round; zero and nonsense are no rate', () => {
    const turned = (perGroupCurrency: string): string | undefined => rateToGroup({ perGroupCurrency, source: 'typed' });
    assert.equal(turned('0.8'), '1.250000000000000000');
    assert.equal(turned('4'), '0.250000000000000000');
    assert.equal(turned('3'), '0.333333333333333333');
    assert.deepEqual([turned('0'), turned('0.00'), turned('x'), rateToGroup(null)], [undefined, undefined, undefined, undefined]);
  });
});
