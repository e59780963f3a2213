import type { ChartWords } from '../../domain/chart-words.ts';
import { CHART_TOP, CHART_WIDTH, type Drawing, escapeXml, fitText, groupWords, isolated, MARGIN, moneyWords, number, text } from './svg.ts';

/** A member's balance in the chart's currency; minor units. */
export interface DebtNode {
  readonly memberId: string;
  readonly name: string;
  /** Above zero: is owed. */
  readonly minor: bigint;
}

/** Who would pay whom. */
export interface DebtLink {
  readonly from: string;
  readonly to: string;
  readonly minor: bigint;
}

/** Members of a side; the others are summed up in a last line. */
const SIDE_MAX = 60;
/** Least room for a member's two lines of text. */
const ROW = 40;
/** Height of these two lines. */
const WORDS = 32;
/** Height that the sums of a side have together. */
const STRETCH = 220;
const BLOCK = 12;
const LEFT = 236;
const RIGHT = CHART_WIDTH - 236;
const NAME_WIDTH = LEFT - BLOCK - MARGIN - 12;
/** Strong letters of 13 units are as wide as common ones of this size. */
const STRONG_SIZE = 15.4;
/** Links whose amounts are written on them; with more they would cover each other. */
const LABELLED_MAX = 6;

interface Placed {
  readonly node: DebtNode;
  readonly y: number;
  readonly height: number;
}

/** Draws who owes and who is owed: debtors at the left, creditors at the right, each as high as the sum, and between them the plan. */
export function drawDebts(
  words: ChartWords,
  group: string,
  currency: string,
  nodes: readonly DebtNode[],
  links: readonly DebtLink[],
): Drawing {
  const { language, say } = words;
  const debtors = sideOf(
    nodes.filter(({ minor }) => minor < 0n),
    say,
  );
  const creditors = sideOf(
    nodes.filter(({ minor }) => minor > 0n),
    say,
  );
  const money = (minor: bigint): string => moneyWords(minor < 0n ? -minor : minor, currency, words);
  const heading = say('debts');
  const subheading = `${groupWords(group)} · ${currency}`;
  const name = 'debts';
  if (debtors.length === 0 && creditors.length === 0) {
    const height = CHART_TOP + 96;
    const nobody = say('nobodyOwes', currency);
    const body = text(nobody, { x: CHART_WIDTH / 2, y: CHART_TOP + 40, class: 'muted', anchor: 'middle' });
    return { name, language, heading, subheading, description: [nobody], height, body };
  }
  const largest = Math.max(1, sumOf(debtors), sumOf(creditors));
  const top = CHART_TOP + 28;
  const left = place(debtors, largest, top);
  const right = place(creditors, largest, top);
  const height = Math.ceil(Math.max(endOf(left), endOf(right), top) + MARGIN);
  const shownLinks = merged(links, debtors, creditors);
  const body = [
    '<defs><linearGradient id="debts-flow" x1="0" x2="1" y1="0" y2="0"><stop class="from" offset="0"/><stop class="to" offset="1"/></linearGradient></defs>',
    text(say('owes'), { x: LEFT, y: CHART_TOP + 10, class: 'muted small', anchor: 'end' }),
    text(say('isOwed'), { x: RIGHT, y: CHART_TOP + 10, class: 'muted small' }),
    ...ribbons(left, right, shownLinks, money),
    ...left.map((placed) => block(placed, 'left', money, say)),
    ...right.map((placed) => block(placed, 'right', money, say)),
  ].join('\n');
  const nameOf = new Map([...debtors, ...creditors].map((node) => [node.memberId, isolated(node.name)]));
  const description = [
    ...debtors.map((node) => say('owesMoney', isolated(node.name), money(node.minor))),
    ...creditors.map((node) => say('isOwedMoney', isolated(node.name), money(node.minor))),
    ...shownLinks.map(({ from, to, minor }) => say('wouldPay', nameOf.get(from) ?? '', money(minor), nameOf.get(to) ?? '')),
  ];
  return { name, language, heading, subheading, description, height, body };
}

const REST = 'rest';

/** A side with the largest sums first; equal ones by id, so that the same balances are the same picture. */
function sideOf(nodes: readonly DebtNode[], say: ChartWords['say']): readonly DebtNode[] {
  const size = (node: DebtNode): bigint => (node.minor < 0n ? -node.minor : node.minor);
  const sorted = nodes.toSorted((one, other) =>
    size(one) === size(other) ? (one.memberId < other.memberId ? -1 : 1) : size(one) > size(other) ? -1 : 1,
  );
  if (sorted.length <= SIDE_MAX) return sorted;
  const rest = sorted.slice(SIDE_MAX - 1);
  const minor = rest.reduce((sum, node) => sum + node.minor, 0n);
  return [...sorted.slice(0, SIDE_MAX - 1), { memberId: REST, name: say('others', rest.length), minor }];
}

