// Goal: every chart is well-formed XML that holds what people wrote as text and nothing else, says in words what it shows, and stays within
// its frame whatever the figures are. Method: properties over names and sums; the parser is another than what wrote it.
import assert from 'node:assert/strict';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import fc from 'fast-check';
import sharp from 'sharp';
import { CATEGORY_LANGUAGES } from '../../domain/category-names.ts';
import { chartWords } from '../../domain/chart-words.ts';
import { planTransfers } from '../../domain/plan.ts';
import { drawCategories } from './categories.ts';
import { drawDebts } from './debts.ts';
import { drawMonths, monthsWithoutGaps } from './months.ts';
import { CHART_WIDTH, type Drawing, fitText, renderChart, textWidth } from './svg.ts';

const words = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    '',
    '<script>alert(1)</script>',
    ']]>',
    '"onload="x',
    "' & ><",
    'דניאל כהן',
    '👨‍👩‍👧‍👦🍕',
    'ｗｉｄｅ',
    '\u202eevil',
    '\u0000\u0007\ud800',
    'a'.repeat(200),
  ),
);
const minor = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
const currency = fc.constantFrom('EUR', 'JPY', 'KWD');
const language = fc.constantFrom(...CATEGORY_LANGUAGES).map(chartWords);
const ENGLISH = chartWords('en');

function balanced(nets: readonly bigint[]): { memberId: string; minor: bigint }[] {
  const all = [...nets, -nets.reduce((sum, net) => sum + net, 0n)];
  return all.map((net, index) => ({ memberId: `member ${String(index).padStart(3, '0')}`, minor: net })).filter((net) => net.minor !== 0n);
}

const drawings: Readonly<Record<string, fc.Arbitrary<Drawing>>> = {
  debts: fc
    .tuple(language, words, currency, fc.array(minor, { maxLength: 120 }), fc.array(words, { minLength: 1, maxLength: 10 }))
    .map(([said, group, code, nets, names]) => {
      const balances = balanced(nets);
      const planned = planTransfers({ balances, strategy: 'minimal' });
      const nodes = balances.map((balance, index) => ({ ...balance, name: names[index % names.length]! }));
      return drawDebts(said, group, code, nodes, planned.ok ? planned.value.transfers : []);
    }),
  categories: fc
    .tuple(language, words, currency, words, fc.array(fc.record({ name: words, minor }), { maxLength: 40 }))
    .map(([said, group, code, period, sums]) => drawCategories(said, group, code, period, sums)),
  months: fc.tuple(language, words, currency, fc.array(fc.tuple(minor, minor), { maxLength: 60 })).map(([said, group, code, sums]) =>
    drawMonths(
      said,
      group,
      code,
      sums.map(([spent, income], index) => ({
        month: `${2020 + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`,
        spent,
        income,
      })),
    ),
  ),
};

const ALLOWED = new Set(['svg', 'title', 'desc', 'style', 'rect', 'text', 'g', 'path', 'line', 'defs', 'linearGradient', 'stop']);

