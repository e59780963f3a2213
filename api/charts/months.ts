import { currencyDigits } from '../../domain/currency.ts';
import type { ChartWords } from '../../domain/chart-words.ts';
import { CHART_TOP, CHART_WIDTH, type Drawing, escapeXml, groupWords, MARGIN, moneyWords, number, text, textWidth } from './svg.ts';

/** Sums of a month; minor units of the chart's currency. */
export interface MonthSum {
  /** `YYYY-MM`. */
  readonly month: string;
  readonly spent: bigint;
  readonly income: bigint;
}

/** Months of one chart: the newest. */
export const MONTHS_MAX = 36;
const PLOT = { left: 84, right: CHART_WIDTH - MARGIN, top: CHART_TOP + 34, bottom: CHART_TOP + 34 + 220 };
const HEIGHT = PLOT.bottom + 48;
/** Lines across the plot, about. */
const STEPS = 4;

/** Draws what was spent, and what came in, month by month. */
export function drawMonths(words: ChartWords, group: string, currency: string, months: readonly MonthSum[]): Drawing {
  const { language, say } = words;
  const shown = months.slice(-MONTHS_MAX);
  const heading = say('byMonth');
  const name = 'months';
  const subheading = [groupWords(group), periodOf(shown, words), currency].filter((part) => part !== '').join(' · ');
  if (shown.every(({ spent, income }) => spent === 0n && income === 0n)) {
    const nothing = say('nothingSpent', currency);
    const body = text(nothing, { x: CHART_WIDTH / 2, y: CHART_TOP + 40, class: 'muted', anchor: 'middle' });
    return { name, language, heading, subheading, description: [nothing], height: CHART_TOP + 96, body };
  }
  const unit = 10 ** currencyDigits(currency);
  const values = shown.flatMap(({ spent, income }) => [Number(spent) / unit, Number(income) / unit]);
  const scale = scaleOf(Math.min(0, ...values), Math.max(0, ...values));
  const hasIncome = shown.some(({ income }) => income !== 0n);
  const said = (minor: bigint): string => moneyWords(minor, currency, words);
  const sentence = ({ month, spent, income }: MonthSum): string =>
    say(hasIncome ? 'monthWithIncome' : 'monthSpent', words.monthOfYear(month), said(spent), said(income));
  const slot = (PLOT.right - PLOT.left) / shown.length;
  const wide = Math.min(hasIncome ? 22 : 40, (slot * 0.7) / (hasIncome ? 2 : 1));
  const everyNth = Math.ceil(shown.length / 14);
  const columns = shown.map((sum, index) => {
    const middle = PLOT.left + slot * (index + 0.5);
    const column = (value: bigint, at: number, className: string): string => {
      const [one, other] = [scale.at(0), scale.at(Number(value) / unit)];
      const height = Math.abs(one - other);
      return value === 0n
        ? ''
        : `<rect class="${className}" x="${number(at)}" y="${number(Math.min(one, other, one - 1))}" width="${number(wide)}" height="${number(Math.max(height, 1))}" rx="${number(Math.min(3, height / 2))}"/>`;
    };
    const label = (shown.length - 1 - index) % everyNth === 0;
    const newYear = index === 0 || sum.month.endsWith('-01') || (label && everyNth > 1);
    return [
      `<g><title>${escapeXml(sentence(sum))}</title>`,
      column(sum.spent, hasIncome ? middle - wide - 1 : middle - wide / 2, 'spent'),
      hasIncome ? column(sum.income, middle + 1, 'owed') : '',
      label
        ? text(words.month(Number(sum.month.slice(5)) - 1), { x: middle, y: PLOT.bottom + 18, class: 'small muted', anchor: 'middle' })
        : '',
      label && newYear ? text(sum.month.slice(0, 4), { x: middle, y: PLOT.bottom + 33, class: 'small muted', anchor: 'middle' }) : '',
      '</g>',
    ].join('');
  });
  const grid = scale.ticks.map((tick) => {
    const y = scale.at(tick);
    return `<line class="${tick === 0 ? 'axis' : 'line'}" x1="${PLOT.left}" x2="${PLOT.right}" y1="${number(y)}" y2="${number(y)}"/>${text(short(tick, scale.step, words), { x: PLOT.left - 10, y: y + 4, class: 'small muted', anchor: 'end' })}`;
  });
  const second = PLOT.left + Math.max(74, 18 + textWidth(say('spent'), 11) + 20);
  const legend = hasIncome ? [...key(PLOT.left, 'spent', say('spent')), ...key(second, 'owed', say('cameIn'))] : [];
  return {
    name,
    language,
    heading,
    subheading,
    description: shown.map(sentence),
    height: HEIGHT,
    body: [...legend, ...grid, ...columns].join('\n'),
  };
}

/** The twelve months up to the last one that has something, or all of a period that was asked for, without gaps. */
export function monthsWithoutGaps(
  sums: readonly MonthSum[],
  period: { readonly from?: string | undefined; readonly to?: string | undefined },
): MonthSum[] {
  const known = new Map(sums.map((sum) => [sum.month, sum]));
  const last = period.to?.slice(0, 7) ?? sums.at(-1)?.month ?? period.from?.slice(0, 7);
  if (last === undefined) return [];
  const end = indexOf(last);
  const start = Math.max(period.from === undefined ? end - 11 : indexOf(period.from.slice(0, 7)), end - MONTHS_MAX + 1, 12);
  return Array.from({ length: Math.max(0, end - start + 1) }, (_, offset) => {
    const month = monthAt(start + offset);
    return known.get(month) ?? { month, spent: 0n, income: 0n };
  });
}

function indexOf(month: string): number {
  return Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
}

function monthAt(index: number): string {
  return `${String(Math.floor(index / 12)).padStart(4, '0')}-${String((index % 12) + 1).padStart(2, '0')}`;
}

function periodOf(months: readonly MonthSum[], { monthOfYear, say }: ChartWords): string {
  const [first, last] = [months.at(0), months.at(-1)];
  return first === undefined || last === undefined ? '' : say('span', monthOfYear(first.month), monthOfYear(last.month));
}

function key(x: number, className: string, words: string): string[] {
  return [
    `<rect class="${className}" x="${x}" y="${CHART_TOP}" width="12" height="12" rx="3"/>`,
    text(words, { x: x + 18, y: CHART_TOP + 10.5, class: 'small muted' }),
  ];
}

interface Scale {
  readonly ticks: readonly number[];
  readonly step: number;
  /** Where a value is on the page. */
  at(value: number): number;
}

/** Round steps that take all values in, zero among them. */
function scaleOf(low: number, high: number): Scale {
  const raw = (high - low || 1) / STEPS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10) * power;
  const [bottom, top] = [Math.floor(low / step), Math.ceil(high / step)];
  const ticks = Array.from({ length: top - bottom + 1 }, (_, index) => (bottom + index) * step);
  return { ticks, step, at: (value) => PLOT.bottom - ((value - bottom * step) / ((top - bottom) * step)) * (PLOT.bottom - PLOT.top) };
}

const SUFFIXES = ['', 'k', 'M', 'G', 'T', 'P'];

/** A tick in few signs: 2.5k, 40M. */
function short(value: number, step: number, { decimal }: ChartWords): string {
  const size = Math.max(Math.abs(value), step);
  const thousands = Math.min(SUFFIXES.length - 1, Math.max(0, Math.floor(Math.log10(size) / 3)));
  const scaled = value / 1000 ** thousands;
  return decimal(`${Number(scaled.toPrecision(4))}`) + (value === 0 ? '' : (SUFFIXES[thousands] ?? ''));
}
