import type { LetterName } from '../../../domain/notices.ts';
import type { Tx } from '../../transact.ts';

/** Rows that one look takes; what is beyond them is taken by the next. */
export const DELIVERIES_MAX = 50;
/** Tries of one message, then it is a dead letter. */
export const ATTEMPTS_MAX = 5;
/** A dead letter is shown, and may be revived, this long, in days; afterwards nobody would want it any more. */
export const DEAD_LETTER_DAYS = 3;
/** After a failed try, in seconds: a minute, 5, 20, an hour. Together they outlast the usual greylisting. */
const BACK_OFF_SECONDS = [60, 300, 1_200, 3_600] as const;

/** Due messages of one recipient that go out as one: same channel, same letter. */
export interface DueLetter {
  readonly channel: string;
  readonly letter: LetterName;
  readonly deliveryIds: readonly string[];
}

/** What there is to do for a recipient. */
export interface DueDeliveries {
  readonly due: readonly DueLetter[];
  /** When the next message is due that is not yet; RFC 3339. */
  readonly nextAtIso: string | null;
  /** Dead letters that are still shown. */
  readonly dead: number;
  /** Until when the youngest of them is shown; RFC 3339. */
  readonly deadUntilIso: string | null;
}

/**
 * Takes back the recipient's wake-up, then looks at what is due: in this order, so that whoever writes afterwards asks
 * for a new one.
 *
 * @param at the time that counts as now; never before the database's own.
 */
export async function lookAtDeliveries(tx: Tx, recipientId: string, at: Date): Promise<DueDeliveries> {
  await tx.query('delete from notification.wake where recipient_id = $1', [recipientId]);
  const due = await tx.query<{ id: string; channel: string; template: LetterName }>(
    `select id, channel, template from notification.delivery
     where recipient_id = $1 and state = 'pending' and due_at <= greatest(now(), $2::timestamptz) order by due_at, created_at, id limit $3`,
    [recipientId, at.toISOString(), DELIVERIES_MAX],
  );
  const [rest] = await tx.query<{ next_at: string | null; dead: number; dead_until: string | null }>(
    `select min(due_at) filter (where state = 'pending' and due_at > greatest(now(), $2::timestamptz)) as next_at,
       count(*) filter (where state = 'dead')::int as dead,
       max(updated_at) filter (where state = 'dead') + interval '${DEAD_LETTER_DAYS} days' as dead_until
     from notification.delivery where recipient_id = $1
       and (state = 'pending' or (state = 'dead' and updated_at > greatest(now(), $2::timestamptz) - interval '${DEAD_LETTER_DAYS} days'))`,
    [recipientId, at.toISOString()],
  );
  return {
    due: together(due),
    nextAtIso: iso(rest?.next_at ?? null),
    dead: rest?.dead ?? 0,
    deadUntilIso: iso(rest?.dead_until ?? null),
  };
}

