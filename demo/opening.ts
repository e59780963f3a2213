import { randomBytes } from 'node:crypto';
import {
  type Account,
  type Ask,
  actingAccount,
  addressOf,
  type Cast,
  type Group,
  join,
  type Person,
  register,
  signInByPassword,
  verify,
} from './cast.ts';
import type { Client } from './client.ts';
import { knowsSandboxProvider, signInByProvider } from './federated.ts';
import type { Progress } from './progress.ts';
import { verificationToken } from './sandbox.ts';
import type { Ledger } from './sesterce.ts';
import { inParallel } from './waiting.ts';

/** Registrations at once: each costs the server a password hash. */
const REGISTRATIONS = 3;

/** How each way is called. */
export const WAYS: Record<SignedIn['method'], string> = { password: 'by password', openid: 'through the OpenID provider' };

/** What the first act needs. */
export interface Opening {
  readonly api: Client;
  readonly apiUrl: string;
  readonly sandbox: Client;
  readonly progress: Progress;
  readonly ledger: Ledger;
  readonly groupName: string;
  readonly withoutAccount: ReadonlySet<string>;
}

/** Who signed in how, besides the registrations. */
export interface SignedIn {
  readonly name: string;
  readonly method: 'password' | 'openid';
}

/** The cast on the stage, and how each of them acts. */
export interface Opened {
  readonly cast: Cast;
  readonly group: Group;
  readonly ask: Ask;
  readonly signIns: readonly SignedIn[];
}

/** Registers everybody who has an account, verifies their addresses, and brings all people of the ledger into one group. */
export async function open(opening: Opening): Promise<Opened> {
  const { api, progress, ledger, groupName } = opening;
  const currency = ledger.currencies[0] ?? 'EUR';
  const { accounts, signIns } = await registerAll(opening);
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
    signIns,
    ask: (who, method, path, options = {}) => api.send(method, path, { ...options, token: actingAccount(who, owner).token }),
  };
}

/**
 * Gives an account to everybody who has one: the last by the OpenID provider, the others by registering. The first then
 * signs in with the password, so that both ways are seen.
 */
async function registerAll({
  api,
  apiUrl,
  sandbox,
  progress,
  ledger,
  withoutAccount,
}: Opening): Promise<{ accounts: Map<string, Account>; signIns: readonly SignedIn[] }> {
  const runId = randomBytes(5).toString('hex');
  const names = ledger.people.filter((name) => !withoutAccount.has(name));
  const federated = names.length > 1 && (await knowsSandboxProvider(api)) ? names.at(-1) : undefined;
  progress.step(`Registering ${names.length} people and verifying their addresses by mail`);
  const bar = progress.bar('accounts', names.length);
  const accounts = await inParallel(names, REGISTRATIONS, async (name, index) => {
    const account =
      name === federated ? await signInByProvider(apiUrl, addressOf(runId, index), name) : await register(api, runId, index, name);
    if (name !== federated) await verify(api, account, await verificationToken(sandbox, account.email));
    bar.tick();
    return [name, account] as const;
  });
  bar.done();
  const [[first, account] = []] = accounts;
  const signIns: SignedIn[] = [];
  if (first !== undefined && account !== undefined) {
    await signInByPassword(api, account);
    signIns.push({ name: first, method: 'password' });
  }
  if (federated !== undefined) signIns.push({ name: federated, method: 'openid' });
  progress.note(signIns.map(({ name, method }) => `${name} signed in ${WAYS[method]}`).join(', '));
  return { accounts: new Map(accounts), signIns };
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
