// Goal: the rate of a use is decided once and by whom it says. Method: each way to give one, and what edits do to it.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { divideRationals, multiplyRationals, rational } from './decimal.ts';
import { convertLines, freezeRate, type FrozenRate, needsPublishedRate, rateAfterEdit } from './expense-rate.ts';
import { formatRate } from './fx.ts';
import { expenseLines } from './ledger.ts';
import { formatAmount } from './money.ts';

const ECB = { rate: '1.1172', source: 'ecb', publishedOn: '2026-10-30' };
const FROZEN: FrozenRate = { perGroupCurrency: '1.1172', source: 'ecb', date: '2026-10-30' };
const TYPED: FrozenRate = { perGroupCurrency: '1.2', source: 'typed' };
const BOTH: FrozenRate = { perGroupCurrency: '1.25', source: 'typed', total: { amount: '80.00', currency: 'EUR' } };
const total = { minor: 10_000n, currency: 'USD' };
const freeze = (rate: Parameters<typeof freezeRate>[0]['rate'], published: typeof ECB | null = ECB) =>
  freezeRate({ rate, total, groupCurrency: 'EUR', published });
const codeOf = (outcome: ReturnType<typeof freeze>): string | null => (outcome.ok ? null : outcome.refusal.code);

describe('rate of a use', () => {
  it('none given, is the published one, or none where none is known', () => {
    assert.equal(needsPublishedRate(null, 'USD', 'EUR'), true);
    assert.deepEqual(freeze(undefined), { ok: true, value: FROZEN });
    assert.deepEqual(freeze(null, null), { ok: true, value: null });
  });

  it('in the group’s own currency, needs none', () => {
    assert.equal(needsPublishedRate(undefined, 'EUR', 'EUR'), false);
  });

  it('typed, counts as it is; of a publisher, is never believed', () => {
    assert.equal(needsPublishedRate({ perGroupCurrency: '1.2', source: 'bank' }, 'USD', 'EUR'), false);
    assert.deepEqual(freeze({ perGroupCurrency: '1.2' }), { ok: true, value: TYPED });
    assert.deepEqual(freeze({ perGroupCurrency: '9', source: 'ecb', date: '2026-01-01' }), { ok: true, value: FROZEN });
  });

  it('both amounts, are kept, and the rate follows', () => {
    assert.deepEqual(freeze({ total: { amount: '80', currency: 'EUR' } }), { ok: true, value: BOTH });
    assert.equal(codeOf(freeze({ total: { amount: '80', currency: 'USD' } })), 'rate_currency');
    assert.equal(codeOf(freeze({ total: { amount: '0.00', currency: 'EUR' } })), 'rate_not_positive');
    assert.equal(codeOf(freeze({ total: { amount: '80.001', currency: 'EUR' } })), 'amount_precision');
    assert.equal(codeOf(freeze({ perGroupCurrency: '0' })), 'rate_not_positive');
    assert.equal(codeOf(freeze({ source: 'my bank' })), 'rate_required');
  });

  it('a rate beside both amounts, agrees with them to the digits that were typed, or is refused', () => {
    const both = (minor: bigint, currency: string, perGroupCurrency: string, amount: string) => {
      const outcome = freezeRate({
        rate: { perGroupCurrency, total: { amount, currency: 'EUR' } },
        total: { minor, currency },
        groupCurrency: 'EUR',
        published: null,
      });
      return outcome.ok ? outcome.value?.total?.amount : [outcome.refusal.code, outcome.refusal.pointer];
    };
    const refused = ['rate_contradicts_total', '/rate/total/amount'];
    assert.equal(both(10_000n, 'USD', '1.25', '80.00'), '80.00');
    // 100 / 85.47 = 1.17000…
    assert.equal(both(10_000n, 'USD', '1.17', '85.47'), '85.47', 'the rate gives it');
    assert.deepEqual(both(10_000n, 'USD', '1.17000', '85.46'), refused, 'a cent beside it');
    assert.equal(both(10_000n, 'USD', '1.17', '85.46'), '85.46', '1.17014 is 1.17 in the digits typed');
    assert.equal(both(10_000n, 'USD', '1.2', '85.46'), '85.46', 'so it is in fewer');
    assert.deepEqual(both(10_000n, 'USD', '1.3', '85.46'), refused);
    assert.deepEqual(both(10_000n, 'USD', '0.8', '80.00'), refused, 'the rate upside down');
    // A rate of many digits on an amount of few: 1 yen is 0.0061 euro, which is 0.01.
    assert.equal(both(1n, 'JPY', '163.12', '0.01'), '0.01');
    assert.deepEqual(both(1_000n, 'JPY', '163.12', '6.14'), refused);
    // 12.34 / 24.68 is exactly 0.5; halves agree both ways: 12.35 of 24.69 at 2 is 12.345.
    assert.equal(both(2_469n, 'USD', '2', '12.34'), '12.34');
    assert.equal(both(2_469n, 'USD', '2.000', '12.35'), '12.35');
    assert.deepEqual(both(2_469n, 'USD', '2.000', '12.36'), refused);
    assert.deepEqual(both(10_000n, 'USD', '0', '80.00'), ['rate_not_positive', '/rate/perGroupCurrency']);
    assert.equal(both(10n ** 15n, 'USD', '1', '10000000000000.00'), '10000000000000.00');
  });

  it('whatever two amounts, the rate that is kept for them is no contradiction, nor is it in fewer digits', () => {
    const currencies = fc.constantFrom('USD', 'JPY', 'KWD');
    fc.assert(
      fc.property(currencies, fc.bigInt(1n, 10n ** 9n), fc.bigInt(1n, 10n ** 9n), fc.nat(12), (currency, minor, other, keep) => {
        const amount = formatAmount(other, 'EUR');
        const given = { total: { minor, currency }, groupCurrency: 'EUR', published: null };
        const first = freezeRate({ ...given, rate: { total: { amount, currency: 'EUR' } } });
        assert.ok(first.ok && first.value !== null);
        const { perGroupCurrency } = first.value;
        assert.deepEqual(freezeRate({ ...given, rate: { ...first.value } }), first, 'what was read is sent again');
        // Cut off and raised: one of the two is the nearest text of so many digits, and that one agrees.
        const [integer = '0', fraction = ''] = perGroupCurrency.split('.');
        const digits = Math.min(keep, fraction.length);
        const cut = BigInt(integer + fraction.slice(0, digits));
        fc.pre(cut > 0n);
        const texts = [cut, cut + 1n].map((scaled) => {
          const padded = scaled.toString().padStart(digits + 1, '0');
          return digits === 0 ? padded : `${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
        });
        const agreed = texts.filter((text) => freezeRate({ ...given, rate: { ...first.value, perGroupCurrency: text } }).ok);
        assert.ok(agreed.length > 0, `${perGroupCurrency}: ${texts.join()}`);
      }),
    );
  });

  it('a rate that is off by a tenth, on an amount that shows it, is always refused', () => {
    fc.assert(
      fc.property(fc.bigInt(1_000n, 10n ** 12n), fc.bigInt(1_000n, 10n ** 12n), fc.boolean(), (minor, other, above) => {
        const exact = divideRationals(rational(minor), rational(other));
        const off = formatRate(multiplyRationals(exact, rational(above ? 11n : 9n, 10n)));
        fc.pre(off !== null && off.replace(/^0\.0*|\./, '').length > 3);
        const outcome = freezeRate({
          rate: { perGroupCurrency: off!, total: { amount: formatAmount(other, 'EUR'), currency: 'EUR' } },
          total: { minor, currency: 'USD' },
          groupCurrency: 'EUR',
          published: null,
        });
        assert.equal(codeOf(outcome), 'rate_contradicts_total');
      }),
    );
  });

  it('edit, changes what it depends on, and nothing else does', () => {
    const edit = { totalChanged: false, currencyChanged: false, dateChanged: false };
    assert.deepEqual(rateAfterEdit(FROZEN, edit), { keep: FROZEN });
    assert.deepEqual(rateAfterEdit(FROZEN, { ...edit, totalChanged: true }), { keep: FROZEN });
    assert.deepEqual(rateAfterEdit(FROZEN, { ...edit, dateChanged: true }), { rate: null });
    assert.deepEqual(rateAfterEdit(TYPED, { ...edit, dateChanged: true }), { keep: TYPED });
    assert.deepEqual(rateAfterEdit(TYPED, { ...edit, currencyChanged: true }), { rate: null });
    assert.deepEqual(rateAfterEdit(BOTH, { ...edit, totalChanged: true }), { keep: { perGroupCurrency: '1.25', source: 'typed' } });
    assert.deepEqual(rateAfterEdit(FROZEN, { ...edit, rate: { ...FROZEN } }), { keep: FROZEN }, 'what was read is sent back');
    assert.deepEqual(rateAfterEdit(FROZEN, { ...edit, rate: TYPED }), { rate: TYPED });
    assert.deepEqual(rateAfterEdit(TYPED, { ...edit, rate: null }), { rate: null });
    assert.deepEqual(rateAfterEdit(null, edit), { rate: null }, 'one that was not known may be now');
  });
});

describe('conversion', () => {
  const lines = (paid: readonly bigint[], owed: readonly bigint[]) =>
    expenseLines({
      kind: 'expense',
      currency: 'USD',
      paid: paid.map((minor, index) => ({ memberId: `m${index}`, minor })),
      owed: owed.map((minor, index) => ({ memberId: `m${index}`, minor })),
    });

  it('of a dinner, at a rate and by both amounts', () => {
    const dinner = lines([10_000n], [3_334n, 3_333n, 3_333n]);
    const converted = (rate: FrozenRate): bigint[] => {
      const outcome = convertLines(dinner, rate, 'EUR');
      assert.ok(outcome.ok);
      return outcome.value.map((line) => line.converted);
    };
    // 66.66 / 1.1172 = 59.667…, 33.33 / 1.1172 = 29.833…: the cents go to the largest fractions.
    assert.deepEqual(converted(FROZEN), [5_967n, -2_983n, -2_984n]);
    assert.deepEqual(converted(BOTH), [5_333n, -2_666n, -2_667n]);
  });

  it('larger than the ledger takes, is refused', () => {
    const outcome = convertLines(lines([10n ** 15n], [0n, 10n ** 15n]), { perGroupCurrency: '0.5', source: 'typed' }, 'EUR');
    assert.equal(outcome.ok ? null : outcome.refusal.code, 'amount_out_of_range');
  });

  it('by both amounts, gives exactly the other amount to who paid for others', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 12n }), fc.bigInt({ min: 1n, max: 10n ** 12n }), (minor, other) => {
        const cents = other.toString().padStart(3, '0');
        const amount = `${cents.slice(0, -2)}.${cents.slice(-2)}`;
        const outcome = convertLines(lines([minor], [0n, minor]), { ...BOTH, total: { amount, currency: 'EUR' } }, 'EUR');
        assert.ok(outcome.ok);
        assert.deepEqual(
          outcome.value.map((line) => line.converted),
          [other, -other],
        );
      }),
    );
  });
});
