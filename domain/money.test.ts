import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CURRENCIES } from './currency.ts';
import { formatAmount, MAX_MINOR, moneyFromWire, moneyToWire, parseAmount, parseSum } from './money.ts';
import { RefusalError, unwrap } from './refusal.ts';

const currency = fc.constantFrom(...CURRENCIES.map(({ code }) => code));
const minor = fc.bigInt({ min: -MAX_MINOR, max: MAX_MINOR });

function codeOf(text: string, code: string): string {
  const outcome = parseAmount(text, code, '/total/amount');
  if (outcome.ok) return 'ok';
  assert.equal(outcome.refusal.pointer, '/total/amount');
  return outcome.refusal.code;
}

describe('money', () => {
  it('round trips through the wire, in every currency', () => {
    fc.assert(
      fc.property(minor, currency, (amount, code) => {
        const money = { minor: amount, currency: code };
        const wire: unknown = JSON.parse(JSON.stringify(moneyToWire(money)));
        assert.deepEqual(unwrap(moneyFromWire(wire as { amount: string; currency: string })), money);
      }),
    );
  });

  it('writes all digits of the currency', () => {
    const written = [
      [1234n, 'EUR', '12.34'],
      [5n, 'EUR', '0.05'],
      [-5n, 'EUR', '-0.05'],
      [0n, 'EUR', '0.00'],
      [1500n, 'JPY', '1500'],
      [-1n, 'JPY', '-1'],
      [1n, 'KWD', '0.001'],
      [12345n, 'CLF', '1.2345'],
    ] as const;
    for (const [amount, code, text] of written) {
      assert.equal(formatAmount(amount, code), text);
      assert.equal(parseSum(text), amount);
    }
  });

  it('fills missing digits with zeros', () => {
    assert.equal(unwrap(parseAmount('1', 'EUR')), 100n);
    assert.equal(unwrap(parseAmount('1.5', 'EUR')), 150n);
    assert.equal(unwrap(parseAmount('-1.50', 'EUR')), -150n);
    assert.equal(unwrap(parseAmount('1.5', 'KWD')), 1500n);
    assert.equal(unwrap(parseAmount('-0.00', 'EUR')), 0n);
  });

  it('refuses other forms of a number', () => {
    const wrong = [
      '',
      '-',
      '.',
      '1.',
      '.5',
      '+1',
      '1e3',
      '007',
      '00.10',
      '-01',
      '1,50',
      '1.5.0',
      ' 1',
      '1 ',
      '1\n',
      '--1',
      '0x1',
      'NaN',
      '١٢',
      '12€',
    ];
    for (const text of wrong) assert.equal(codeOf(text, 'EUR'), 'amount_malformed', JSON.stringify(text));
  });

  it('takes digits at n - 1 and n, and refuses n + 1, zeros too', () => {
    assert.deepEqual(
      ['1.2', '1.23', '1.234', '1.230'].map((text) => codeOf(text, 'EUR')),
      ['ok', 'ok', 'amount_precision', 'amount_precision'],
    );
    assert.deepEqual(
      ['1', '1.0'].map((text) => codeOf(text, 'JPY')),
      ['ok', 'amount_precision'],
    );
    assert.deepEqual(
      ['1.23', '1.234', '1.2345'].map((text) => codeOf(text, 'KWD')),
      ['ok', 'ok', 'amount_precision'],
    );
  });

  it('takes amounts up to the limit, on both sides', () => {
    fc.assert(
      fc.property(currency, fc.constantFrom('', '-'), (code, sign) => {
        const codes = [MAX_MINOR - 1n, MAX_MINOR, MAX_MINOR + 1n].map((amount) => codeOf(sign + formatAmount(amount, code), code));
        assert.deepEqual(codes, ['ok', 'ok', 'amount_out_of_range']);
      }),
    );
    assert.equal(codeOf('9'.repeat(100_000), 'EUR'), 'amount_out_of_range');
  });

  it('points to the field that is at fault', () => {
    const wrongCurrency = moneyFromWire({ amount: '1.00', currency: 'XAU' }, '/total');
    assert.deepEqual(!wrongCurrency.ok && [wrongCurrency.refusal.code, wrongCurrency.refusal.pointer], [
      'unknown_currency',
      '/total/currency',
    ]);
    const wrongAmount = moneyFromWire({ amount: '1.001', currency: 'EUR' }, '/total');
    assert.deepEqual(!wrongAmount.ok && [wrongAmount.refusal.code, wrongAmount.refusal.pointer], ['amount_precision', '/total/amount']);
    const placeless = moneyFromWire({ amount: 'x', currency: 'EUR' });
    assert.deepEqual(!placeless.ok && placeless.refusal.pointer, undefined);
    assert.equal(codeOf('1', 'XXX'), 'unknown_currency');
    assert.throws(() => formatAmount(1n, 'XAU'), RefusalError);
  });
});
