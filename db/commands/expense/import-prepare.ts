import { statesFor } from '../../../domain/group.ts';
import { problem, type RowProblem } from '../../../domain/import/file.ts';
import { quoted } from '../../../domain/import/reading.ts';
import { GROUP_MEMBERS_MAX } from '../../../domain/membership.ts';
import type { Group } from '../../entities/expense/group.ts';
import type { Member } from '../../entities/expense/member.ts';
import type { Tx } from '../../transact.ts';
import { addCategories, missingCategories } from './categories.ts';
import { lockGroup } from './groups.ts';
import type { FileHead, RowHead } from './import-keys.ts';
import { knownKeys } from './import-rows.ts';
import { endImport, type HeldImport, lockImport, PROBLEMS_KEPT_MAX, readImportRow } from './import-store.ts';
import { addMember, bringBack, memberOf } from './members.ts';

/** What follows the reading of a file. */
export type Prepared = 'post' | 'ended' | 'undo';

/**
 * Takes note of what a file holds, and decides: one bad row refuses the whole file unless the caller wants it skipped. A
 * file that goes on has its members from here on; a dry run ends here.
 *
 * Run again after a crash it finds what it decided.
 *
 * @throws RefusalError archived, deleted, forbidden: the import cannot go on.
 */
export async function prepareImport(tx: Tx, importId: string, reading: FileHead): Promise<Prepared> {
  const { groupId } = await readImportRow(tx.query, importId);
  const group = await lockGroup(tx, groupId, statesFor('change'));
  const held = await lockImport(tx, importId);
  if (held.state !== 'running') return 'ended';
  if (held.undoRequested) return 'undo';
  if (held.phase !== 'reading') return 'post';
  if (!reading.ok) return refuse(tx, held, reading.problems, { format: reading.format, rows: 0, balanceCheck: 'none' });
  const { file, format, rows } = reading;
  const counted = {
    format,
    rows: rows.length + file.problems.filter(({ row }) => row > 0).length + file.passedOver,
    balanceCheck: file.balanceCheck,
  };
  const importer = await memberOf(tx, group, held.createdBy);
  if (importer.state !== 'active' || importer.userId == null) return refuse(tx, held, [IMPORTER_LEFT], counted);
  const known = await knownKeys(
    tx.query,
    groupId,
    rows.map(({ key }) => key),
  );
  const fresh = rows.filter(({ key }) => !known.has(key));
  const resolved = fresh.length === 0 ? NOBODY : await resolveNames(tx, held, file.people);
  const categories = await missingCategories(tx, groupId, fresh.length === 0 ? new Map() : file.categories);
  const whole = [...resolved.problems, ...(categories.ok ? [] : [problem(0, categories.refusal.code, categories.refusal.detail)])];
  const problems = [...file.problems, ...whole, ...lockedRows(group, fresh)].toSorted((one, other) => one.row - other.row);
  // Who a name is decides about every row; nothing of that can be skipped.
  if (!categories.ok || whole.length > 0 || (problems.length > 0 && !held.skipBadRows)) return refuse(tx, held, problems, counted);
  const good = group.lockedUntil == null ? rows : rows.filter(({ date }) => date >= (group.lockedUntil ?? ''));
  await tx.query('update expense.import set new_categories = $2 where id = $1', [importId, [...categories.value.keys()]]);
  if (held.dryRun) return pretend(tx, held, problems, counted, good.filter(({ key }) => !known.has(key)).length);
  addCategories(tx, group, importer, categories.value);
  const added = await addMembers(tx, group, importer, resolved.missing, file.weights);
  await tx.query(
    `update expense.import set phase = 'posting', format = $2, rows = $3, skipped = $4, balance_check = $5, problems = $6, problem_count = $7,
      members = $8, new_members = $9::uuid[], updated_at = $10, skip_before = $11 where id = $1`,
    [
      importId,
      format,
      counted.rows,
      counted.rows - rows.length,
      counted.balanceCheck,
      JSON.stringify(problems.slice(0, PROBLEMS_KEPT_MAX)),
      problems.length,
      JSON.stringify({ ...resolved.members, ...added }),
      Object.values(added),
      tx.now,
      group.lockedUntil ?? null,
    ],
  );
  return 'post';
}

const IMPORTER_LEFT = problem(0, 'importer_left', 'Whoever asked for this import is not a member of the group any more.');

interface Counted {
  readonly format: string | null;
  readonly rows: number;
  readonly balanceCheck: 'matches' | 'differs' | 'none';
}

async function refuse(tx: Tx, held: HeldImport, problems: readonly RowProblem[], counted: Counted): Promise<Prepared> {
  await note(tx, held, problems, counted, { imported: 0, skipped: 0 });
  await endImport(tx, held, { state: 'failed', by: null });
  return 'ended';
}

