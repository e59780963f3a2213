import type { PageRequest } from '../../cursor.ts';
import type { Tx } from '../../transact.ts';

/** An identity of an account as its owner sees it. Times are RFC 3339 as Postgres writes them. */
export interface IdentityView {
  readonly id: string;
  readonly accountId: string;
  readonly provider: string;
  readonly issuer: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
}

const COLUMNS = `id, account_id as "accountId", provider, issuer, created_at as "createdAt", last_used_at as "lastUsedAt"`;

/** Identities of an account, the newest first; one more than the page, to tell whether it goes on. */
export async function listIdentities(query: Tx['query'], userId: string, page: PageRequest): Promise<IdentityView[]> {
  const [createdAt, id] = page.after ?? [null, null];
  return query<IdentityView>(
    `select ${COLUMNS} from "user".identity
     where account_id = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid)) order by created_at desc, id desc limit $4`,
    [userId, createdAt, id, page.limit + 1],
  );
}

/** An identity, or null. */
export async function findIdentity(query: Tx['query'], id: string): Promise<IdentityView | null> {
  const [row] = await query<IdentityView>(`select ${COLUMNS} from "user".identity where id = $1`, [id]);
  return row ?? null;
}

/** The key of the address of an account that may sign in, for its limits, with its password hash; or null. */
export async function findLinkTarget(query: Tx['query'], userId: string): Promise<{ emailKey: string; passwordHash: string } | null> {
  const [row] = await query<{ emailKey: string; passwordHash: string }>(
    `select email_key as "emailKey", password_hash as "passwordHash" from "user".account where id = $1 and state = 'active'`,
    [userId],
  );
  return row ?? null;
}
