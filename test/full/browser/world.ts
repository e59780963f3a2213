import { until } from '../../support/until.ts';
import { signUp, type Addresses, type Json, type Person } from '../support/people.ts';

/** What there is to look at. */
export interface Scene {
  readonly settlementId: string;
  /** Addresses that got mail. */
  readonly mailed: readonly string[];
  /** An expense that waits for the votes of two, one of which is there. */
  readonly pendingExpenseId: string;
  /** Charts of a group of seven over a year, each as the API answers it, by `kind-theme`. */
  readonly charts: Readonly<Record<string, string>>;
}

/** The charts, and what each shows. */
export const CHARTS: Readonly<Record<string, readonly string[]>> = {
  debts: ['Who owes, and who is owed', 'Flat in the harbour street', 'is owed', 'Ana', 'Ben'],
  categories: ['Spent by category', 'Home', 'Food and drink', 'Without category'],
  months: ['Spent by month', 'Dec 2025 to Nov 2026', 'came in'],
};

async function chartsOf(at: Addresses, person: Person, groupPath: string): Promise<Record<string, string>> {
  const charts: Record<string, string> = {};
  for (const kind of Object.keys(CHARTS))
    for (const theme of ['light', 'dark']) {
      const answer = await fetch(`${at.apiUrl}${groupPath}/chart.svg?kind=${kind}&theme=${theme}`, {
        headers: { authorization: `Bearer ${person.token}` },
      });
      if (!answer.ok) throw new Error(`chart ${kind} ${theme}: ${answer.status}`);
      charts[`${kind}-${theme}`] = await answer.text();
    }
  return charts;
}

/** A flat of seven over a year: rent, food, journeys, and money that came in. */
async function playFlat(ana: Person): Promise<string> {
  const group = await ana.call('POST', '/v1/groups', { name: 'Flat in the harbour street', currency: 'EUR' });
  const path = `/v1/groups/${group['id'] as string}`;
  const members = [group['myMemberId'] as string];
  for (const displayName of ['Ben', 'Cara', 'Dan', 'Élodie Lefèvre-Montgomery of Saint-Germain', 'דניאל', 'Finn'])
    members.push((await ana.call('POST', `${path}/members`, { displayName }))['id'] as string);
  const record = (
    index: number,
    amount: string,
    date: string,
    category: string | null,
    among: readonly string[],
    kind = 'expense',
  ): object => ({
    description: 'Shared',
    kind,
    total: { amount, currency: 'EUR' },
    date,
    category,
    payers: [{ memberId: members[index % members.length], amount }],
    split: { method: 'equal', among },
  });
  const months = [
    '2025-12',
    '2026-01',
    '2026-02',
    '2026-03',
    '2026-04',
    '2026-05',
    '2026-06',
    '2026-07',
    '2026-08',
    '2026-09',
    '2026-10',
    '2026-11',
  ];
  const expenses = months.flatMap((month, index) => [
    record(0, '840.00', `${month}-01`, 'home.rent', members),
    record(index + 1, `${120 + ((index * 37) % 90)}.40`, `${month}-12`, 'food.groceries', members),
    record(
      index * 2,
      `${38 + ((index * 53) % 60)}.75`,
      `${month}-20`,
      index % 2 === 0 ? 'utilities.electricity' : 'transport.train',
      members.slice(0, 5),
    ),
    ...(index % 4 === 1 ? [record(3, '264.00', `${month}-24`, 'travel.lodging', members.slice(2))] : []),
    ...(index % 6 === 2 ? [record(1, '150.00', `${month}-28`, 'income.refund', members, 'income')] : []),
    ...(index % 5 === 3 ? [record(5, '42.90', `${month}-15`, null, members.slice(0, 3))] : []),
  ]);
  await ana.call('POST', `${path}/expenses/bulk`, { expenses });
  return path;
}