describe('charts', function () {
  this.timeout(120_000);

  for (const [kind, drawing] of Object.entries(drawings)) {
    it(`${kind}, of any names and sums, are well-formed and hold no element, reference or script beyond their own`, () => {
      fc.assert(
        fc.property(drawing, fc.constantFrom('light', 'dark', 'auto'), (drawn, theme) => {
          const svg = renderChart(drawn, theme as 'light');
          assert.equal(XMLValidator.validate(svg), true);
          // oxlint-disable-next-line no-control-regex -- what XML forbids is what is looked for.
          assert.doesNotMatch(svg, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
          assert.ok(svg.isWellFormed());
          const markup = svg.replaceAll(/>[^<]*</g, '><');
          for (const [, tag] of markup.matchAll(/<\/?([A-Za-z]+)/g)) assert.ok(ALLOWED.has(tag!), tag);
          assert.doesNotMatch(markup, /\son\w+=|href|url\((?!#)|<!/);
        }),
        { numRuns: 150 },
      );
    });

    it(`${kind}, of any figures, stay within the frame`, () => {
      fc.assert(
        fc.property(drawing, (drawn) => {
          const svg = renderChart(drawn, 'light');
          const [, height] = /viewBox="0 0 720 (\d+)"/.exec(svg) ?? [];
          for (const [, x, y, width, tall] of svg.matchAll(/<rect[^>]*? x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)"/g)) {
            assert.ok(
              [x, y, width, tall].every((value) => Number.isFinite(Number(value)) && Number(value) >= 0),
              `${x} ${y} ${width} ${tall}`,
            );
            assert.ok(
              Number(x) + Number(width) <= CHART_WIDTH && Number(y) + Number(tall) <= Number(height),
              `${x} ${y} ${width} ${tall} in ${height}`,
            );
          }
          for (const [, x, y] of svg.matchAll(/<text x="([^"]+)" y="([^"]+)"/g))
            assert.ok(Number(x) >= 0 && Number(x) <= CHART_WIDTH && Number(y) > 0 && Number(y) < Number(height), `${x} ${y} in ${height}`);
          assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
        }),
        { numRuns: 150 },
      );
    });

    it(`${kind}, drawn twice, are the same text; and their description says something`, () => {
      fc.assert(
        fc.property(drawing, (drawn) => {
          assert.equal(renderChart(drawn, 'auto'), renderChart(structuredClone(drawn), 'auto'));
          assert.ok(drawn.description.length > 0 && drawn.description.every((line) => line !== ''));
        }),
        { numRuns: 50 },
      );
    });
  }

  it('has a title and a description that its root names', () => {
    const svg = renderChart(drawCategories(ENGLISH, 'Trip & co', 'EUR', 'all time', [{ name: 'Food', minor: 1234n }]), 'auto');
    const { svg: root } = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(svg) as {
      svg: { role: string; 'aria-labelledby': string; title: { id: string; '#text': string }; desc: { id: string; '#text': string } };
    };
    assert.equal(root.role, 'img');
    assert.equal(root['aria-labelledby'], `${root.title.id} ${root.desc.id}`);
    assert.match(root.title['#text'], /^Spent by category: .*Trip & co/);
    assert.match(root.desc['#text'], /Food.*: 12\.34 EUR, 100\.0 %/);
  });

  it('themes, are one set of colours, or both for the reader’s system to choose', () => {
    const drawn = drawCategories(ENGLISH, 'x', 'EUR', 'x', []);
    const [light, dark, auto] = (['light', 'dark', 'auto'] as const).map((theme) => renderChart(drawn, theme));
    assert.match(light!, /--ground:#ffffff/);
    assert.match(dark!, /--ground:#11161d/);
    for (const one of [light!, dark!]) assert.doesNotMatch(one, /prefers-color-scheme/);
    assert.match(auto!, /--ground:#ffffff.*@media \(prefers-color-scheme:dark\)\{\.ssx\{--ground:#11161d/);
  });

  it('for programs that know no variables, has its colours all the same', async () => {
    const drawn = drawCategories(ENGLISH, 'x', 'EUR', 'x', []);
    // The product reads no SVG, and whoever has read a receipt in this process has closed that door.
    sharp.unblock({ operation: ['VipsForeignLoadSvg'] });
    after(() => sharp.block({ operation: ['VipsForeignLoadSvg'] }));
    for (const [theme, ground] of [
      ['light', [255, 255, 255]],
      ['dark', [17, 22, 29]],
      ['auto', [255, 255, 255]],
    ] as const) {
      // librsvg knows none.
      const pixel = await sharp(Buffer.from(renderChart(drawn, theme)))
        .extract({ left: 360, top: 100, width: 1, height: 1 })
        .removeAlpha()
        .raw()
        .toBuffer();
      assert.deepEqual([...pixel], ground, theme);
    }
  });

  it('debts, of more members than are shown, sum up the others and lose nothing', () => {
    const balances = balanced(Array.from({ length: 199 }, (_, index) => BigInt(index % 2 === 0 ? 100 : -100) * BigInt(index + 1)));
    const nodes = balances.map((balance) => ({ ...balance, name: balance.memberId }));
    const drawn = drawDebts(ENGLISH, 'x', 'EUR', nodes, []);
    assert.equal(drawn.body.match(/class="owes"/g)?.length, 60);
    assert.match(drawn.body, />\d+ others</);
    const owed = drawn.description
      .filter((line) => line.includes('owes'))
      .map((line) => Number(line.replaceAll(',', '').split(' ').at(-2)));
    const all = balances.filter(({ minor: net }) => net < 0n).reduce((sum, { minor: net }) => sum - net, 0n);
    assert.equal(Math.round(owed.reduce((sum, one) => sum + one, 0) * 100), Number(all));
  });

  it('months, without gaps, are twelve, or those of the period, and no more than are shown', () => {
    const sums = [{ month: '2026-02', spent: 1n, income: 0n }];
    const of = (period: { from?: string; to?: string }): string[] => monthsWithoutGaps(sums, period).map(({ month }) => month);
    assert.deepEqual([of({}).at(0), of({}).at(-1), of({}).length], ['2025-03', '2026-02', 12]);
    assert.deepEqual(of({ from: '2025-12-31', to: '2026-02-01' }), ['2025-12', '2026-01', '2026-02']);
    assert.deepEqual([of({ from: '0001-01-01', to: '9999-12-31' }).length, of({ from: '2026-03-01', to: '2026-01-01' })], [36, []]);
    assert.deepEqual([monthsWithoutGaps([], {}), monthsWithoutGaps([], { to: '0001-02-01' }).length], [[], 2]);
  });

  it('texts, are cut between characters as readers see them, to their width', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 20, max: 400 }), (said, width) => {
        const fitted = fitText(said, 13, width);
        assert.ok(textWidth(fitted, 13) <= Math.max(width, textWidth('…', 13)));
      }),
    );
    assert.doesNotMatch(fitText('👨‍👩‍👧‍👦'.repeat(20), 13, 100), /\u200d…/);
    assert.deepEqual(['1234567.89', '-1000', '999', '0.12'].map(ENGLISH.decimal), ['1,234,567.89', '−1,000', '999', '0.12']);
  });
});
