import { randomBytes, randomUUID } from 'node:crypto';
import { ApiError, type Client, type Reply, type RequestOptions } from './client.ts';

/** Somebody with an account, signed in. */
export interface Account {
  readonly email: string;
  readonly password: string;
  readonly token: (renew: boolean) => Promise<string>;
}

/** A person of the ledger as a member of the group. */
export interface Person {
  readonly name: string;
  readonly memberId: string;
  /** Null for one without an account, for whom the owner acts. */
  readonly account: Account | null;
}

/** The people of a run, in their group. */
export interface Cast {
  readonly groupId: string;
  readonly currency: string;
  readonly owner: Person;
  readonly people: readonly Person[];
  byName(name: string): Person;
  byMember(memberId: string): Person;
}

/** A group as the API shows it, as far as the demo reads it. */
export interface Group {
  readonly id: string;
  readonly myMemberId: string;
  readonly workflowId: string;
}

/** Sends a request as somebody; for a person without an account the owner does. */
export type Ask = <T>(
  who: Person | Account,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  options?: Omit<RequestOptions, 'token'>,
) => Promise<Reply<T>>;

/** Whether a person's own account acts, or the owner's for them. */
export function actingAccount(who: Person | Account, owner: Account | null): Account {
  if ('token' in who) return who;
  const account = who.account ?? owner;
  if (account === null) throw new Error(`Nobody can act for ${who.name}.`);
  return account;
}

/** The address of somebody in a run; no other run uses it. */
export function addressOf(runId: string, index: number): string {
  return `person-${index + 1}.${runId}@demo.safesplitx.example`;
}

/**
 * Registers an address that no other run uses, and stays signed in: a token that has run out is replaced by signing in.
 *
 * Registration takes no Idempotency-Key; an address that is taken on a repetition is the one of the try that was cut off.
 */
export async function register(api: Client, runId: string, index: number, displayName: string): Promise<Account> {
  const email = addressOf(runId, index);
  const password = randomBytes(15).toString('base64url');
  const signIn = async (): Promise<string> => {
    const { body } = await api.send<{ accessToken: string }>('POST', '/v1/auth/login', { body: { email, password } });
    return body.accessToken;
  };
  const first = await api
    .send<{ accessToken: string }>('POST', '/v1/auth/register', { body: { email, password, displayName } })
    .then(({ body }) => body.accessToken)
    .catch((error: unknown) => {
      if (error instanceof ApiError && error.code === 'email_taken') return signIn();
      throw error;
    });
  let token = Promise.resolve(first);
  let renewedAt = 0;
  return {
    email,
    password,
    token: (renew) => {
      // Requests that are refused together sign in once.
      if (renew && Date.now() - renewedAt > 5_000) {
        renewedAt = Date.now();
        token = signIn();
      }
      return token;
    },
  };
}

/** Signs in with the password, as somebody does who comes back. */
export async function signInByPassword(api: Client, { email, password }: Account): Promise<void> {
  await api.send('POST', '/v1/auth/login', { body: { email, password } });
}

/** Uses the token of the verification mail; a repetition of a try that was cut off finds the address verified. */
export async function verify(api: Client, account: Account, token: string): Promise<void> {
  try {
    await api.send('POST', '/v1/auth/email/verify', { body: { token } });
  } catch (error) {
    const { body } = await api.send<{ emailVerified: boolean }>('GET', '/v1/me', { token: account.token });
    if (!body.emailVerified) throw error;
  }
}

/** Lets somebody into the group by a link that the owner makes for them. @returns the new member's id. */
export async function join(api: Client, groupId: string, owner: Account, guest: Account): Promise<string> {
  const token = await invite(api, groupId, owner);
  const { body } = await api.send<Group>('POST', `/v1/invitations/${token}/accept`, { token: guest.token });
  return body.myMemberId;
}

/** A link is shown once: where its answer was cut off, another one is made. */
async function invite(api: Client, groupId: string, owner: Account): Promise<string> {
  for (;;) {
    try {
      const options = { token: owner.token, body: { expiresInHours: 24, maxUses: 1 }, idempotencyKey: randomUUID() };
      const { body } = await api.send<{ token: string }>('POST', `/v1/groups/${groupId}/invitations`, options);
      return body.token;
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'already_done')) throw error;
    }
  }
}
