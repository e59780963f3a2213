import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { until } from '../../support/until.ts';

/** The JSON of an answer. */
export type Json = Record<string, unknown>;

/** Somebody with an account who calls the API. */
export interface Person {
  readonly email: string;
  readonly password: string;
  readonly token: string;
  readonly refreshToken: string;
  /** Calls and expects a 2xx. A POST carries a fresh Idempotency-Key, a PATCH or DELETE `If-Match: *`. */
  call(method: string, path: string, body?: unknown): Promise<Json>;
}

/** Where a platform's API and the page of its outside world are. */
export interface Addresses {
  readonly apiUrl: string;
  readonly sandboxUrl: string;
}

/** Registers somebody and verifies the address by the token in the mail that the sandbox received. */
export async function signUp(at: Addresses, displayName: string): Promise<Person> {
  const person = await register(at.apiUrl, displayName);
  await person.call('POST', '/v1/auth/email/verify', { token: await mailedToken(at.sandboxUrl, person.email) });
  return person;
}

/** Registers somebody whose address stays unverified. */
export async function register(apiUrl: string, displayName: string): Promise<Person> {
  const email = `${displayName.toLowerCase()}-${uuidv7().slice(-12)}@example.com`;
  const password = uuidv7();
  const made = await call(apiUrl, '', 'POST', '/v1/auth/register', { email, password, displayName });
  const token = made['accessToken'] as string;
  return {
    email,
    password,
    token,
    refreshToken: made['refreshToken'] as string,
    call: (method, path, body) => call(apiUrl, token, method, path, body),
  };
}

/** The token in the last mail to an address. @param subject part of the mail's subject. */
export function mailedToken(sandboxUrl: string, email: string, subject = ''): Promise<string> {
  return until(
    `a mail to ${email}`,
    async () => {
      const answer = await fetch(`${sandboxUrl}/_sandbox/mails?to=${encodeURIComponent(email)}`);
      const { data } = (await answer.json()) as { data: { subject: string; text: string }[] };
      const mails = data.filter((mail) => mail.subject.includes(subject));
      return mails.map(({ text }) => /^Token: (\S+)$/m.exec(text)?.[1]).find((token) => token !== undefined);
    },
    120_000,
  );
}

async function call(apiUrl: string, token: string, method: string, path: string, body?: unknown): Promise<Json> {
  const answer = await fetch(apiUrl + path, {
    method,
    headers: {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' && token !== '' ? { 'idempotency-key': uuidv7() } : {}),
      ...(method === 'PATCH' || method === 'DELETE' ? { 'if-match': '*' } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text === '' ? {} : (JSON.parse(text) as Json);
}
