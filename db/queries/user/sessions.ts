import type { PageRequest } from '../../cursor.ts';
import type { Tx } from '../../transact.ts';

/** A live session as its owner sees it. Times are RFC 3339 as Postgres writes them. */
export interface SessionView {
  readonly id: string;
  readonly kind: 'sign-in' | 'personal' | 'application';
  readonly name: string | null;
  readonly scopes: readonly string[] | null;
  readonly methods: readonly string[] | null;
  readonly userAgent: string | null;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly expiresAt: string;
}

const COLUMNS = `id, kind, name, scopes, methods, user_agent as "userAgent", created_at as "createdAt",
  case when kind = 'sign-in' then rotated_at else last_used_at end as "lastUsedAt", expires_at as "expiresAt"`;
const LIVE = 'ended_at is null and expires_at > now()';

/** Live sessions of an account, the newest first; one more than the page, to tell whether it goes on. */
export async function listSessions(
  query: Tx['query'],
  userId: string,
  kinds: readonly SessionView['kind'][],
  page: PageRequest,
): Promise<SessionView[]> {
  const [createdAt, id] = page.after ?? [null, null];
  return query<SessionView>(
    `select ${COLUMNS} from "user".session
     where account_id = $1 and kind = any($2) and ${LIVE} and ($3::timestamptz is null or (created_at, id) < ($3, $4::uuid))
     order by created_at desc, id desc limit $5`,
    [userId, kinds, createdAt, id, page.limit + 1],
  );
}

/** A live session of an account, or null. */
export async function findOwnSession(
  query: Tx['query'],
  userId: string,
  kinds: readonly SessionView['kind'][],
  sessionId: string,
): Promise<SessionView | null> {
  const [row] = await query<SessionView>(
    `select ${COLUMNS} from "user".session where id = $1 and account_id = $2 and kind = any($3) and ${LIVE}`,
    [sessionId, userId, kinds],
  );
  return row ?? null;
}
