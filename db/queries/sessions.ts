import DataLoader from 'dataloader';
import { isPlatformRole, isScope, type PlatformRole, type Scope } from '../../domain/scopes.ts';
import type { ServiceDatabase } from '../orm.ts';
import { read } from '../transact.ts';

/** How long a session that was found live is believed without asking again: sign-out counts everywhere within this. */
const BELIEVED_MS = 1_000;
/** Most sessions remembered; beyond it all are forgotten, which costs one query each. */
const REMEMBERED_MAX = 20_000;

/** A live session: a sign-in, a personal access token, or what a person allowed an application. */
export interface LiveSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly kind: 'sign-in' | 'personal' | 'application';
  readonly platformRole: PlatformRole | null;
  /** What the session may do; null for a sign-in. */
  readonly scopes: ReadonlySet<Scope> | null;
}

/** Finds sessions that are still live. */
export interface SessionReader {
  /** By its id, of any kind. */
  find(sessionId: string): Promise<LiveSession | null>;
  /** That of a personal access token. @param secretHash see `personalTokenHash` of config/personal-tokens.ts. */
  findPersonal(secretHash: string): Promise<LiveSession | null>;
  /** A sign-in that the erasure of its account has ended: good for asking how far that is, and for nothing else. */
  findErased(sessionId: string): Promise<LiveSession | null>;
}

/** Reads sessions from the published views; requests of one tick share a query, and an answer is believed for a second. */
export function sessionReader(db: ServiceDatabase): SessionReader {
  const find = believing((ids) => load(db, BY_ID, ids));
  const findPersonal = believing((hashes) => load(db, BY_SECRET, hashes));
  const findErased = async (sessionId: string): Promise<LiveSession | null> => (await load(db, BY_ERASED_ID, [sessionId]))[0] ?? null;
  return { find, findPersonal, findErased };
}

type Load = (keys: readonly string[]) => Promise<(LiveSession | null)[]>;

function believing(loadAll: Load): (key: string) => Promise<LiveSession | null> {
  const remembered = new Map<string, { session: LiveSession; until: number }>();
  const loader = new DataLoader<string, LiveSession | null>(loadAll, {
    cache: false,
    maxBatchSize: 500,
    batchScheduleFn: (run) => setImmediate(run),
  });
  return async (key) => {
    // Counted from before the question: the answer may be of any moment since.
    const askedAt = Date.now();
    const known = remembered.get(key);
    if (known !== undefined && known.until > askedAt) return known.session;
    const session = await loader.load(key);
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    if (session === null) remembered.delete(key);
    else remembered.set(key, { session, until: askedAt + BELIEVED_MS });
    return session;
  };
}

const LIVE = `ended_at is null and expires_at > now() and account_state = 'active'`;
const COLUMNS = 'session_id, user_id, kind, scopes, platform_role';
const BY_ID = `select session_id as key, ${COLUMNS} from user_pub.session_v2 where session_id = any($1::uuid[]) and ${LIVE}`;
const BY_ERASED_ID = `select session_id as key, ${COLUMNS} from user_pub.session_v2
  where session_id = any($1::uuid[]) and kind = 'sign-in' and ended_at is not null and account_state = 'erased'`;
const BY_SECRET = `select secret_hash as key, ${COLUMNS} from user_pub.personal_token_v1 where secret_hash = any($1::text[]) and ${LIVE}`;

async function load(db: ServiceDatabase, statement: string, keys: readonly string[]): Promise<(LiveSession | null)[]> {
  const rows = await read<Row>(db, statement, [keys]);
  const found = new Map(rows.map((row) => [row.key, sessionOf(row)]));
  return keys.map((key) => found.get(key) ?? null);
}

interface Row {
  key: string;
  session_id: string;
  user_id: string;
  kind: LiveSession['kind'];
  scopes: string[] | null;
  platform_role: string | null;
}

function sessionOf(row: Row): LiveSession {
  return {
    sessionId: row.session_id,
    userId: row.user_id,
    kind: row.kind,
    platformRole: isPlatformRole(row.platform_role) ? row.platform_role : null,
    scopes: row.kind === 'sign-in' ? null : new Set((row.scopes ?? []).filter(isScope)),
  };
}
