import { type ChartWords, chartWords } from '../../domain/chart-words.ts';
import type { CategoryLanguage } from '../../domain/category-names.ts';
import { formatAmount } from '../../domain/money.ts';

/** Colours of a chart: fixed, or those that the reader's system asks for. */
export type ChartTheme = 'light' | 'dark' | 'auto';

/** Width of every chart, in its own units; height follows from what it shows. */
export const CHART_WIDTH = 720;
/** Space at the left and right edge. */
export const MARGIN = 24;
/** Below the heading. */
export const CHART_TOP = 84;

/** A chart without its frame. */
export interface Drawing {
  /** Names the parts, so that two charts can stand in one page. */
  readonly name: string;
  readonly language: CategoryLanguage;
  readonly heading: string;
  readonly subheading: string;
  /** What it shows, in words, for those who do not see it. */
  readonly description: readonly string[];
  readonly height: number;
  readonly body: string;
}

const COLOURS = {
  light: {
    ground: '#ffffff',
    ink: '#18212d',
    muted: '#55606f',
    line: '#dfe5ec',
    owes: '#c2541b',
    owed: '#0b7a6c',
    spent: '#2f66d0',
    halo: '#ffffff',
  },
  dark: {
    ground: '#11161d',
    ink: '#e9eef4',
    muted: '#9caaba',
    line: '#2b3440',
    owes: '#f39a5f',
    owed: '#45cfbb',
    spent: '#7ba7fb',
    halo: '#11161d',
  },
} as const;

/** Lines of the description; what follows is said to be left out. */
const DESCRIPTION_LINES_MAX = 100;

/** Draws a whole chart: self-contained, without scripts, links or fonts from elsewhere. The same drawing gives the same text. */
export function renderChart({ name, language, heading, subheading, description, height, body }: Drawing, theme: ChartTheme): string {
  const said = description.slice(0, DESCRIPTION_LINES_MAX);
  const rest = description.length - said.length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${CHART_WIDTH} ${height}" width="${CHART_WIDTH}" height="${height}" role="img" aria-labelledby="${name}-title ${name}-desc" xml:lang="${language}" lang="${language}" class="ssx">`,
    `<title id="${name}-title">${escapeXml(`${heading}: ${subheading}`)}</title>`,
    `<desc id="${name}-desc">${escapeXml([...said, ...(rest > 0 ? [chartWords(language).say('more', rest)] : [])].join('\n'))}</desc>`,
    `<style>${styles(theme)}</style>`,
    `<rect class="ground" width="${CHART_WIDTH}" height="${height}" rx="10"/>`,
    text(fitText(heading, 20, CHART_WIDTH - 2 * MARGIN), { x: MARGIN, y: 40, class: 'heading' }),
    text(fitText(subheading, 13, CHART_WIDTH - 2 * MARGIN), { x: MARGIN, y: 62, class: 'muted' }),
    body,
    '</svg>\n',
  ].join('\n');
}

/** Programs that know no variables, as many previews and converters, take the colour before each and pass over the other. */
function styles(theme: ChartTheme): string {
  const variables = (colours: Readonly<Record<string, string>>): string =>
    Object.entries(colours)
      .map(([name, colour]) => `--${name}:${colour}`)
      .join(';');
  const first: Readonly<Record<string, string>> = theme === 'dark' ? COLOURS.dark : COLOURS.light;
  return [
    `.ssx{${variables(first)}}`,
    ...(theme === 'auto' ? [`@media (prefers-color-scheme:dark){.ssx{${variables(COLOURS.dark)}}}`] : []),
    '.ssx text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif;font-size:13px;fill:var(--ink);font-variant-numeric:tabular-nums}',
    '.ssx .heading{font-size:20px;font-weight:600}.ssx .muted{fill:var(--muted)}.ssx .small{font-size:11px}.ssx .strong{font-weight:600}',
    '.ssx .ground{fill:var(--ground)}.ssx .line{stroke:var(--line);stroke-width:1}.ssx .axis{stroke:var(--muted);stroke-width:1}',
    '.ssx .owes{fill:var(--owes)}.ssx .owed{fill:var(--owed)}.ssx .spent{fill:var(--spent)}.ssx .track{fill:var(--line)}',
    '.ssx .from{stop-color:var(--owes)}.ssx .to{stop-color:var(--owed)}',
    '.ssx .halo{paint-order:stroke;stroke:var(--halo);stroke-width:4px;stroke-linejoin:round}',
  ]
    .join('')
    .replaceAll(/([a-z-]+):var\(--([a-z]+)\)/g, (rule, property: string, name: string) => `${property}:${first[name]};${rule}`);
}

/** Attributes of a text. */
export interface TextPlace {
  readonly x: number;
  readonly y: number;
  readonly class?: string;
  readonly anchor?: 'start' | 'middle' | 'end';
}

/** A line of text. What people wrote stands in an element of its own, so that its direction turns nothing else. */
export function text(words: string, { x, y, class: className, anchor }: TextPlace): string {
  const attributes = [
    `x="${number(x)}" y="${number(y)}"`,
    ...(className === undefined ? [] : [`class="${className}"`]),
    ...(anchor === undefined ? [] : [`text-anchor="${anchor}"`]),
  ];
  return `<text ${attributes.join(' ')}>${escapeXml(words)}</text>`;
}

/** A coordinate with at most two digits after the point. */
export function number(value: number): string {
  return String(Math.round(value * 100) / 100 + 0);
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as XML: what its rules give no place is shown as a replacement sign. */
export function escapeXml(words: string): string {
  return (
    words
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- the characters that XML 1.0 forbids are exactly what is looked for.
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, '\ufffd')
      .replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character)
  );
}

/** Keeps the direction of what people wrote from turning the words around it. */
export function isolated(words: string): string {
  return `\u2068${words}\u2069`;
}

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });
// oxlint-disable-next-line no-misleading-character-class -- ranges of wide scripts and signs, one by one.
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
// Capitals, and scripts of India and Burma.
// oxlint-disable-next-line no-misleading-character-class -- whole blocks of scripts, their combining signs among them.
const BROAD = /^[\p{Lu}mw@%\u1000-\u10ff\u0900-\u0dff]/u;
const NARROW = /^[ijl.,:;'!|()[\]{}tfrI ]$/;

/** Width of a text in units, estimated without its font, rather too wide than too narrow. */
export function textWidth(words: string, size: number): number {
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(words)) {
    if (WIDE.test(segment)) width += 1.3;
    else if (NARROW.test(segment)) width += 0.36;
    else if (BROAD.test(segment)) width += 0.78;
    else width += 0.58;
  }
  return width * size;
}

/** Cuts a text to a width, between characters as readers see them, and ends it with an ellipsis. */
export function fitText(words: string, size: number, width: number): string {
  const line = words.replaceAll(/\s+/g, ' ').trim();
  if (textWidth(line, size) <= width) return line;
  let kept = '';
  for (const { segment } of GRAPHEMES.segment(line)) {
    if (textWidth(`${kept}${segment}…`, size) > width) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** The name of a group as a heading says it, so that what follows it has room. */
export function groupWords(name: string): string {
  return isolated(fitText(name, 13, 380));
}

/** An amount with its currency, for readers. */
export function moneyWords(minor: bigint, currency: string, words: ChartWords): string {
  return `${words.decimal(formatAmount(minor, currency))} ${currency}`;
}
