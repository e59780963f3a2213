import { randomBytes } from 'node:crypto';
import { type Account, type Ask, actingAccount, type Cast, type Group, join, type Person, register, verify } from './cast.ts';
import type { Client } from './client.ts';
import type { Progress } from './progress.ts';
import { verificationToken } from './sandbox.ts';
import type { Ledger } from './sesterce.ts';
import { inParallel } from './waiting.ts';

/** Registrations at once: each costs the server a password hash. */
const REGISTRATIONS = 3;

/** What the first act needs. */
export interface Opening {
  readonly api: Client;
  readonly sandbox: Client;
  readonly progress: Progress;
  readonly ledger: Ledger;
  readonly groupName: string;
  readonly withoutAccount: ReadonlySet<string>;
}

/** The cast on the stage, and how each of them acts. */
export interface Opened {
  readonly cast: Cast;
  readonly group: Group;
  readonly ask: Ask;
}

/** Registers everybody who has an account, verifies their addresses, and brings all people of the ledger into one group. */
export async function open({ api, sandbox, progress, ledger, groupName, withoutAccount }: Opening): Promise<Opened> {
  const currency = ledger.currencies[0] ?? 'EUR';
  const accounts = await registerAll(api, sandbox, progress, ledger, withoutAccount);
  const [ownerName, owner] = [...accounts][0] ?? [];
  if (ownerName === undefined || owner === undefined) throw new Error('Nobody in the ledger has an account.');

  progress.step(`Making the group "${groupName}" in ${currency}, with ${ownerName} as its owner`);
  const body = { name: groupName, currency, timeZone: 'Europe/Berlin' };
  const { body: group } = await api.send<Group>('POST', '/v1/groups', { token: owner.token, body });
  const people: Person[] = [];
  for (const name of ledger.people) {
    const account = accounts.get(name) ?? null;
    people.push({ name, account, memberId: await bringIn(api, group, owner, name, account) });
  }
  progress.note(`${people.length} members, ${people.filter(({ account }) => account === null).length} of them without an account`);
  return {
    cast: castOf(group.id, currency, people, ownerName),
    group,
    ask: (who, method, path, options = {}) => api.send(method, path, { ...options, token: actingAccount(who, owner).token }),
  };
}

async function registerAll(
  api: Client,
  sandbox: Client,
  progress: Progress,
  ledger: Ledger,
  withoutAccount: ReadonlySet<string>,
): Promise<Map<string, Account>> {
  const runId = randomBytes(5).toString('hex');
  const names = ledger.people.filter((name) => !withoutAccount.has(name));
  progress.step(`Registering ${names.length} people and verifying their addresses by mail`);
  const bar = progress.bar('accounts', names.length);
  const accounts = await inParallel(names, REGISTRATIONS, async (name, index) => {
    const account = await register(api, runId, index, name);
    await verify(api, account, await verificationToken(sandbox, account.email));
    bar.tick();
    return [name, account] as const;
  });
  bar.done();
  return new Map(accounts);
}

async function bringIn(api: Client, group: Group, owner: Account, name: string, account: Account | null): Promise<string> {
  if (account === owner) return group.myMemberId;
  if (account !== null) return join(api, group.id, owner, account);
  const { body } = await api.send<{ id: string }>('POST', `/v1/groups/${group.id}/members`, {
    token: owner.token,
    body: { displayName: name },
  });
  return body.id;
}

function castOf(groupId: string, currency: string, people: readonly Person[], ownerName: string): Cast {
  const find = (test: (person: Person) => boolean, what: string): Person => {
    const person = people.find(test);
    if (person === undefined) throw new Error(`The group has no member ${what}.`);
    return person;
  };
  const byName = (name: string): Person => find((person) => person.name === name, name);
  const byMember = (memberId: string): Person => find((person) => person.memberId === memberId, memberId);
  return { groupId, currency, owner: byName(ownerName), people, byName, byMember };
}
