import { CATEGORY_LANGUAGES, type CategoryLanguage } from './category-names.ts';

type Phrase = readonly [string, string, string, string, string, string, string, string, string];

/** What charts say, in the order of {@link CATEGORY_LANGUAGES}; `{0}`, `{1}` and `{2}` are filled in. */
const PHRASES = {
  debts: [
    'Who owes, and who is owed',
    'Wer schuldet, und wer bekommt',
    'Qui doit, et qui doit recevoir',
    'Quién debe y quién debe recibir',
    'Chi deve e chi deve ricevere',
    'Quem deve e quem tem a receber',
    'Wie moet betalen, en wie krijgt',
    'Kto ma zapłacić, a kto otrzymać',
    '支払う人と受け取る人',
  ],
  nobodyOwes: [
    'Nobody owes anything in {0}.',
    'Niemand schuldet etwas in {0}.',
    'Personne ne doit rien en {0}.',
    'Nadie debe nada en {0}.',
    'Nessuno deve nulla in {0}.',
    'Ninguém deve nada em {0}.',
    'Niemand moet iets betalen in {0}.',
    'Nikt nie ma nic do zapłaty w {0}.',
    '{0} の貸し借りはありません。',
  ],
  owes: ['owes', 'schuldet', 'doit', 'debe', 'deve', 'deve', 'moet betalen', 'ma zapłacić', '支払う'],
  isOwed: ['is owed', 'bekommt', 'doit recevoir', 'debe recibir', 'deve ricevere', 'tem a receber', 'krijgt', 'ma otrzymać', '受け取る'],
  owesMoney: [
    '{0} owes {1}',
    '{0} schuldet {1}',
    '{0} doit {1}',
    '{0} debe {1}',
    '{0} deve {1}',
    '{0} deve {1}',
    '{0} moet {1} betalen',
    '{0} ma zapłacić {1}',
    '{0}：支払い {1}',
  ],
  isOwedMoney: [
    '{0} is owed {1}',
    '{0} bekommt {1}',
    '{0} doit recevoir {1}',
    '{0} debe recibir {1}',
    '{0} deve ricevere {1}',
    '{0} tem a receber {1}',
    '{0} krijgt {1}',
    '{0} ma otrzymać {1}',
    '{0}：受け取り {1}',
  ],
  wouldPay: [
    '{0} would pay {1} to {2}',
    '{0} würde {1} an {2} zahlen',
    '{0} paierait {1} à {2}',
    '{0} pagaría {1} a {2}',
    '{0} pagherebbe {1} a {2}',
    '{0} pagaria {1} a {2}',
    '{0} zou {1} aan {2} betalen',
    '{0} płaci {1} dla {2}',
    '{0}から{2}へ {1}',
  ],
  byCategory: [
    'Spent by category',
    'Ausgaben nach Kategorie',
    'Dépenses par catégorie',
    'Gastos por categoría',
    'Spese per categoria',
    'Gastos por categoria',
    'Uitgaven per categorie',
    'Wydatki według kategorii',
    'カテゴリー別の支出',
  ],
  byMonth: [
    'Spent by month',
    'Ausgaben nach Monat',
    'Dépenses par mois',
    'Gastos por mes',
    'Spese per mese',
    'Gastos por mês',
    'Uitgaven per maand',
    'Wydatki według miesięcy',
    '月別の支出',
  ],
  nothingSpent: [
    'Nothing was spent in {0}.',
    'In {0} wurde nichts ausgegeben.',
    'Rien n’a été dépensé en {0}.',
    'No se ha gastado nada en {0}.',
    'Non è stato speso nulla in {0}.',
    'Nada foi gasto em {0}.',
    'Er is niets uitgegeven in {0}.',
    'Nic nie wydano w {0}.',
    '{0} の支出はありません。',
  ],
  withoutCategory: [
    'Without category',
    'Ohne Kategorie',
    'Sans catégorie',
    'Sin categoría',
    'Senza categoria',
    'Sem categoria',
    'Zonder categorie',
    'Bez kategorii',
    'カテゴリーなし',
  ],
  others: ['{0} others', '{0} weitere', '{0} autres', '{0} más', 'altri {0}', 'outros {0}', '{0} andere', '{0} innych', '他 {0} 件'],
  more: [
    'and {0} more',
    'und {0} weitere',
    'et {0} de plus',
    'y {0} más',
    'e altri {0}',
    'e mais {0}',
    'en nog {0}',
    'i jeszcze {0}',
    '他 {0} 件',
  ],
  span: ['{0} to {1}', '{0} bis {1}', '{0} à {1}', '{0} a {1}', 'da {0} a {1}', '{0} a {1}', '{0} tot {1}', '{0} do {1}', '{0} ～ {1}'],
  since: ['since {0}', 'seit {0}', 'depuis {0}', 'desde {0}', 'da {0}', 'desde {0}', 'sinds {0}', 'od {0}', '{0} 以降'],
  until: ['until {0}', 'bis {0}', 'jusqu’à {0}', 'hasta {0}', 'fino a {0}', 'até {0}', 'tot {0}', 'do {0}', '{0} まで'],
  allTime: [
    'all time',
    'gesamter Zeitraum',
    'toute la période',
    'todo el período',
    'tutto il periodo',
    'todo o período',
    'hele periode',
    'cały okres',
    '全期間',
  ],
  spent: ['spent', 'ausgegeben', 'dépensé', 'gastado', 'speso', 'gasto', 'uitgegeven', 'wydano', '支出'],
  cameIn: ['came in', 'eingenommen', 'reçu', 'ingresado', 'incassato', 'recebido', 'ontvangen', 'wpłynęło', '収入'],
  monthSpent: [
    '{0}: {1} spent',
    '{0}: {1} ausgegeben',
    '{0} : {1} dépensés',
    '{0}: {1} gastados',
    '{0}: {1} spesi',
    '{0}: {1} gastos',
    '{0}: {1} uitgegeven',
    '{0}: wydano {1}',
    '{0}：支出 {1}',
  ],
  monthWithIncome: [
    '{0}: {1} spent, {2} came in',
    '{0}: {1} ausgegeben, {2} eingenommen',
    '{0} : {1} dépensés, {2} reçus',
    '{0}: {1} gastados, {2} ingresados',
    '{0}: {1} spesi, {2} incassati',
    '{0}: {1} gastos, {2} recebidos',
    '{0}: {1} uitgegeven, {2} ontvangen',
    '{0}: wydano {1}, wpłynęło {2}',
    '{0}：支出 {1}、収入 {2}',
  ],
} as const satisfies Readonly<Record<string, Phrase>>;

