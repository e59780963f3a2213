import { changeCategory, createCategory } from '../../../../db/commands/expense/categories.ts';
import { lockGroup } from '../../../../db/commands/expense/groups.ts';
import { actingMember } from '../../../../db/commands/expense/members.ts';
import { toPage } from '../../../../db/cursor.ts';
import type { Category } from '../../../../db/entities/expense/category.ts';
import { type CategoryView, listCategories } from '../../../../db/queries/expense/categories.ts';
import { MAIN_CATEGORIES, subcategoriesOf } from '../../../../domain/categories.ts';
import { categoryName } from '../../../../domain/category-names.ts';
import { groupAccess } from '../../../access.ts';
import { languageHeaders, languageOf } from '../../../language.ts';
import { leastOf, statesOf } from '../../../policy.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { toInstant } from '../../../schemas.ts';
import { groupParams } from '../groups/schema.ts';
import * as schema from './schema.ts';

const tag = 'categories';

const list = route({
  service: 'expense',
  method: 'get',
  path: '/v1/categories',
  operationId: 'listCategories',
  tag,
  summary: 'List the categories of the product',
  description: 'Main categories with those below them. Keys never change; names are in the language asked for.',
  query: schema.categoriesQuery,
  answers: { 200: { description: 'All of them, in one page.', schema: schema.categories } },
  handle: async (request) => {
    const language = await languageOf(request);
    const data = MAIN_CATEGORIES.map((main) => ({
      key: main,
      name: categoryName(main, language),
      subcategories: subcategoriesOf(main).map((key) => ({ key, name: categoryName(key, language) })),
    }));
    return {
      status: 200,
      headers: languageHeaders(language),
      body: { data, nextCursor: null, locale: language },
    };
  },
});

const listOfGroup = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/categories',
  operationId: 'listGroupCategories',
  tag,
  summary: "List a group's own categories",
  access: groupAccess,
  params: groupParams,
  query: schema.groupCategoryList,
  answers: { 200: { description: 'Those in use, by their keys; archived ones only when asked for.', schema: schema.groupCategories } },
  handle: async (request) => {
    const archived = request.query.archived === 'true';
    const page = request.page(`categories/${request.params.groupId}/${archived}`);
    const rows = await listCategories(request.read, request.params.groupId, archived, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.key], present) };
  },
});

const create = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups/:groupId/categories',
  operationId: 'createGroupCategory',
  tag,
  summary: "Add a category of the group's own",
  description: 'Below a main category, or as a main category itself. Its `key` is what expenses name, and never changes.',
  access: groupAccess,
  params: groupParams,
  body: schema.createCategory,
  answers: { 201: { description: 'The new category.', schema: schema.groupCategory } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const group = await lockGroup(tx, request.params.groupId, statesOf(request.policy));
      const actor = await actingMember(tx, group, request.principal.userId, leastOf(request.policy));
      const category = await createCategory(tx, group, actor, request.body);
      return { status: 201, body: present(viewOf(category)) };
    }),
});

const update = route({
  service: 'expense',
  method: 'patch',
  path: '/v1/groups/:groupId/categories/:categoryId',
  operationId: 'updateGroupCategory',
  tag,
  summary: "Rename or archive a category of the group's own",
  description: 'Expenses that have an archived category keep it; no further one takes it.',
  access: groupAccess,
  params: schema.categoryParams,
  body: schema.updateCategory,
  answers: { 200: { description: 'The category as it is now.', schema: schema.groupCategory } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const group = await lockGroup(tx, request.params.groupId, statesOf(request.policy));
      const actor = await actingMember(tx, group, request.principal.userId, leastOf(request.policy));
      const category = await changeCategory(tx, group, actor, request.params.categoryId, request.body);
      return { status: 200, body: present(viewOf(category)) };
    }),
});

/** Operations on categories. */
export const categoryRoutes: readonly AnyRoute[] = [list, listOfGroup, create, update];

function viewOf({ id, key, name, archivedAt, createdAt }: Category): CategoryView {
  return { id, key, name, archived: archivedAt != null, createdAt: createdAt.toISOString() };
}

function present({ id, key, name, archived, createdAt }: CategoryView): Record<string, unknown> {
  const [main, sub] = key.split('.');
  return { id, key, parent: sub === undefined ? null : main, name, archived, createdAt: toInstant(createdAt) };
}
