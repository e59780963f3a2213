import type { Tx } from '../../transact.ts';

type Query = Tx['query'];

/** An account as its owner sees it. */
export interface AccountView {
  readonly id: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly displayName: string;
  readonly locale: string;
  readonly timeZone: string;
  readonly defaultCurrency: string;
  readonly platformRole: string | null;
  readonly version: number;
}

/** Reads an account. */
export async function findAccount(query: Query, userId: string): Promise<AccountView | null> {
  const [row] = await query<AccountView>(
    `select id, email, email_verified_at is not null as "emailVerified", display_name as "displayName", locale, time_zone as "timeZone",
       default_currency as "defaultCurrency", platform_role as "platformRole", version
     from "user".account where id = $1`,
    [userId],
  );
  return row ?? null;
}

/** The password hash of an account, or null. */
export async function findPasswordHash(query: Query, userId: string): Promise<string | null> {
  const [row] = await query<{ hash: string }>(`select password_hash as hash from "user".account where id = $1`, [userId]);
  return row?.hash ?? null;
}

/** What a sign-in is checked against. @param key see `emailKey` of `domain/account.ts`. */
export async function findCredentials(query: Query, key: string): Promise<{ userId: string; passwordHash: string } | null> {
  const [row] = await query<{ userId: string; passwordHash: string }>(
    `select id as "userId", password_hash as "passwordHash" from "user".account where email_key = $1 and state = 'active'`,
    [key],
  );
  return row ?? null;
}
