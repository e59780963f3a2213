import { readFile } from 'node:fs/promises';
import { type Ask, type Cast, type Group, join, type Person } from './cast.ts';
import type { Check } from './checks.ts';
import type { Client } from './client.ts';
import { checkFlat, checkImports, type Import, importFile, totalsOf } from './importing.ts';
import { type Net, type Nets, netsOf, plus } from './oracle.ts';
import { minorOf } from './paying.ts';
import type { Progress } from './progress.ts';
import { checkRent, type Rent, rentForAWhile } from './renting.ts';

const FILE = new URL('flat.csv', import.meta.url);
const GROUP_NAME = 'Demo: Flat';
const TIME_ZONE = 'Europe/Berlin';
/** Of the file, whatever the people of the ledger spend. */
const CURRENCY = 'EUR';
/**
 * What the rooms cost, as in the file: minor units by its names. The first one pays the landlord; this one and the second are
 * people of the ledger, and the import adds the third.
 */
const ROOMS: Readonly<Record<string, bigint>> = { Anna: 455_00n, Ben: 415_00n, Priya: 375_00n };
/** A second group of some of the people: its past comes from Splitwise, and its rent records itself. Amounts are by the file's names. */
export interface Flat {
  readonly groupId: string;
  readonly workflowId: string;
  readonly currency: string;
  /** The file's names, and how these members are called. */
  readonly people: readonly { readonly inFile: string; readonly name: string }[];
  readonly imported: Import;
  /** The same file a second time. */
  readonly again: Import;
  readonly rent: Rent;
  readonly balances: Nets;
  readonly checks: readonly Check[];
}

/** Founds the flat with two people of the cast, imports what it shared until now, and lets the rent run for a while. */
export async function shareFlat(cast: Cast, api: Client, ask: Ask, progress: Progress): Promise<Flat> {
  const [owner, second] = cast.people.filter(({ account }) => account !== null);
  if (owner?.account == null || second?.account == null) throw new Error('Fewer than two people of the ledger have an account.');
  progress.step(`Making the group "${GROUP_NAME}" of ${owner.name} and ${second.name}, and importing its file of Splitwise`);
  const body = { name: GROUP_NAME, currency: CURRENCY, timeZone: TIME_ZONE };
  const { body: group } = await ask<Group>(owner, 'POST', '/v1/groups', { body });
  const secondId = await join(api, group.id, owner.account, second.account);
  const content = await readFile(FILE, 'utf8');
  const { rows, totals } = totalsOf(content);
  const [ownersName = '', secondsName = '', ...others] = Object.keys(ROOMS);
  const order = { groupId: group.id, content, memberMap: { [ownersName]: group.myMemberId, [secondsName]: secondId } };
  const imported = await importFile(order, owner, ask, progress);
  const again = await importFile(order, owner, ask, progress);

  const payer = { ...owner, memberId: group.myMemberId };
  const parts = new Map(Object.entries(ROOMS).map(([name, minor]) => [memberOf(imported, name), minor]));
  const rent = await rentForAWhile({ groupId: group.id, timeZone: TIME_ZONE, currency: CURRENCY, payer, parts }, ask, progress);

  const balances = await balancesOf(group.id, owner, imported, ask);
  return {
    groupId: group.id,
    workflowId: group.workflowId,
    currency: CURRENCY,
    people: [
      { inFile: ownersName, name: owner.name },
      { inFile: secondsName, name: second.name },
      ...others.map((name) => ({ inFile: name, name })),
    ],
    imported,
    again,
    rent,
    balances,
    checks: [
      checkImports(imported, again, rows),
      checkRent(rent),
      checkFlat(balances, plus(totals, rentEffect(ownersName, rent.recorded.length))),
    ],
  };
}

/** What so many rents do: everybody owes their room, and the payer is owed all of them. */
function rentEffect(payer: string, count: number): Net[] {
  const rooms = Object.entries(ROOMS).map(([name, minor]) => ({ name, currency: CURRENCY, minor: -minor * BigInt(count) }));
  return [...rooms, ...rooms.map(({ minor }) => ({ name: payer, currency: CURRENCY, minor: -minor }))];
}

function memberOf({ members, problems }: Import, name: string): string {
  const memberId = members[name];
  if (memberId === undefined) throw new Error(`The import knows no ${name}: ${problems[0]?.detail ?? 'no reason is given'}`);
  return memberId;
}

async function balancesOf(groupId: string, who: Person, { members }: Import, ask: Ask): Promise<Nets> {
  const names = new Map(Object.entries(members).map(([name, memberId]) => [memberId, name]));
  const { body } = await ask<{ balances: { memberId: string; currency: string; net: string }[] }>(
    who,
    'GET',
    `/v1/groups/${groupId}/balances`,
  );
  return netsOf(
    body.balances.map(({ memberId, currency, net }) => ({ name: names.get(memberId) ?? memberId, currency, minor: minorOf(net) })),
  );
}
