import { emailKey } from '../../../domain/account.ts';
import type { PlatformRole } from '../../../domain/scopes.ts';
import type { PageRequest } from '../../cursor.ts';
import type { Tx } from '../../transact.ts';

/** An account as the platform's own people see it. */
export interface UserView {
  readonly id: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly displayName: string;
  readonly locale: string;
  readonly timeZone: string;
  readonly state: 'active' | 'suspended' | 'erased';
  readonly platformRole: PlatformRole | null;
  readonly secondFactor: boolean;
  readonly createdAt: string;
  readonly version: number;
}

/** What a list of accounts is narrowed by. */
export interface UserFilter {
  /** An id, an address, or the beginning of a name. */
  readonly q?: string | undefined;
  readonly state?: UserView['state'] | undefined;
  readonly role?: PlatformRole | undefined;
}

const COLUMNS = `id, email, email_verified_at is not null as "emailVerified", display_name as "displayName", locale, time_zone as "timeZone",
  state, platform_role as "platformRole", totp_enabled_at is not null as "secondFactor", created_at as "createdAt", version`;

/** Accounts, the newest first; one more than the page, to tell whether it goes on. */
export async function listUsers(query: Tx['query'], filter: UserFilter, page: PageRequest): Promise<UserView[]> {
  const [createdAt, id] = page.after ?? [null, null];
  return query<UserView>(
    `select ${COLUMNS} from "user".account
     where ($1::text is null or id::text = lower($1) or email_key = $2 or lower(display_name) like $3)
       and ($4::text is null or state = $4) and ($5::text is null or platform_role = $5)
       and ($6::timestamptz is null or (created_at, id) < ($6, $7::uuid))
     order by created_at desc, id desc limit $8`,
    [
      filter.q ?? null,
      filter.q === undefined ? null : emailKey(filter.q),
      filter.q === undefined ? null : `${filter.q.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`,
      filter.state ?? null,
      filter.role ?? null,
      createdAt,
      id,
      page.limit + 1,
    ],
  );
}

/** An account, or null. */
export async function findUser(query: Tx['query'], userId: string): Promise<UserView | null> {
  const [row] = await query<UserView>(`select ${COLUMNS} from "user".account where id = $1`, [userId]);
  return row ?? null;
}
