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

/** Tells whether a session is still live. */
export interface SessionReader {
  find(sessionId: string): Promise<LiveSession | null>;
}

/** Reads sessions from the published view; requests of one tick share a query, and an answer is believed for a second. */
export function sessionReader(db: ServiceDatabase): SessionReader {
  const remembered = new Map<string, { session: LiveSession; until: number }>();
  const loader = new DataLoader<string, LiveSession | null>((ids) => load(db, ids), {
    cache: false,
    maxBatchSize: 500,
    batchScheduleFn: (run) => setImmediate(run),
  });
  return {
    async find(sessionId) {
      const known = remembered.get(sessionId);
      if (known !== undefined && known.until > Date.now()) return known.session;
      const session = await loader.load(sessionId);
      if (remembered.size >= REMEMBERED_MAX) remembered.clear();
      if (session === null) remembered.delete(sessionId);
      else remembered.set(sessionId, { session, until: Date.now() + BELIEVED_MS });
      return session;
    },
  };
}

async function load(db: ServiceDatabase, ids: readonly string[]): Promise<(LiveSession | null)[]> {
  const rows = await read<Row>(
    db,
    `select session_id, user_id, kind, scopes, platform_role from user_pub.session_v2
     where session_id = any($1::uuid[]) and ended_at is null and expires_at > now() and account_state = 'active'`,
    [ids],
  );
  const found = new Map(rows.map((row) => [row.session_id, sessionOf(row)]));
  return ids.map((id) => found.get(id) ?? null);
}

interface Row {
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