/** A dry run tells what would have been imported and skipped. */
async function pretend(tx: Tx, held: HeldImport, problems: readonly RowProblem[], counted: Counted, imported: number): Promise<Prepared> {
  await note(tx, held, problems, counted, { imported, skipped: counted.rows - imported });
  await endImport(tx, held, { state: 'done', by: held.createdBy });
  return 'ended';
}

async function note(
  tx: Tx,
  held: HeldImport,
  problems: readonly RowProblem[],
  counted: Counted,
  counts: { readonly imported: number; readonly skipped: number },
): Promise<void> {
  await tx.query(
    `update expense.import set format = $2, rows = $3, imported = $4, skipped = $5, balance_check = $6, problems = $7, problem_count = $8 where id = $1`,
    [
      held.id,
      counted.format,
      counted.rows,
      counts.imported,
      counts.skipped,
      counted.balanceCheck,
      JSON.stringify(problems.slice(0, PROBLEMS_KEPT_MAX)),
      problems.length,
    ],
  );
}

function lockedRows({ lockedUntil }: Group, rows: readonly RowHead[]): RowProblem[] {
  if (lockedUntil == null) return [];
  return rows
    .filter(({ date }) => date < lockedUntil)
    .map(({ row }) => problem(row, 'period_locked', `What is dated before ${lockedUntil} is locked.`));
}

interface Resolved {
  readonly members: Readonly<Record<string, string>>;
  /** Names for which a member has to be added. */
  readonly missing: readonly string[];
  readonly problems: readonly RowProblem[];
}

const NOBODY: Resolved = { members: {}, missing: [], problems: [] };

/**
 * Finds who the names of a file are: whom the caller names, else whom an earlier import of the group took them for, else
 * the one active member of that name. Who is missing comes back if they left with the undo of an import, or is added.
 */
async function resolveNames(tx: Tx, held: HeldImport, people: readonly string[]): Promise<Resolved> {
  const active = await tx.query<{ id: string; name: string }>(
    `select id, display_name as name from expense.member where group_id = $1 and state = 'active'`,
    [held.groupId],
  );
  const ids = new Set(active.map(({ id }) => id));
  const byName = Map.groupBy(active, ({ name }) => folded(name));
  const earlier = await tx.query<{ name: string; id: string }>(
    `select p.key as name, p.value as id from expense.import i cross join jsonb_each_text(i.members) p
     where i.group_id = $1 and i.state in ('done', 'running') order by i.created_at`,
    [held.groupId],
  );
  const remembered = new Map(earlier.map(({ name, id }) => [name, id]));
  const members = byAnyName();
  const missing: string[] = [];
  const problems: RowProblem[] = [];
  for (const name of people) {
    const named = Object.hasOwn(held.memberMap, name) ? held.memberMap[name] : undefined;
    const before = remembered.get(name);
    const alike = byName.get(folded(name)) ?? [];
    if (named !== undefined && !ids.has(named))
      problems.push(problem(0, 'member_not_active', `Whom ${quoted(name)} is mapped to has left the group.`));
    else if (named !== undefined) members[name] = named;
    else if (before !== undefined && ids.has(before)) members[name] = before;
    else if (alike.length > 1)
      problems.push(problem(0, 'ambiguous_member', `Several members are called ${quoted(name)}; say in memberMap who is meant.`));
    else if (alike[0] !== undefined) members[name] = alike[0].id;
    else missing.push(name);
  }
  if (active.length + missing.length > GROUP_MEMBERS_MAX)
    problems.push(problem(0, 'member_limit_reached', `The group would have more than ${GROUP_MEMBERS_MAX} members.`));
  return { members, missing, problems };
}

/** A record without a prototype: people may be called `__proto__`. */
function byAnyName(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

function folded(name: string): string {
  return name.normalize('NFC').trim().toLowerCase();
}

async function addMembers(
  tx: Tx,
  group: Group,
  importer: Member,
  names: readonly string[],
  weights: ReadonlyMap<string, string>,
): Promise<Record<string, string>> {
  const added = byAnyName();
  const left = names.length === 0 ? new Map<string, string>() : await leftWithImports(tx, group);
  for (const name of names) {
    const before = left.get(folded(name));
    left.delete(folded(name));
    if (before !== undefined) await bringBack(tx, group, importer, await memberOf(tx, group, before));
    added[name] = before ?? (await addMember(tx, group, importer, { displayName: name, weight: weights.get(name) })).id;
  }
  return added;
}

/** Members whom an import had added and who left with its undo, by their names: nobody else has been who they are. The last to leave counts. */
async function leftWithImports(tx: Tx, group: Group): Promise<Map<string, string>> {
  const rows = await tx.query<{ id: string; name: string }>(
    `select m.id, m.display_name as name from expense.member m
     where m.group_id = $1 and m.state = 'left' and m.user_id is null and m.merged_into is null
       and exists (select 1 from expense.import i where i.group_id = $1 and i.state in ('undone', 'failed') and m.id = any(i.new_members))
     order by m.left_at, m.id`,
    [group.id],
  );
  return new Map(rows.map(({ id, name }) => [folded(name), id]));
}
