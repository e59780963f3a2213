import { LETTERS_TO_UNVERIFIED, NOTICES, type Audience, type Notice } from '../../../domain/notices.ts';
import type { PublishedEvent } from '../../consume.ts';
import type { Tx } from '../../transact.ts';
import { AUDIENCE_SQL } from './audiences.ts';

/**
 * Turns events into lines of inboxes and pending deliveries, and asks for a wake-up of each recipient who has none
 * outstanding: one statement for the whole batch, whatever its size. Doing it again adds nothing.
 *
 * Mail goes to verified addresses of active accounts only, but for {@link LETTERS_TO_UNVERIFIED}.
 */
export async function noticeEvents(tx: Tx, events: readonly PublishedEvent[]): Promise<void> {
  const rows = events.flatMap((event) => (NOTICES[event.type] ?? []).map((notice) => ({ event, notice })));
  if (rows.length === 0) return;
  const audiences = [...new Set(rows.map(({ notice }) => notice.to))];
  const woken = await tx.query<{ recipient_id: string }>(statement(audiences), [...columnsOf(rows), LETTERS_TO_UNVERIFIED]);
  for (const { recipient_id: subjectId } of woken) tx.emit({ type: 'delivery.wanted', subjectId, data: {} });
}

function columnsOf(rows: readonly { event: PublishedEvent; notice: Notice }[]): unknown[] {
  return [
    rows.map(({ event }) => event.id),
    rows.map(({ event }) => event.groupId ?? null),
    rows.map(({ event }) => event.subjectId),
    rows.map(({ event }) => event.actorId ?? null),
    rows.map(({ event }) => JSON.stringify(event.data)),
    rows.map(({ event }) => event.occurredAt.toISOString()),
    rows.map(({ notice }) => notice.to),
    rows.map(({ notice }) => notice.inbox ?? null),
    rows.map(({ notice }) => notice.mail ?? null),
  ];
}

/** Only the audiences that occur are asked for. */
function statement(audiences: readonly Audience[]): string {
  return `with e as materialized (
      select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::jsonb[], $6::timestamptz[], $7::text[], $8::text[], $9::text[])
        with ordinality as e (id, group_id, subject_id, actor_id, data, at, audience, inbox, letter, ordinal)
    ), found (ordinal, user_id, data, mail) as (
      ${audiences.map((audience) => AUDIENCE_SQL[audience]).join('\n    union all ')}
    ), told as materialized (
      -- Whoever caused an event is not told of it; an account's own mail is the exception.
      select distinct on (e.ordinal, f.user_id) e.*, f.user_id, f.data as told, f.mail from found f join e using (ordinal)
      where e.audience in ('account', 'invited') or f.user_id is distinct from e.actor_id
    ), inbox as (
      insert into notification.notification (id, user_id, type, group_id, subject_id, data, event_id, created_at)
      select gen_random_uuid(), user_id, inbox, group_id, subject_id, told, id, at from told where inbox is not null
      on conflict (event_id, user_id, type) do nothing
    ), pending as (
      insert into notification.delivery (id, recipient_id, channel, template, subject_id, group_id, data, event_id)
      select gen_random_uuid(), t.user_id, 'email', t.letter, t.subject_id, t.group_id, t.told, t.id
      from told t left join user_pub.contact_v1 c on c.user_id = t.user_id and c.state = 'active'
      where t.letter is not null and t.mail and (t.audience = 'invited' or (c.user_id is not null and (c.email_verified or t.letter = any ($10::text[]))))
      on conflict (event_id, recipient_id, channel, template) do nothing
      returning recipient_id
    )
    ${WAKE_PENDING}`;
}

/**
 * Notes a wake-up per recipient of the CTE `pending` and gives those who had none outstanding.
 *
 * The update, which changes nothing, locks a row that is there: the delivery workflow deletes it before it looks, so it
 * waits for us and then sees what we wrote. With `do nothing` that look could pass between our insert and our commit.
 */
export const WAKE_PENDING = `, woken as (
      insert into notification.wake (recipient_id) select distinct recipient_id from pending order by recipient_id
      on conflict (recipient_id) do update set requested_at = wake.requested_at
      returning recipient_id, (xmax = 0) as fresh
    ) select recipient_id from woken where fresh`;
