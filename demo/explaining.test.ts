// An explanation is read whole, however many pages it has, and must add up to what the plan says.
import assert from 'node:assert/strict';
import type { Ask, Cast, Person } from './cast.ts';
import { checkExplained, type Explained, explainLargest } from './explaining.ts';

const person = (name: string): Person => ({ name, memberId: `id of ${name}`, account: null });
const [ana, ben, cleo] = [person('Ana'), person('Ben'), person('Cleo')];
const cast = {
  groupId: 'g',
  owner: ana,
  byName: (name: string) => person(name),
  byMember: (memberId: string) => person(memberId.replace('id of ', '')),
} as unknown as Cast;
const SILENT = { step: () => undefined, note: () => undefined, bar: () => ({ tick: () => undefined, done: () => undefined }) };

const item = (minor: bigint) => ({ kind: 'expense' as const, date: '2026-05-01', description: 'Tea', minor });
const TRUE: Explained = {
  from: ana,
  to: ben,
  currency: 'EUR',
  minor: 700n,
  plannedMinor: 700n,
  directMinor: 500n,
  items: [item(600n), item(-100n)],
  steps: [{ kind: 'through', minor: 200n, through: [cleo.name] }],
};

describe('demo/explaining', () => {
  it('the largest transfer is explained, from all pages', async () => {
    const paths: string[] = [];
    const page = (amount: string, nextCursor: string | null) => ({
      amount: '7.00',
      direct: '5.00',
      items: [{ kind: 'expense', date: '2026-05-01', description: 'Tea', amount }],
      steps: [{ kind: 'through', amount: '2.00', through: ['id of Cleo'] }],
      nextCursor,
    });
    const pages = [page('6.00', 'a/b'), page('-1.00', null)];
    const ask = ((_: unknown, __: string, path: string) => {
      paths.push(path);
      return Promise.resolve({ status: 200, headers: new Headers(), body: pages.shift() });
    }) as Ask;
    const plan = [
      { from: 'Cleo', to: 'Ben', minor: 699n, currency: 'EUR' },
      { from: 'Ana', to: 'Ben', minor: 700n, currency: 'EUR' },
    ];

    assert.deepEqual(await explainLargest(cast, plan, ask, SILENT), TRUE);
    assert.match(paths[0] ?? '', /from=id of Ana&to=id of Ben&currency=EUR/);
    assert.match(paths[1] ?? '', /&cursor=a%2Fb$/);
    assert.deepEqual(checkExplained(TRUE).problems, []);
  });

  for (const [what, change, reason] of [
    ['another figure than that of the plan', { plannedMinor: 701n }, /plan says 701/],
    ['things that do not add up', { directMinor: 501n }, /shared adds up to 500 minor units, and is said to be 501/],
    ['a step that is missing', { steps: [] }, /explanation adds up to 500 minor units, and its figure is 700/],
    ['a thing that is missing', { items: [item(600n)] }, /shared adds up to 600/],
  ] as const) {
    it(`${what} is said`, () => assert.match(checkExplained({ ...TRUE, ...change }).problems.join('\n'), reason));
  }
});
