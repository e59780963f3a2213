import type { PageRequest } from '../../cursor.ts';
import type { Tx } from '../../transact.ts';

type Query = Tx['query'];

/** An application of a third party. Times are RFC 3339 as Postgres writes them. */
export interface ApplicationView {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  readonly kind: 'confidential' | 'public';
  readonly redirectUris: readonly string[];
  readonly scopes: readonly string[];
  readonly homepageUrl: string | null;
  readonly secretHash: string | null;
  readonly createdAt: string;
}

/** What a person allowed an application; its id is that of the session behind it. */
export interface AuthorizationView {
  readonly id: string;
  readonly userId: string;
  readonly applicationId: string;
  readonly name: string;
  readonly homepageUrl: string | null;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly expiresAt: string;
}

const APPLICATION = `id, owner_id as "ownerId", name, kind, redirect_uris as "redirectUris", scopes, homepage_url as "homepageUrl",
  secret_hash as "secretHash", created_at as "createdAt"`;
const AUTHORIZATION = `s.id, s.account_id as "userId", p.id as "applicationId", p.name, p.homepage_url as "homepageUrl", s.scopes,
  s.created_at as "createdAt", s.last_used_at as "lastUsedAt", s.expires_at as "expiresAt"`;
const LIVE_AUTHORIZATIONS = `"user".session s join "user".oauth_application p on p.id = s.application_id join "user".account a on a.id = s.account_id
  where s.kind = 'application' and s.ended_at is null and s.expires_at > now() and a.state = 'active'`;

/** Applications of an owner, the newest first; one more than the page, to tell whether it goes on. */
export async function listApplications(query: Query, ownerId: string, page: PageRequest): Promise<ApplicationView[]> {
  const [createdAt, id] = page.after ?? [null, null];
  return query<ApplicationView>(
    `select ${APPLICATION} from "user".oauth_application
     where owner_id = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid)) order by created_at desc, id desc limit $4`,
    [ownerId, createdAt, id, page.limit + 1],
  );
}

/** An application whose owner may still have one, or null. */
export async function findApplication(query: Query, id: string): Promise<ApplicationView | null> {
  const [row] = await query<ApplicationView>(
    `select ${APPLICATION} from "user".oauth_application
     where id = $1 and exists (select 1 from "user".account a where a.id = owner_id and a.state = 'active')`,
    [id],
  );
  return row ?? null;
}

/** What a person allows applications now, the newest first; one more than the page. */
export async function listAuthorizations(query: Query, userId: string, page: PageRequest): Promise<AuthorizationView[]> {
  const [createdAt, id] = page.after ?? [null, null];
  return query<AuthorizationView>(
    `select ${AUTHORIZATION} from ${LIVE_AUTHORIZATIONS} and s.account_id = $1
       and ($2::timestamptz is null or (s.created_at, s.id) < ($2, $3::uuid)) order by s.created_at desc, s.id desc limit $4`,
    [userId, createdAt, id, page.limit + 1],
  );
}

/** A live authorization by its id, or null. */
export async function findAuthorization(query: Query, id: string): Promise<AuthorizationView | null> {
  const [row] = await query<AuthorizationView>(`select ${AUTHORIZATION} from ${LIVE_AUTHORIZATIONS} and s.id = $1`, [id]);
  return row ?? null;
}

/** What a person allows one application, or null. */
export async function findAuthorizationOf(query: Query, userId: string, applicationId: string): Promise<AuthorizationView | null> {
  const [row] = await query<AuthorizationView>(
    `select ${AUTHORIZATION} from ${LIVE_AUTHORIZATIONS} and s.account_id = $1 and s.application_id = $2`,
    [userId, applicationId],
  );
  return row ?? null;
}