/** Short names of the months, as they stand alone. */
const MONTHS: Phrase = [
  'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec',
  'Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez',
  'janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.',
  'ene feb mar abr may jun jul ago sept oct nov dic',
  'gen feb mar apr mag giu lug ago set ott nov dic',
  'jan fev mar abr mai jun jul ago set out nov dez',
  'jan feb mrt apr mei jun jul aug sep okt nov dec',
  'sty lut mar kwi maj cze lip sie wrz paź lis gru',
  '1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月',
];

/** What stands between thousands, and before the digits of a fraction. */
const SEPARATORS: readonly (readonly [string, string])[] = [
  [',', '.'],
  ['.', ','],
  ['\u202f', ','],
  ['.', ','],
  ['.', ','],
  ['.', ','],
  ['.', ','],
  ['\u00a0', ','],
  [',', '.'],
];

/** Something that charts say. */
export type ChartPhrase = keyof typeof PHRASES;

/** All phrases, for whoever looks whether each language has them. */
export const CHART_PHRASES = Object.keys(PHRASES) as ChartPhrase[];

/** The words and figures of one language, for charts. */
export interface ChartWords {
  readonly language: CategoryLanguage;
  /** A phrase, with what belongs into it. */
  readonly say: (phrase: ChartPhrase, ...values: readonly (string | number)[]) => string;
  /** Short name of a month, from 0. */
  readonly month: (index: number) => string;
  /** A month of a year, from `YYYY-MM`. */
  readonly monthOfYear: (month: string) => string;
  /** A decimal text with its thousands apart. */
  readonly decimal: (amount: string) => string;
}

/** The words of charts in a language. */
export function chartWords(language: CategoryLanguage): ChartWords {
  const at = CATEGORY_LANGUAGES.indexOf(language);
  const [thousands = '', point = ''] = SEPARATORS[at] ?? [];
  const months = (MONTHS[at] ?? '').split(' ');
  const month = (index: number): string => months[index] ?? '';
  return {
    language,
    say: (phrase, ...values) =>
      (PHRASES[phrase][at] ?? '').replaceAll(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)] ?? '')),
    month,
    monthOfYear: (text) => {
      const [year = '', number = ''] = text.split('-');
      return language === 'ja' ? `${year}年${Number(number)}月` : `${month(Number(number) - 1)} ${year}`;
    },
    decimal: (amount) => {
      const [integer = '', fraction] = amount.split('.');
      const grouped = integer.replaceAll(/\B(?=(\d{3})+(?!\d))/g, thousands).replace(/^-/, '−');
      return fraction === undefined ? grouped : `${grouped}${point}${fraction}`;
    },
  };
}
