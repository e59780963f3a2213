import type { ChartWords } from '../../domain/chart-words.ts';
import {
  CHART_TOP,
  CHART_WIDTH,
  type Drawing,
  escapeXml,
  fitText,
  groupWords,
  isolated,
  MARGIN,
  moneyWords,
  number,
  text,
  textWidth,
} from './svg.ts';

/** What was spent on something; minor units of the chart's currency. */
export interface CategorySum {
  readonly name: string;
  readonly minor: bigint;
}

/** Lines; what is left is summed up in the last one. */
const LINES_MAX = 14;
const ROW = 34;
const BAR = 14;
const LEFT = 216;
/** Room of the shares at the right edge, and the least room of the bars. */
const PERCENT = 62;
const BARS_MIN = 80;

/** Draws what was spent on what, the most first. */
export function drawCategories(words: ChartWords, group: string, currency: string, period: string, sums: readonly CategorySum[]): Drawing {
  const { language, say } = words;
  const heading = say('byCategory');
  const subheading = `${groupWords(group)} · ${period} · ${currency}`;
  const name = 'categories';
  const lines = linesOf(sums, say);
  if (lines.length === 0) {
    const nothing = say('nothingSpent', currency);
    const body = text(nothing, { x: CHART_WIDTH / 2, y: CHART_TOP + 40, class: 'muted', anchor: 'middle' });
    return { name, language, heading, subheading, description: [nothing], height: CHART_TOP + 96, body };
  }
  const total = lines.reduce((sum, { minor }) => sum + minor, 0n);
  const share = (minor: bigint): string => percent(minor, total, words);
  const largest = Number(lines.reduce((most, { minor }) => (minor > most ? minor : most), 0n));
  const said = (line: CategorySum): string => moneyWords(line.minor, currency, words);
  const widest = Math.max(...lines.map((line) => textWidth(said(line), 14.6)));
  const right = Math.max(LEFT + BARS_MIN, CHART_WIDTH - MARGIN - PERCENT - widest - 12);
  const body = lines.map((line, index) => {
    const y = CHART_TOP + 8 + index * ROW;
    const width = largest === 0 ? 0 : Math.max(0, (Number(line.minor) / largest) * (right - LEFT));
    return [
      `<g><title>${escapeXml(`${isolated(line.name)}: ${said(line)} (${share(line.minor)})`)}</title>`,
      text(fitText(line.name, 13, LEFT - MARGIN - 14), { x: LEFT - 12, y: y + 12, anchor: 'end' }),
      `<rect class="track" x="${LEFT}" y="${y}" width="${number(right - LEFT)}" height="${BAR}" rx="4" opacity="0.45"/>`,
      `<rect class="spent" x="${LEFT}" y="${y}" width="${number(Math.max(width, line.minor > 0n ? 2 : 0))}" height="${BAR}" rx="${number(Math.min(4, width / 2))}"/>`,
      text(said(line), { x: right + 12, y: y + 12, class: 'strong' }),
      text(share(line.minor), { x: CHART_WIDTH - MARGIN, y: y + 12, class: 'muted', anchor: 'end' }),
      '</g>',
    ].join('');
  });
  const description = lines.map((line) => `${isolated(line.name)}: ${said(line)}, ${share(line.minor)}`);
  return {
    name,
    language,
    heading,
    subheading,
    description,
    height: CHART_TOP + 8 + lines.length * ROW + MARGIN - 8,
    body: body.join('\n'),
  };
}

function linesOf(sums: readonly CategorySum[], say: ChartWords['say']): readonly CategorySum[] {
  const sorted = sums
    .filter(({ minor }) => minor !== 0n)
    .toSorted((one, other) => (one.minor === other.minor ? (one.name < other.name ? -1 : 1) : one.minor > other.minor ? -1 : 1));
  if (sorted.length <= LINES_MAX) return sorted;
  const rest = sorted.slice(LINES_MAX - 1);
  return [...sorted.slice(0, LINES_MAX - 1), { name: say('others', rest.length), minor: rest.reduce((sum, { minor }) => sum + minor, 0n) }];
}

/** A share in per cent with one digit; anything above nothing is at least `<0.1 %`. */
function percent(minor: bigint, total: bigint, { decimal }: ChartWords): string {
  if (total <= 0n || minor <= 0n) return '0 %';
  const tenths = (minor * 1000n + total / 2n) / total;
  return tenths === 0n ? `<${decimal('0.1')} %` : `${decimal(`${tenths / 10n}.${tenths % 10n}`)} %`;
}
