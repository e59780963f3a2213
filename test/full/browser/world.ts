import { until } from '../../support/until.ts';
import { signUp, type Addresses, type Json, type Person } from '../support/people.ts';

/** What there is to look at. */
export interface Scene {
  readonly settlementId: string;
  /** Addresses that got mail. */
  readonly mailed: readonly string[];
}

/**
 * Plays a scene for the pictures through the REST API: a weekend of four, its settlement with one transfer paid by card, one
 * declined and one by hand that waits for its receiver, a partial refund, and the mails of all of it.
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
  return { settlementId: settlementId as string, mailed: people.map(({ email }) => email) };
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
