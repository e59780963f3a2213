import { ERASED_NAME, ERASED_TEXT } from '../../../domain/data-request.ts';
import { GROUP_STATES } from '../../../domain/group.ts';
import { DEFAULT_ROLE } from '../../../domain/membership.ts';
import { ROLES } from '../../../domain/roles.ts';
import type { Group } from '../../entities/expense/group.ts';
import { Member } from '../../entities/expense/member.ts';
import type { Tx } from '../../transact.ts';
import { dropVoter } from './approvals.ts';
import { memberFacts } from './changes.ts';
import { dropExports } from './export-store.ts';
import { policyWithout } from './group-policy.ts';
import { purgeNow, withoutItemNames } from './group-purge.ts';
import { handOver } from './group-state.ts';
import { lockGroup, touchGroup } from './groups.ts';
import { dropReceipts } from './receipts.ts';
import { hasOpenMoney, markLeft, noteChange, roleOf } from './members.ts';

/** Rows of texts that one transaction takes. */
const TEXTS_MAX = 1_000;
/** Parts of exports, up to a megabyte each, that one transaction deletes. */
const PARTS_MAX = 100;

/**
 * Takes one step of a person out of the expense service: a thousand texts of theirs, or their place in one group, or at last
 * what is in none.
 *
 * @returns how many rows were changed; 0 when nothing is left to do, or while a file is imported.
 */
export async function eraseStep(tx: Tx, userId: string): Promise<number> {
  const [place] = await tx.query<{ id: string; group_id: string }>(
    'select id, group_id from expense.member where user_id = $1 order by id limit 1',
    [userId],
  );
  if (place === undefined) return eraseElsewhere(tx, userId);
  // An import goes on to write words of its file, and needs the names in it; the next round finds it ended.
  const importing = await tx.query(
    `select 1 from expense.import where state = 'running'
       and (user_id = $1 or group_id in (select group_id from expense.member where user_id = $1)) limit 1`,
    [userId],
  );
  if (importing.length > 0) return 0;
  const exported = await eraseExports(tx, place.group_id);
  if (exported > 0) return exported;
  const texts = await eraseTexts(tx, place.group_id, place.id);
  if (texts > 0) return texts;
  return erasePlace(tx, place.group_id, userId);
}

/** Traces of a person that are left in the expense service. */
export async function countExpenseTraces(query: Tx['query'], userId: string): Promise<number> {
  const [row] = await query<{ n: number }>(
    `select ((select count(*) from expense.member where user_id = $1) + (select count(*) from expense.idempotency where user_id = $1)
       + (select count(*) from expense.invitation i join user_pub.erasure_v1 e on e.user_id = $1 and ${ADDRESSED})
       + (select count(*) from expense.import where user_id = $1 and (members <> '{}' or problems <> '[]'))
       + (select count(*) from expense.group_export where user_id = $1)
       + (select count(*) from expense.invitation where created_by = $1 and ${OPEN_INVITATION}))::int as n`,
    [userId],
  );
  return row?.n ?? 0;
}

/**
 * Files of the group name the person, whoever asked for them: nobody gets them any more, and their parts go, some at a time.
 *
 * @returns how many parts.
 */
async function eraseExports(tx: Tx, groupId: string): Promise<number> {
  await dropExports(tx, { groupId }, 'member_erased');
  const gone = await tx.query(
    `delete from expense.group_export_part p using (
       select o.export_id, o.kind, o.section, o.seq from expense.group_export e join expense.group_export_part o on o.export_id = e.id
       where e.group_id = $1 limit ${PARTS_MAX}) taken
     where (p.export_id, p.kind, p.section, p.seq) = (taken.export_id, taken.kind, taken.section, taken.seq) returning 1`,
    [groupId],
  );
  return gone.length;
}

/**
 * Blanks what a member wrote in a group: descriptions, notes, tags and names of items of expenses that they recorded, and of the
 * versions that they made of others', their comments, and receipts that they gave. Amounts, dates and categories stay, so that everybody's balance can still be explained.
 */
