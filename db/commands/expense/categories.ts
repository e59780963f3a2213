import { v7 as uuidv7 } from 'uuid';
import { CATEGORY_PATTERN, GROUP_CATEGORIES_MAX, isCategory } from '../../../domain/categories.ts';
import { ok, type Outcome, refusal, type RefusalError } from '../../../domain/refusal.ts';
import { Category } from '../../entities/expense/category.ts';
import type { Group } from '../../entities/expense/group.ts';
import type { Member } from '../../entities/expense/member.ts';
import { brokenUnique } from '../../errors.ts';
import type { Tx } from '../../transact.ts';
import { categoryFacts, recordChange } from './changes.ts';
import { touchGroup } from './groups.ts';

/** What is said of a new category of a group. */
export interface NewCategory {
  readonly id?: string | undefined;
  readonly name: string;
  /** Key of a main category, the product's or the group's own; without one it is a main category itself. */
  readonly parent?: string | undefined;
  /** Last part of its key; one made from the id by default. */
  readonly key?: string | undefined;
}

/**
 * Adds a category to a locked group.
 *
 * @throws RefusalError unknown_category (the parent), category_exists, category_limit_reached, id_taken.
 */
export async function createCategory(tx: Tx, group: Group, actor: Member, input: NewCategory): Promise<Category> {
  const id = input.id ?? uuidv7();
  const last = input.key ?? `c${id.slice(-12)}`;
  const key = input.parent === undefined ? last : `${input.parent}.${last}`;
  if (input.parent !== undefined) await checkParent(tx, group, input.parent);
  if (isCategory(key) || !CATEGORY_PATTERN.test(key)) throw taken();
  await checkRoom(tx, group);
  const category = tx.em.create(Category, { id, groupId: group.id, key, name: input.name, createdBy: actor.id, createdAt: tx.now });
  try {
    await tx.em.flush();
  } catch (error) {
    if (brokenUnique(error) === 'category_pkey') throw refusal('id_taken', 'This id is in use.', '/id');
    if (brokenUnique(error) === 'category_key') throw taken();
    throw error;
  }
  touchGroup(tx, group);
  note(tx, group, actor, category, { change: 'created', before: null });
  return category;
}

/**
 * Renames a category of a locked group, archives it or takes it back; its key and the expenses that have it stay.
 *
 * @throws RefusalError not_found.
 */
export async function changeCategory(
  tx: Tx,
  group: Group,
  actor: Member,
  categoryId: string,
  change: { readonly name?: string | undefined; readonly archived?: boolean | undefined },
): Promise<Category> {
  const category = await tx.em.findOne(Category, { id: categoryId, groupId: group.id });
  if (category === null) throw refusal('not_found', 'There is no such category in this group.');
  const before = categoryFacts(category);
  if (change.name !== undefined) category.name = change.name;
  if (change.archived !== undefined && change.archived !== (category.archivedAt != null))
    category.archivedAt = change.archived ? tx.now : null;
  touchGroup(tx, group);
  note(tx, group, actor, category, { change: 'changed', before });
  return category;
}

/**
 * Which of a file's categories a group has not, by key, with the mains of subs; archived ones it has.
 *
 * @param named names by keys.
 * @returns their names by keys, or the refusal category_limit_reached.
 */
export async function missingCategories(
  tx: Tx,
  groupId: string,
  named: ReadonlyMap<string, string>,
): Promise<Outcome<ReadonlyMap<string, string>>> {
  const own = await categoryKeys(tx.query, groupId);
  const missing = new Map<string, string>();
  for (const [key, name] of named) {
    const [main = key] = key.split('.');
    if (!own.has(key)) missing.set(key, name);
    if (main !== key && !own.has(main) && !isCategory(main)) missing.set(main, named.get(main) ?? main);
  }
  const hasRoom = missing.size === 0 || own.size + missing.size <= GROUP_CATEGORIES_MAX;
  return hasRoom ? ok(missing) : { ok: false, refusal: limitReached().refusal };
}

/** Keys of all of a group's own categories, archived ones too. */
export async function categoryKeys(query: Tx['query'], groupId: string): Promise<ReadonlySet<string>> {
  const rows = await query<{ key: string }>('select key from expense.category where group_id = $1', [groupId]);
  return new Set(rows.map(({ key }) => key));
}

/** Adds categories that {@link missingCategories} found, names by keys, to a locked group. */
export function addCategories(tx: Tx, group: Group, actor: Member, missing: ReadonlyMap<string, string>): void {
  for (const [key, name] of missing) {
    const category = tx.em.create(Category, { id: uuidv7(), groupId: group.id, key, name, createdBy: actor.id, createdAt: tx.now });
    logged(tx, group, actor, category, { change: 'created', before: null });
  }
  if (missing.size === 0) return;
  touchGroup(tx, group);
  told(tx, group, actor);
}

/** Two levels and no more: a parent is a main category, and one in use. */
async function checkParent(tx: Tx, group: Group, parent: string): Promise<void> {
  const unknown = refusal('unknown_category', 'This is no main category, neither of the product nor of the group.', '/parent');
  if (parent.includes('.')) throw unknown;
  if (isCategory(parent)) return;
  const own = await tx.em.findOne(Category, { groupId: group.id, key: parent, archivedAt: null });
  if (own === null) throw unknown;
}

async function checkRoom(tx: Tx, group: Group): Promise<void> {
  const count = await tx.em.count(Category, { groupId: group.id });
  if (count >= GROUP_CATEGORIES_MAX) throw limitReached();
}

function limitReached(): RefusalError {
  return refusal('category_limit_reached', `A group has at most ${GROUP_CATEGORIES_MAX} categories of its own, archived ones too.`);
}

interface CategoryChange {
  readonly change: 'created' | 'changed';
  readonly before: ReturnType<typeof categoryFacts> | null;
}

function note(tx: Tx, group: Group, actor: Member, category: Category, change: CategoryChange): void {
  logged(tx, group, actor, category, change);
  told(tx, group, actor);
}

function logged(tx: Tx, group: Group, actor: Member, category: Category, { change, before }: CategoryChange): void {
  recordChange(tx, {
    groupId: group.id,
    subject: 'category',
    subjectId: category.id,
    change,
    by: actor.id,
    before,
    after: categoryFacts(category),
  });
}

function told(tx: Tx, group: Group, actor: Member): void {
  tx.emit({
    type: 'group.updated',
    subjectId: group.id,
    groupId: group.id,
    ...(actor.userId == null ? {} : { actorId: actor.userId }),
    data: {},
  });
}

function taken(): Error {
  return refusal('category_exists', 'There is a category with this key.', '/key');
}