/** An expense that three are asked about; one of the other two has approved. */
async function playApproval(ana: Person, ben: Person, cara: Person): Promise<string> {
  const group = await ana.call('POST', '/v1/groups', {
    name: 'Office',
    currency: 'EUR',
    policy: { approval: { mode: 'all', timeoutHours: 72 } },
  });
  const path = `/v1/groups/${group['id'] as string}`;
  const members = [group['myMemberId'] as string];
  for (const person of [ben, cara]) {
    const { token } = await ana.call('POST', `${path}/invitations`, { role: 'contributor' });
    members.push((await person.call('POST', `/v1/invitations/${token as string}/accept`))['myMemberId'] as string);
  }
  const { id } = await ana.call('POST', `${path}/expenses`, {
    description: 'Espresso machine',
    total: { amount: '649.00', currency: 'EUR' },
    date: '2026-11-20',
    payers: [{ memberId: members[0], amount: '649.00' }],
    split: { method: 'equal', among: members },
  });
  await ben.call('POST', `/v1/expenses/${id as string}/approve`);
  return id as string;
}

/**
 * Plays a scene for the pictures through the REST API: a weekend of four, its settlement with one transfer paid by card, one
 * declined and one by hand that waits for its receiver, a partial refund, and the mails of all of it; an expense that waits for votes, and
 * a flat of seven over a year.
 */
export async function playScene(at: Addresses): Promise<Scene> {
  const people = (await Promise.all(['Ana', 'Ben', 'Cara', 'Dan'].map((name) => signUp(at, name)))) as [Person, Person, Person, Person];
  const [ana, ben, cara, dan] = people;
  await receivesPayouts(ana);
  const group = await ana.call('POST', '/v1/groups', { name: 'Weekend in the hills', currency: 'EUR' });
  const groupPath = `/v1/groups/${group['id'] as string}`;
  const members = [group['myMemberId'] as string];
  for (const person of [ben, cara, dan]) {
    const { token } = await ana.call('POST', `${groupPath}/invitations`, { role: 'contributor' });
    members.push((await person.call('POST', `/v1/invitations/${token as string}/accept`))['myMemberId'] as string);
  }
  await ana.call('POST', `${groupPath}/expenses`, {
    description: 'Hut for two nights',
    total: { amount: '312.40', currency: 'EUR' },
    date: '2026-11-20',
    category: 'travel.lodging',
    payers: [{ memberId: members[0], amount: '312.40' }],
    split: { method: 'equal', among: members },
  });
  const { id: settlementId } = await ana.call('POST', `${groupPath}/settlements`, { method: 'stripe' });
  const settlement = await reaches(ana, `/v1/settlements/${settlementId as string}`, 'collecting');
  const transferOf = (index: number): string =>
    `/v1/transfers/${(settlement['transfers'] as Json[]).find(({ from }) => from === members[index])?.['id'] as string}`;
  await ben.call('POST', `${transferOf(1)}/pay`, { method: 'stripe', paymentMethodId: 'pm_card_visa' });
  await cara.call('POST', `${transferOf(2)}/pay`, { method: 'stripe', paymentMethodId: 'pm_card_chargeDeclined' });
  await dan.call('POST', `${transferOf(3)}/pay`, { method: 'manual' });
  const paid = await reaches(ana, transferOf(1), 'succeeded');
  await reaches(ana, transferOf(2), 'failed');
  await reaches(ana, transferOf(3), 'awaiting_confirmation');
  const payment = (paid['payments'] as Json[])[0]?.['id'] as string;
  const refund = await ana.call('POST', `/v1/payments/${payment}/refunds`, { amount: '8.10', reason: 'One night less' });
  await reaches(ana, `/v1/refunds/${refund['id'] as string}`, 'succeeded');
  return {
    settlementId: settlementId as string,
    mailed: people.map(({ email }) => email),
    pendingExpenseId: await playApproval(ana, ben, cara),
    charts: await chartsOf(at, ana, await playFlat(ana)),
  };
}

async function receivesPayouts(person: Person): Promise<void> {
  const { url } = await person.call('POST', '/v1/me/payout-account');
  await fetch(url as string, { method: 'POST', headers: { accept: 'application/json' } });
  await reaches(person, '/v1/me/payout-account', 'active');
}

function reaches(person: Person, path: string, state: string): Promise<Json> {
  return until(
    `${path} is ${state}`,
    async () => {
      const found = await person.call('GET', path);
      return found['state'] === state ? found : null;
    },
    120_000,
  );
}