async function eraseTexts(tx: Tx, groupId: string, memberId: string): Promise<number> {
  const values = [groupId, [memberId, ...(await mergedInto(tx, memberId))], TEXTS_MAX];
  // First, since a rule writes its words again and again.
  const rules = await tx.query<{ id: string }>(
    `update expense.recurring_rule set state = 'ended', problem = null, version = version + 1, updated_at = now(),
       expense = jsonb_set(expense || '${BLANK_JSON}', '{split}', coalesce(${withoutItemNames("(expense -> 'split')")}, 'null'))
     where group_id = $1 and created_by = any ($2::uuid[]) and (state <> 'ended' or expense ->> 'description' <> '${ERASED_TEXT}') and $3 > 0 returning id`,
    values,
  );
  for (const { id } of rules) tx.emit({ type: 'recurring.changed', subjectId: id, groupId, data: { state: 'ended' } });
  const versions = await tx.query<{ id: string }>(
    `update expense.expense_version v set content = jsonb_set(v.content || '${BLANK_JSON}', '{split}', coalesce(${withoutItemNames("(v.content -> 'split')")}, 'null'))
     from (select w.expense_id, w.version from expense.expense_version w where w.group_id = $1 and w.actor_member_id = any ($2::uuid[])
         and w.content ->> 'description' <> '${ERASED_TEXT}'
       union select w.expense_id, w.version from expense.expense e join expense.expense_version w on w.expense_id = e.id
         where e.group_id = $1 and e.created_by = any ($2::uuid[]) and w.content ->> 'description' <> '${ERASED_TEXT}' limit $3) mine
     where v.expense_id = mine.expense_id and v.version = mine.version returning v.expense_id as id`,
    values,
  );
  const expenses = await tx.query<{ id: string }>(
    `update expense.expense x set description = '${ERASED_TEXT}', notes = '', tags = '{}', split = ${withoutItemNames('x.split')}
     where x.id in (select e.id from expense.expense e where e.group_id = $1 and e.description <> '${ERASED_TEXT}'
       and (e.created_by = any ($2::uuid[]) or exists (select 1 from expense.expense_version v where v.expense_id = e.id and v.version = e.version
         and v.actor_member_id = any ($2::uuid[])))
       limit $3) returning x.id`,
    values,
  );
  const ids = [...new Set([...versions, ...expenses].map(({ id }) => id))];
  if (ids.length > 0) await blankAnswers(tx, groupId, ids);
  // As whoever takes a comment away leaves it.
  const comments = await tx.query(
    `update expense.comment set text = '', mentions = '{}', deleted_at = coalesce(deleted_at, now()) where id in (
       select id from expense.comment where group_id = $1 and author_member_id = any ($2::uuid[]) and text <> '' limit $3) returning 1`,
    values,
  );
  const receipts = await tx.query<{ id: string }>(
    'select id from expense.receipt where group_id = $1 and uploaded_by = any ($2::uuid[]) order by id limit $3',
    values,
  );
  await dropReceipts(
    tx,
    receipts.map(({ id }) => id),
  );
  return rules.length + versions.length + expenses.length + comments.length + receipts.length;
}

/** Answers that others' Idempotency-Keys keep, such as those to their votes, show the expense with its words. */
async function blankAnswers(tx: Tx, groupId: string, expenseIds: readonly string[]): Promise<void> {
  await tx.query(
    `update expense.idempotency i set body = jsonb_set(i.body || '${BLANK_JSON}', '{split}', coalesce(${withoutItemNames("(i.body -> 'split')")}, 'null'))
     where i.user_id in (select user_id from expense.member where group_id = $1 and user_id is not null)
       and starts_with(i.path, '/v1/expenses/') and i.body ->> 'id' = any ($2::text[]) and i.body ? 'description'`,
    [groupId, expenseIds],
  );
}

/**
 * Turns a person's place in a group into that of a member without an account, whose name says nothing. Where everything is
 * settled they have left; a debt keeps the place, and an owner or admin acts for it. A group that they own goes to the next in
 * line: the highest role, then whoever joined first. One that nobody else could reach any more is purged.
 */
