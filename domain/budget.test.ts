// Goal: budgets of a group do not contradict each other, and come out in one form.
import assert from 'node:assert/strict';
import { type BudgetInput, checkBudgets } from './budget.ts';

const budget = (fields: Partial<BudgetInput> = {}): BudgetInput => ({
  period: 'month',
  amount: { amount: '100', currency: 'EUR' },
  ...fields,
});

describe('budgets', () => {
  it('get all digits, rising alerts without doubles, and the ordinary ones where none are said', () => {
    assert.deepEqual(
      checkBudgets([budget({ alerts: [100, 50, 100] }), budget({ category: 'food' }), budget({ category: 'home', alerts: [] })]),
      {
        ok: true,
        value: [
          { category: null, period: 'month', amount: { amount: '100.00', currency: 'EUR' }, alerts: [50, 100] },
          { category: 'food', period: 'month', amount: { amount: '100.00', currency: 'EUR' }, alerts: [80, 100] },
          { category: 'home', period: 'month', amount: { amount: '100.00', currency: 'EUR' }, alerts: [] },
        ],
      },
    );
  });

  it('of one category and period, stand side by side in several currencies and periods, and twice in none', () => {
    const yen = { amount: '100', currency: 'JPY' };
    assert.equal(checkBudgets([budget(), budget({ amount: yen }), budget({ period: 'week' }), budget({ category: 'food' })]).ok, true);
    const twice = checkBudgets([budget(), budget({ category: null, amount: { amount: '5', currency: 'EUR' } })]);
    assert.ok(!twice.ok && twice.refusal.code === 'duplicate_budget' && twice.refusal.pointer === '/budgets/1');
  });

  it('of nothing, or with too many digits, are refused at their place', () => {
    for (const [amount, code, pointer] of [
      ['0', 'budget_not_positive', '/budgets/1/amount/amount'],
      ['-1', 'budget_not_positive', '/budgets/1/amount/amount'],
      ['1.234', 'amount_precision', '/budgets/1/amount/amount'],
    ] as const) {
      const outcome = checkBudgets([budget({ category: 'food' }), budget({ amount: { amount, currency: 'EUR' } })]);
      assert.ok(!outcome.ok);
      assert.deepEqual([outcome.refusal.code, outcome.refusal.pointer], [code, pointer]);
    }
  });
});
