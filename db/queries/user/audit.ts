import type { PageRequest } from '../../cursor.ts';
import type { Tx } from '../../transact.ts';

/** A line of the log of security events. */
export interface AuditView {
  readonly id: string;
  readonly at: string;
  readonly action: string;
  readonly outcome: 'succeeded' | 'refused';
  readonly actorId: string | null;
  readonly subjectId: string | null;
  readonly sessionId: string | null;
  readonly address: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What the log is narrowed by. Times are RFC 3339; `from` is included, `to` is not. */
export interface AuditFilter {
  readonly action?: string | undefined;
  readonly outcome?: AuditView['outcome'] | undefined;
  readonly actorId?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** The log, the newest first; one more than the page, to tell whether it goes on. */
export async function listAudit(query: Tx['query'], filter: AuditFilter, page: PageRequest): Promise<AuditView[]> {
  const [at, id] = page.after ?? [null, null];
  return query<AuditView>(
    `select id, at, action, outcome, actor_id as "actorId", subject_id as "subjectId", session_id as "sessionId", address, data
     from "user".audit_event
     where ($1::text is null or action = $1) and ($2::text is null or outcome = $2) and ($3::uuid is null or actor_id = $3)
       and ($4::uuid is null or subject_id = $4) and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
       and ($7::timestamptz is null or (at, id) < ($7, $8::uuid))
     order by at desc, id desc limit $9`,
    [
      filter.action ?? null,
      filter.outcome ?? null,
      filter.actorId ?? null,
      filter.subjectId ?? null,
      filter.from ?? null,
      filter.to ?? null,
      at,
      id,
      page.limit + 1,
    ],
  );
}