async function erasePlace(tx: Tx, groupId: string, userId: string): Promise<number> {
  const group = await lockGroup(tx, groupId, GROUP_STATES);
  const member = await tx.em.findOne(Member, { groupId, userId });
  if (member === null) return 1;
  // Whatever was begun since the steps before names the person still.
  await eraseExports(tx, groupId);
  const [{ n } = { n: 0 }] = await tx.query<{ n: number }>(
    `select count(*)::int as n from expense.member where group_id = $1 and user_id is null and starts_with(display_name, '${ERASED_NAME}')`,
    [groupId],
  );
  const displayName = `${ERASED_NAME} ${n + 1}`;
  await renameInAnswers(tx, member, displayName);
  if (member.state === 'active') {
    const heir = await heirOf(tx, group, member);
    if (heir === null) return purgeNow(tx, group);
    if (member.role === 'owner') await handOver(tx, group, member, heir.id);
    if (group.kind === 'friends') entrust(tx, group, member, heir);
    await leave(tx, group, member);
    await dropVoter(tx, groupId, member.id);
  }
  await forgetInLog(tx, member);
  await forgetInImports(tx, member);
  member.displayName = displayName;
  member.userId = null;
  member.role = DEFAULT_ROLE;
  member.version += 1;
  await forgetMerged(tx, member, userId);
  touchGroup(tx, group);
  await tx.query(`update expense.adjustment set reason = '${ERASED_TEXT}' where group_id = $1 and created_by = $2 and reason <> ''`, [
    groupId,
    member.id,
  ]);
  return 1;
}

/** Members who turned out to be this person bear their names still, and an undone merge would give them the account. */
async function forgetMerged(tx: Tx, member: Member, userId: string): Promise<void> {
  for (const former of await tx.em.find(Member, { id: { $in: await mergedInto(tx, member.id) } })) {
    await renameInAnswers(tx, former, member.displayName);
    await forgetInLog(tx, former);
    await forgetInImports(tx, former);
    former.displayName = member.displayName;
    former.version += 1;
  }
  await tx.query('update expense.member_merge set moved_user_id = null where group_id = $1 and moved_user_id = $2', [
    member.groupId,
    userId,
  ]);
}

/** Members who went into another one, directly or by way of others. */
async function mergedInto(tx: Tx, memberId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `with recursive merged (id) as (
       select m.id from expense.member m where m.merged_into = $1
       union select m.id from expense.member m join merged on m.merged_into = merged.id
     ) select id from merged`,
    [memberId],
  );
  return rows.map(({ id }) => id);
}

async function heirOf(tx: Tx, group: Group, leaving: Member): Promise<Member | null> {
  const others = await tx.em.find(
    Member,
    { groupId: group.id, state: 'active', userId: { $ne: null }, id: { $ne: leaving.id } },
    { orderBy: { createdAt: 'asc', id: 'asc' } },
  );
  const rank = (member: Member): number => ROLES.indexOf(roleOf(member));
  return others.toSorted((left, right) => rank(left) - rank(right))[0] ?? null;
}

/** The ledger of two friends has no owner; whoever is left of them acts for the one who is gone. */
function entrust(tx: Tx, group: Group, member: Member, heir: Member): void {
  const before = memberFacts(heir);
  heir.role = 'owner';
  noteChange(tx, group, heir, member, before);
}

async function leave(tx: Tx, group: Group, member: Member): Promise<void> {
  if (!(await hasOpenMoney(tx, group, member))) return markLeft(tx, group, member, member);
  group.policy = policyWithout(group.policy, member.id);
  await tx.query(
    `update expense.invitation set revoked_at = now() where group_id = $1 and (member_id = $2 or created_by = $3) and ${OPEN_INVITATION}`,
    [group.id, member.id, member.userId],
  );
  const before = memberFacts(member);
  noteChange(tx, group, member, member, before);
}