/** One message that is about to be tried. */
export interface TriedDelivery {
  readonly id: string;
  readonly recipientId: string;
  readonly subjectId: string;
  readonly groupId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Counts a try of those messages that still wait, before anything leaves the house, and gives them. */
export async function beginTry(tx: Tx, deliveryIds: readonly string[]): Promise<TriedDelivery[]> {
  const rows = await tx.query<{
    id: string;
    recipient_id: string;
    subject_id: string;
    group_id: string | null;
    data: Record<string, unknown>;
  }>(
    `with tried as (
       update notification.delivery set attempts = attempts + 1, updated_at = now()
       where id = any ($1::uuid[]) and state = 'pending' returning *
     ) select id, recipient_id, subject_id, group_id, data from tried order by created_at, id`,
    [deliveryIds],
  );
  return rows.map((row) => ({
    id: row.id,
    recipientId: row.recipient_id,
    subjectId: row.subject_id,
    groupId: row.group_id,
    data: row.data,
  }));
}

/** What became of a try. */
export type TryResult =
  | { readonly outcome: 'sent'; readonly providerRef: string }
  /** Nobody should get it any more, such as a vote that was cast meanwhile. */
  | { readonly outcome: 'suppressed'; readonly code: string }
  | { readonly outcome: 'refused'; readonly code: string }
  | { readonly outcome: 'retry'; readonly code: string };

/**
 * Notes what became of a try. One that failed waits for its next try, or is a dead letter after the last.
 *
 * @param at the time that counts as now.
 * @returns how many are dead by it.
 */
export async function endTry(tx: Tx, deliveryIds: readonly string[], result: TryResult, at: Date): Promise<number> {
  if (deliveryIds.length === 0) return 0;
  const rows = await tx.query<{ state: string }>(
    `update notification.delivery set updated_at = greatest(now(), $4::timestamptz),
       state = case $2 when 'retry' then case when attempts >= ${ATTEMPTS_MAX} then 'dead' else 'pending' end
         when 'refused' then 'dead' else $2 end,
       failure = case when $2 = 'sent' then null else $3 end,
       provider_ref = case when $2 = 'sent' then $3 end,
       sent_at = case when $2 = 'sent' then greatest(now(), $4::timestamptz) end,
       due_at = case when $2 = 'retry' then greatest(now(), $4::timestamptz) + make_interval(secs => ($5::int[])[least(attempts, ${BACK_OFF_SECONDS.length})]) else due_at end
     where id = any ($1::uuid[]) and state = 'pending' returning state`,
    [deliveryIds, result.outcome, 'providerRef' in result ? result.providerRef : result.code, at.toISOString(), BACK_OFF_SECONDS],
  );
  return rows.filter((row) => row.state === 'dead').length;
}

/** Lets everything that failed be tried again at once, dead letters too. @returns how many. */
export async function reviveDeliveries(tx: Tx, recipientId: string): Promise<number> {
  const rows = await tx.query(
    `update notification.delivery set state = 'pending', due_at = now(), updated_at = now(), attempts = case when state = 'dead' then 0 else attempts end
     where recipient_id = $1 and ((state = 'dead' and updated_at > now() - interval '${DEAD_LETTER_DAYS} days') or (state = 'pending' and attempts > 0))
     returning id`,
    [recipientId],
  );
  return rows.length;
}

function together(rows: readonly { id: string; channel: string; template: LetterName }[]): DueLetter[] {
  const found = new Map<string, { channel: string; letter: LetterName; deliveryIds: string[] }>();
  for (const { id, channel, template } of rows) {
    // Each of these carries a token of its own.
    const alone = template === 'verify-email' || template === 'invitation';
    const key = `${channel}/${template}/${alone ? id : ''}`;
    const letter = found.get(key) ?? { channel, letter: template, deliveryIds: [] };
    letter.deliveryIds.push(id);
    found.set(key, letter);
  }
  return [...found.values()];
}

function iso(value: string | null): string | null {
  return value === null ? null : new Date(value).toISOString();
}

/**
 * Notes the letter that tells a person of their erasure, once per request. Nobody is woken for it: the erasure itself sends it.
 *
 * @returns its id while it waits to be sent, else null.
 */
export async function openErasureLetter(tx: Tx, requestId: string, userId: string): Promise<string | null> {
  await tx.query(
    `insert into notification.delivery (id, recipient_id, channel, template, subject_id, data, event_id)
     select gen_random_uuid(), $2, 'email', 'erasure-asked', $2, jsonb_build_object('requestId', $1::uuid), $1 from user_pub.contact_v1 c
     where c.user_id = $2 and c.state = 'active' and c.email_verified on conflict (event_id, recipient_id, channel, template) do nothing`,
    [requestId, userId],
  );
  const [waiting] = await tx.query<{ id: string }>(
    `select id from notification.delivery where event_id = $1 and recipient_id = $2 and template = 'erasure-asked' and state = 'pending'`,
    [requestId, userId],
  );
  return waiting?.id ?? null;
}