/** Links between those shown; those of others run to the line that sums them up. */
function merged(links: readonly DebtLink[], debtors: readonly DebtNode[], creditors: readonly DebtNode[]): readonly DebtLink[] {
  const [froms, tos] = [debtors, creditors].map((side) => new Set(side.map(({ memberId }) => memberId)));
  const sums = new Map<string, DebtLink>();
  for (const link of links) {
    const from = froms!.has(link.from) ? link.from : REST;
    const to = tos!.has(link.to) ? link.to : REST;
    if (!froms!.has(from) || !tos!.has(to)) continue;
    const known = sums.get(`${from} ${to}`)?.minor ?? 0n;
    sums.set(`${from} ${to}`, { from, to, minor: known + link.minor });
  }
  return [...sums.values()];
}

function sumOf(side: readonly DebtNode[]): number {
  return side.reduce((sum, { minor }) => sum + Math.abs(Number(minor)), 0);
}

function place(side: readonly DebtNode[], largest: number, top: number): readonly Placed[] {
  let y = top;
  return side.map((node) => {
    const height = Math.max(4, (Math.abs(Number(node.minor)) / largest) * STRETCH);
    const placed = { node, y: y + Math.max(0, (WORDS - height) / 2), height };
    y += Math.max(ROW, height + 14);
    return placed;
  });
}

function endOf(side: readonly Placed[]): number {
  const last = side.at(-1);
  return last === undefined ? 0 : last.y + last.height + Math.max(0, (WORDS - last.height) / 2);
}

function block({ node, y, height }: Placed, side: 'left' | 'right', money: (minor: bigint) => string, say: ChartWords['say']): string {
  const x = side === 'left' ? LEFT - BLOCK : RIGHT;
  const [edge, anchor] = side === 'left' ? ([x - 12, 'end'] as const) : ([x + BLOCK + 12, 'start'] as const);
  const said = say(side === 'left' ? 'owesMoney' : 'isOwedMoney', isolated(node.name), money(node.minor));
  const middle = y + height / 2;
  return [
    `<g><title>${escapeXml(said)}</title>`,
    `<rect class="${side === 'left' ? 'owes' : 'owed'}" x="${x}" y="${number(y)}" width="${BLOCK}" height="${number(height)}" rx="3"/>`,
    text(fitText(node.name, STRONG_SIZE, NAME_WIDTH), { x: edge, y: middle - 2, class: 'strong', anchor }),
    text(money(node.minor), { x: edge, y: middle + 14, class: 'muted', anchor }),
    '</g>',
  ].join('');
}

/** The links as ribbons, stacked along the blocks that they join. */
function ribbons(
  left: readonly Placed[],
  right: readonly Placed[],
  links: readonly DebtLink[],
  money: (minor: bigint) => string,
): string[] {
  const order = new Map(
    [...left, ...right].map(({ node }, index) => [node.memberId === REST ? `${REST} ${node.minor < 0n}` : node.memberId, index]),
  );
  const key = (id: string, debtor: boolean): string => (id === REST ? `${REST} ${debtor}` : id);
  const sorted = links.toSorted(
    (one, other) =>
      order.get(key(one.from, true))! - order.get(key(other.from, true))! ||
      order.get(key(one.to, false))! - order.get(key(other.to, false))!,
  );
  const starts = new Map(left.map((placed) => [placed.node.memberId, { ...placed, at: placed.y }]));
  const ends = new Map(right.map((placed) => [placed.node.memberId, { ...placed, at: placed.y }]));
  const shapes: string[] = [];
  const labels: string[] = [];
  for (const [index, link] of sorted.entries()) {
    const [start, end] = [starts.get(link.from), ends.get(link.to)];
    if (start === undefined || end === undefined) continue;
    const part = (place: Placed): number => (Number(link.minor) / Math.abs(Number(place.node.minor))) * place.height;
    const [y0, y1] = [start.at, end.at];
    const [h0, h1] = [part(start), part(end)];
    start.at += h0;
    end.at += h1;
    const middle = (LEFT + RIGHT) / 2;
    const path = `M${LEFT} ${number(y0)}C${middle} ${number(y0)} ${middle} ${number(y1)} ${RIGHT} ${number(y1)}L${RIGHT} ${number(y1 + h1)}C${middle} ${number(y1 + h1)} ${middle} ${number(y0 + h0)} ${LEFT} ${number(y0 + h0)}Z`;
    shapes.push(`<path d="${path}" fill="url(#debts-flow)" fill-opacity="0.38"><title>${escapeXml(money(link.minor))}</title></path>`);
    if (sorted.length > LABELLED_MAX) continue;
    // Beside each other along the ribbons, so that the labels of crossing ones stand apart.
    const t = sorted.length === 1 ? 0.5 : 0.3 + (0.4 * index) / (sorted.length - 1);
    labels.push(text(money(link.minor), { ...pointAt(t, y0 + h0 / 2, y1 + h1 / 2), class: 'small halo', anchor: 'middle' }));
  }
  return [...shapes, ...labels];
}

/** A point of the curve in the middle of a ribbon. */
function pointAt(t: number, y0: number, y1: number): { x: number; y: number } {
  const u = 1 - t;
  const middle = (LEFT + RIGHT) / 2;
  const x = u ** 3 * LEFT + 3 * u * t * middle + t ** 3 * RIGHT;
  return { x, y: (u ** 3 + 3 * u * u * t) * y0 + (3 * u * t * t + t ** 3) * y1 + 4 };
}