/** Takes a member's names out of the group's log, and the words of their disputes. What changed, when and by which member stays. */
async function forgetInLog(tx: Tx, member: Member): Promise<void> {
  await tx.query(
    `update expense.change set changes = (
       select coalesce(jsonb_agg(case when entry.value ->> 'field' = any('{displayName,userId}')
         then entry.value || '{"from": null, "to": null}' else entry.value end order by entry.ordinality), '[]')
       from jsonb_array_elements(changes) with ordinality entry)
     where subject = 'member' and subject_id = $1`,
    [member.id],
  );
  await tx.query(`update expense.dispute set reason = '${ERASED_TEXT}' where group_id = $1 and opened_by = $2`, [
    member.groupId,
    member.id,
  ]);
  await tx.query(
    `update expense.idempotency i set body = jsonb_set(i.body, '{dispute,reason}', '"${ERASED_TEXT}"')
     where i.user_id in (select user_id from expense.member where group_id = $1 and user_id is not null)
       and starts_with(i.path, '/v1/expenses/') and i.body -> 'dispute' ->> 'by' = $2::uuid::text`,
    [member.groupId, member.id],
  );
}

/** Files that were imported into the group name the member; the names that others have in them stay. */
async function forgetInImports(tx: Tx, member: Member): Promise<void> {
  const others = (column: string): string =>
    `(select coalesce(jsonb_object_agg(named.key, named.value), '{}') from jsonb_each(${column}) named where named.value #>> '{}' <> $2::uuid::text)`;
  await tx.query(`update expense.import set members = ${others('members')}, member_map = ${others('member_map')} where group_id = $1`, [
    member.groupId,
    member.id,
  ]);
}

/**
 * Answers that others' Idempotency-Keys keep show the group as it was, with the person's name. They stay, or a repeated request
 * would be done again, and show the name that there is now.
 */
async function renameInAnswers(tx: Tx, member: Member, displayName: string): Promise<void> {
  const renamed = (
    element: string,
  ): string => `case when ${element} ->> 'id' = $2 then ${element} || jsonb_build_object('displayName', $3::text, 'userId', null)
    else ${element} end`;
  await tx.query(
    `update expense.idempotency i set body = case when jsonb_typeof(i.body -> 'members') = 'array' then jsonb_set(i.body, '{members}', (
         select coalesce(jsonb_agg(${renamed('one.value')} order by one.ordinality), '[]') from jsonb_array_elements(i.body -> 'members') with ordinality one))
       else ${renamed('i.body')} end
     where i.user_id in (select user_id from expense.member where group_id = $1 and user_id is not null)
       and jsonb_typeof(i.body) = 'object' and (i.path = '/v1/groups' or starts_with(i.path, '/v1/groups/' || $1::text) or starts_with(i.path, '/v1/invitations/'))
       and (i.body ->> 'id' = $2 or i.body -> 'members' @> jsonb_build_array(jsonb_build_object('id', $2::text)))`,
    [member.groupId, member.id, displayName],
  );
}

/** What belongs to the person and to no group of theirs: invitations sent to their address, and their own kept answers. */
async function eraseElsewhere(tx: Tx, userId: string): Promise<number> {
  let rows = 0;
  for (const statement of ELSEWHERE) rows += (await tx.query(statement, [userId])).length;
  return rows;
}

const OPEN_INVITATION = `revoked_at is null and uses < max_uses and expires_at > now()`;
/** An invitation `i` was sent to the address that the erasure `e` is about, before that began: whoever has it later is another person. */
const ADDRESSED = `lower(normalize(trim(i.email), nfkc)) = e.email_key and i.created_at <= e.begun_at`;
const BLANK_JSON = JSON.stringify({ description: ERASED_TEXT, notes: '', tags: [] });

const ELSEWHERE: readonly string[] = [
  `delete from expense.invitation i using user_pub.erasure_v1 e where e.user_id = $1 and ${ADDRESSED} returning 1`,
  // What a file of the person said: names, and words in what was wrong with its rows.
  `update expense.import set member_map = '{}', members = '{}', problems = '[]'
   where user_id = $1 and (member_map <> '{}' or members <> '{}' or problems <> '[]') returning 1`,
  `update expense.invitation set revoked_at = now() where created_by = $1 and ${OPEN_INVITATION} returning 1`,
  `delete from expense.idempotency where user_id = $1 returning 1`,
  `delete from expense.group_export_part p using expense.group_export e where e.id = p.export_id and e.user_id = $1 returning 1`,
  `delete from expense.group_export where user_id = $1 returning 1`,
];
