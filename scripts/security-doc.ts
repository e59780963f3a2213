/**
 * The requirements of ASVS 5.0 up to level 2, by section: how many of the first ones of it. A number alone means 1 to that number.
 * In every section those of level 3 come last.
 */
const ASVS_LEVEL_2: Readonly<Record<string, number>> = {
  'V1.1': 2,
  'V1.2': 9,
  'V1.3': 11,
  'V1.4': 3,
  'V1.5': 2,
  'V2.1': 3,
  'V2.2': 3,
  'V2.3': 4,
  'V2.4': 1,
  'V3.2': 2,
  'V3.3': 4,
  'V3.4': 6,
  'V3.5': 5,
  'V3.7': 2,
  'V4.1': 3,
  'V4.2': 1,
  'V4.3': 2,
  'V4.4': 4,
  'V5.1': 1,
  'V5.2': 3,
  'V5.3': 2,
  'V5.4': 3,
  'V6.1': 3,
  'V6.2': 12,
  'V6.3': 4,
  'V6.4': 4,
  'V6.5': 5,
  'V6.6': 3,
  'V6.8': 4,
  'V7.1': 3,
  'V7.2': 4,
  'V7.3': 2,
  'V7.4': 5,
  'V7.5': 2,
  'V7.6': 2,
  'V8.1': 2,
  'V8.2': 3,
  'V8.3': 1,
  'V8.4': 1,
  'V9.1': 3,
  'V9.2': 4,
  'V10.1': 2,
  'V10.2': 2,
  'V10.3': 4,
  'V10.4': 11,
  'V10.5': 5,
  'V10.6': 2,
  'V10.7': 3,
  'V11.1': 2,
  'V11.2': 3,
  'V11.3': 3,
  'V11.4': 4,
  'V11.5': 1,
  'V11.6': 1,
  'V12.1': 3,
  'V12.2': 2,
  'V12.3': 4,
  'V13.1': 1,
  'V13.2': 5,
  'V13.3': 2,
  'V13.4': 5,
  'V14.1': 2,
  'V14.2': 4,
  'V14.3': 3,
  'V15.1': 3,
  'V15.2': 3,
  'V15.3': 7,
  'V16.1': 1,
  'V16.2': 5,
  'V16.3': 4,
  'V16.4': 3,
  'V16.5': 3,
  'V17.1': 1,
  'V17.2': 4,
  'V17.3': 2,
};

/** Ids that `docs/security.md` has to say something of, each once: ASVS 5.0 levels 1 and 2, and the API Security Top 10 of 2023. */
export const REQUIRED_IDS: readonly string[] = [
  ...Object.entries(ASVS_LEVEL_2).flatMap(([section, count]) => Array.from({ length: count }, (_, at) => `${section}.${at + 1}`)),
  ...Array.from({ length: 10 }, (_, at) => `API${at + 1}:2023`),
];

/** An item of a list: what it is about, and the tests that show it where its part of the document is about those. */
export interface SecurityItem {
  readonly ids: readonly string[];
  /** Null in parts of the document that are not headed as shown by tests. */
  readonly tests: readonly string[] | null;
}

/** A part of the document in which every item names tests is headed so. */
const SHOWN = /^## .*shown by tests/i;
/** What looks like the id of a requirement; other items have names of their own, such as those of attacks. */
const NUMBERED = /^(?:V|API)\d/;
const ITEM = /^- \*\*([^*]+)\*\* ([^]*)$/;
/** What comes before the names of tests in an item. */
const NAMES = /(?:^| )Shown by /;

/**
 * Reads the lists of `docs/security.md`. An item begins with ids or a name, as in `- **V6.2.1** Eight characters.`; where its part is headed
 * "shown by tests", it ends with full titles of tests in backticks: `Shown by ...`.
 */
export function readSecurityDoc(markdown: string): SecurityItem[] {
  let shown = false;
  const items: SecurityItem[] = [];
  // A line that is indented goes on with the item before.
  for (const line of markdown.replaceAll(/\n {2,}(?=\S)/g, ' ').split('\n')) {
    if (line.startsWith('## ')) shown = SHOWN.test(line);
    const [, ids, text = ''] = ITEM.exec(line) ?? [];
    if (ids === undefined) continue;
    const [, names = ''] = text.split(NAMES);
    items.push({ ids: ids.split(',').map((id) => id.trim()), tests: shown ? namesOf(names) : null });
  }
  return items;
}

/** What the document lacks by itself: ids missing, unknown or twice, and items that name no test. */
export function faultsOfDoc(items: readonly SecurityItem[]): string[] {
  const ids = items.flatMap((item) => item.ids);
  const required = new Set(REQUIRED_IDS);
  return [
    ...REQUIRED_IDS.filter((id) => !ids.includes(id)).map((id) => `${id} is not spoken of`),
    ...[...new Set(ids)].filter((id) => NUMBERED.test(id) && !required.has(id)).map((id) => `${id} is no requirement`),
    ...[...new Set(ids.filter((id, at) => ids.indexOf(id) !== at))].map((id) => `${id} is spoken of twice`),
    ...items.filter(({ tests }) => tests?.length === 0).map((item) => `${item.ids.join(', ')} names no test`),
  ];
}

/**
 * The names of the document that are of no such test.
 *
 * @param titles full titles, as mocha writes them: the titles of its suites and its own, with spaces between. `…` in a name stands
 *   for any text, for tests that are made one for each of something; what has no title of its own is named `suite NAME`.
 */
export function missingTests(items: readonly SecurityItem[], titles: ReadonlySet<string>): string[] {
  const all = [...titles];
  const names = [...new Set(items.flatMap(({ tests }) => tests ?? []))];
  return names.filter((name) => {
    if (titles.has(name)) return false;
    if (!name.includes('…')) return true;
    const pattern = new RegExp(`^${name.split('…').map(escapePattern).join('.+')}$`, 's');
    return !all.some((title) => pattern.test(title));
  });
}

function namesOf(text: string): string[] {
  return [...text.matchAll(/(`+) ?(.+?) ?\1(?!`)/g)].map(([, , name]) => name ?? '');
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
