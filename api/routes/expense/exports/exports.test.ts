// Goal: what is exported can be imported into a new group and exported again, and is the same; no cell runs as a formula.
// Method: random groups made through HTTP, each format there and back; then cases by hand.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { postTransfer } from '../../../../db/commands/expense/transfers.ts';
import { transact } from '../../../../db/transact.ts';
import { readCsv } from '../../../../domain/csv.ts';
import { startApi, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join } from '../../../../test/support/groups.ts';
import { runImport } from '../../../../test/support/imports.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

/** Formats that hold whatever they held before, once they were read. */
const ROUND_TRIPS = ['csv', 'json', 'sesterce-csv', 'splitwise-csv'] as const;

describe('exports', function () {
  this.timeout(180_000);
  let api: TestApi;
  let ana: TestUser;
  before(async () => {
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
  });
  after(() => api.stop());

  async function exported(groupId: string, format: string, user = ana): Promise<string> {
    const answer = await fetch(`${api.url}/v1/groups/${groupId}/export?format=${format}`, {
      headers: { authorization: `Bearer ${user.token}` },
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.equal(answer.status, 200, bytes.toString());
    assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename="[0-9a-f-]+\.(csv|json|qif)"$/);
    return bytes.toString('utf8');
  }
  async function imported(text: string, format: string, group: Record<string, unknown>): Promise<string> {
    const { id } = await createGroup(ana, group);
    const opened = await ana.call('POST', `/v1/groups/${id}/imports`, { format, content: text });
    assert.equal(opened.status, 202, JSON.stringify(opened.body));
    await runImport(api, opened.body.id as string);
    const done = (await ana.call('GET', `/v1/imports/${opened.body.id}`)).body;
    assert.deepEqual([done.state, done.problems], ['done', []], text);
    if (format === 'splitwise-csv') assert.equal(done.balanceCheck, done.rows === 0 ? 'none' : 'matches');
    return id as string;
  }
  const addMember = async (groupId: string, displayName: string, weight = '1'): Promise<string> => {
    const made = await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName, weight });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made.body.id as string;
  };

  const cents = fc.integer({ min: 1, max: 99_999 });
  const line = fc.oneof(
    fc.constantFrom('=SUM(A1)', "'=1", '+49 30', '-5', '@home', 'Tea, "black"', "'quoted'", 'Zürich 🏔', '合計', 'Total', 'a;b|c'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map((text) => text.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim() || 'x'),
  );
  const expense = fc.record({
    description: line,
    day: fc.integer({ min: 1, max: 28 }),
    cents,
    other: cents,
    currency: fc.constantFrom('EUR', 'EUR', 'JPY', 'KWD'),
    kind: fc.constantFrom('expense', 'expense', 'income'),
    method: fc.constantFrom('equal', 'exact', 'percentage', 'shares', 'adjustment', 'weights', 'itemized', 'payment', 'alone'),
    category: fc.constantFrom(null, 'food', 'food.restaurants', 'home.rent'),
    notes: fc.oneof(fc.constant(''), fc.constantFrom('=1+1', 'two\nlines', ' blank ends ', 'CRLF\r\nhere', '\ttab'), line),
    tags: fc.uniqueArray(fc.constantFrom('trip', '=tag', 'a, b', 'überall'), { maxLength: 3 }),
    rate: fc.constantFrom(null, '1.25', '163.934426', '0.0061'),
  });
  type Random = typeof expense extends fc.Arbitrary<infer T> ? T : never;

  function bodyOf(one: Random, [a, b, c]: readonly [string, string, string]): Record<string, unknown> {
    const digits = { EUR: 2, JPY: 0, KWD: 3 }[one.currency] ?? 2;
    const amount = (minor: number): string => {
      const text = String(minor).padStart(digits + 1, '0');
      return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
    };
    const total = one.cents + one.other;
    const splits: Record<string, unknown> = {
      equal: { method: 'equal', among: [a, b, c] },
      exact: {
        method: 'exact',
        parts: [
          { memberId: b, amount: amount(one.cents) },
          { memberId: c, amount: amount(one.other) },
        ],
      },
      percentage: {
        method: 'percentage',
        parts: [
          { memberId: a, percent: '33.34' },
          { memberId: b, percent: '66.66' },
        ],
      },
      shares: {
        method: 'shares',
        parts: [
          { memberId: a, shares: '1.5' },
          { memberId: c, shares: '2' },
        ],
      },
      adjustment: { method: 'adjustment', among: [a, b], parts: [{ memberId: b, amount: amount(one.cents) }] },
      weights: { method: 'weights', among: [a, b, c] },
      itemized: {
        method: 'itemized',
        items: [
          { name: '=Bread', amount: amount(one.cents), quantity: '2', among: [a, b] },
          {
            name: 'Tea',
            amount: amount(one.other),
            parts: [
              { memberId: c, shares: '1' },
              { memberId: a, shares: '3' },
            ],
          },
        ],
      },
      payment: { method: 'exact', parts: [{ memberId: b, amount: amount(total) }] },
      alone: { method: 'equal', among: [a] },
    };
    const several = one.method === 'exact' || one.method === 'shares';
    return {
      description: one.description,
      kind: one.method === 'payment' ? 'expense' : one.kind,
      date: `2026-05-${String(one.day).padStart(2, '0')}`,
      total: { amount: amount(total), currency: one.currency },
      payers: several
        ? [
            { memberId: a, amount: amount(one.cents) },
            { memberId: b, amount: amount(one.other) },
          ]
        : [{ memberId: one.method === 'adjustment' ? c : a, amount: amount(total) }],
      split: splits[one.method],
      category: one.method === 'payment' ? 'payment' : one.category,
      notes: one.notes,
      tags: one.tags,
      ...(one.rate === null || one.currency === 'EUR' ? {} : { rate: { perGroupCurrency: one.rate, source: 'typed' } }),
    };
  }

  for (const format of ROUND_TRIPS) {
    it(`${format}, of any group, imported into a new one, gives the same file again`, async () => {
      const property = fc.asyncProperty(
        fc.array(expense, { minLength: 1, maxLength: 12 }),
        fc.uniqueArray(line, { minLength: 2, maxLength: 2 }),
        async (expenses, names) => {
          const fields = { name: 'Round trip', currency: 'EUR', timeZone: 'Asia/Tokyo' };
          const { id, myMemberId } = await createGroup(ana, fields);
          const members = [myMemberId, await addMember(id, names[0]!, '2.5'), await addMember(id, names[1]!)] as [string, string, string];
          const made = await ana.call('POST', `/v1/groups/${id}/expenses/bulk`, { expenses: expenses.map((one) => bodyOf(one, members)) });
          assert.equal(made.status, 201, JSON.stringify(made.body));
          const first = await exported(id, format);
          const again = await imported(first, format, fields);
          assert.equal(await exported(again, format), first);
        },
      );
      await fc.assert(property, { numRuns: 6 });
    });
  }

  /** A group with a payment of the ledger, an adjustment, somebody who left, and two of one name. */
  async function settled(): Promise<{ id: string; own: string; ben: string }> {
    const { id, myMemberId: own } = await createGroup(ana, { name: 'Trip' });
    const [ben, other, gone] = [await addMember(id, 'Ben'), await addMember(id, 'ben'), await addMember(id, 'Gone')];
    const payer = [{ memberId: own, amount: '30.00' }];
    const body = {
      description: 'Dinner',
      date: '2026-03-01',
      total: { amount: '30.00', currency: 'EUR' },
      payers: payer,
      split: { method: 'equal', among: [own, ben, other] },
    };
    assert.equal((await ana.call('POST', `/v1/groups/${id}/expenses`, body)).status, 201);
    const deleted = await ana.call('POST', `/v1/groups/${id}/expenses`, { ...body, description: 'Never' });
    await ana.call('DELETE', `/v1/expenses/${deleted.body.id}`, undefined, { 'if-match': '*' });
    await transact(api.deps.databases.expense!, (tx) =>
      postTransfer(tx, {
        paymentId: uuidv7(),
        transferId: uuidv7(),
        groupId: id,
        from: ben,
        to: own,
        money: { amount: '10.00', currency: 'EUR' },
        date: '2026-03-02',
      }),
    );
    const entries = [
      { memberId: own, money: { amount: '-1.00', currency: 'EUR' } },
      { memberId: other, money: { amount: '1.00', currency: 'EUR' } },
    ];
    assert.equal(
      (await ana.call('POST', `/v1/groups/${id}/adjustments`, { entries, reason: '=cmd' }, { 'idempotency-key': uuidv7() })).status,
      201,
    );
    await ana.call('DELETE', `/v1/groups/${id}/members/${gone}`, undefined, { 'if-match': '*' });
    return { id, own, ben };
  }

  it('payments and adjustments of the ledger are rows, what was deleted is none, balances are those of the group', async () => {
    const { id } = await settled();
    const { records } = readCsv((await exported(id, 'splitwise-csv')).trim());
    assert.deepEqual(records[0]?.cells.slice(5), ['Ana', 'Ben', 'ben (2)']);
    assert.deepEqual(
      records.map(({ cells }) => cells[1]),
      ['Description', 'Dinner', 'Payment', "'=cmd", 'Total balance'],
    );
    assert.deepEqual(records.at(-1)?.cells.slice(4), ['EUR', '9.00', '0.00', '-9.00']);
    for (const format of ROUND_TRIPS) {
      const first = await exported(id, format);
      assert.equal(await exported(await imported(first, format, { name: 'Trip' }), format), first);
    }
  });

  it('own CSV, begins with a byte order mark, amounts are numbers, and no cell runs', async () => {
    const { id, own } = await settled();
    await ana.call('PATCH', `/v1/groups/${id}/members/${own}`, { displayName: '=HYPERLINK("x")' }, { 'if-match': '*' });
    for (const format of ['csv', 'sesterce-csv', 'splitwise-csv']) {
      const text = await exported(id, format);
      if (format === 'csv') assert.ok(text.startsWith('\uFEFF'));
      const { records, fault } = readCsv(text.replace('\uFEFF', ''));
      assert.equal(fault, null);
      for (const cell of records.flatMap(({ cells }) => cells)) assert.ok(!/^[=+@\t\r]|^-(?!\d+(\.\d+)?$)/.test(cell), cell);
    }
  });

  it('QIF, is the book of whoever asks, one account for each currency', async () => {
    const { id } = await settled();
    const text = await exported(id, 'qif');
    assert.equal(
      text,
      '!Account\nNTrip EUR\nTOth A\n^\n!Type:Oth A\n' +
        'D03/01/2026\nT20.00\nPDinner\nLUncategorized\n^\nD03/02/2026\nT-10.00\nPPayment\nLPayment\n^\n' +
        `D${new Date()
          .toISOString()
          .slice(0, 10)
          .replace(/(\d+)-(\d+)-(\d+)/, '$2/$3/$1')}\nT-1.00\nP=cmd\nLUncategorized\n^\n`,
    );
  });

  it('group of more than a page, comes whole and in order', async () => {
    const { id, myMemberId } = await createGroup(ana, { name: 'Long' });
    const rows = Array.from(
      { length: 2_500 },
      (_, index) => `2026-01-${String(1 + (index % 28)).padStart(2, '0')},Row ${index},10.00,,EUR,General,`,
    );
    const text = `Date,Title,Paid by Ana,Paid for Ana,Currency,Category,Exchange rate\n${rows.map((row) => row.replace('10.00,,', '10.00,10.00,')).join('\n')}\n`;
    const opened = await ana.call('POST', `/v1/groups/${id}/imports`, { format: 'auto', content: text });
    await runImport(api, opened.body.id as string);
    const { records } = readCsv((await exported(id, 'csv')).replace('\uFEFF', ''));
    assert.equal(records.length, 2_501);
    const days = records.slice(1).map(({ cells }) => cells[0] as string);
    assert.deepEqual(days, days.toSorted());
    assert.equal(new Set(records.map(({ cells }) => cells[2])).size, 2_501);
    assert.ok(myMemberId);
  });

  it('strangers see nothing, viewers all, an unknown format is refused', async () => {
    const { id } = await settled();
    const [eve, vera] = [await api.user('Eve'), await api.user('Vera')];
    await join(ana, id, vera, { role: 'viewer' });
    assert.equal((await eve.call('GET', `/v1/groups/${id}/export`)).status, 404);
    assert.ok((await exported(id, 'json', vera)).includes('Dinner'));
    const refused = await ana.call('GET', `/v1/groups/${id}/export?format=xls`);
    assert.deepEqual([refused.status, refused.body.errors[0].pointer], [400, '/query/format']);
  });
});
