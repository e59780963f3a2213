import { z } from 'zod';
import { CATEGORY_NAME_MAX, CATEGORY_PATTERN } from '../../../../domain/categories.ts';
import { CATEGORY_LANGUAGES } from '../../../../domain/category-names.ts';
import { id, line, listOf, listQuery } from '../../../schemas.ts';

/** A category's key; whether there is such a one is decided with the group at hand (422 unknown_category). */
export const categoryKey = z
  .string()
  .max(60)
  .regex(CATEGORY_PATTERN, 'must be a category such as "food" or "food.restaurants"')
  .meta({ example: 'food.restaurants' });

const part = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,28}$/, 'must be a word of small letters, digits and _')
  .meta({ example: 'ski_passes' });

const category = z.strictObject({ key: categoryKey, name: z.string() });

export const categories = z.strictObject({
  data: z.array(category.extend({ subcategories: z.array(category) }).meta({ id: 'Category' })),
  nextCursor: z.null(),
  locale: z.enum(CATEGORY_LANGUAGES),
});

export const locale = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/, 'must be a language such as "de" or "pt-BR"')
  .optional()
  .meta({
    description: "Language of the names; else `Accept-Language`, else the caller's own. English where there are none in it.",
    example: 'de',
  });

export const categoriesQuery = z.strictObject({ locale });

export const groupCategory = z
  .strictObject({ id, key: categoryKey, parent: z.string().nullable(), name: z.string(), archived: z.boolean(), createdAt: z.string() })
  .meta({ id: 'GroupCategory' });

export const createCategory = z.strictObject({
  id: id.optional(),
  name: line(CATEGORY_NAME_MAX),
  parent: part.optional().meta({ description: 'Key of a main category; without one it becomes a main category itself.', example: 'food' }),
  key: part
    .optional()
    .meta({ description: 'Last part of the key that expenses will name; made up where left out.', example: 'ski_passes' }),
});

export const updateCategory = z.strictObject({ name: line(CATEGORY_NAME_MAX).optional(), archived: z.boolean().optional() });

export const categoryParams = z.strictObject({ groupId: id, categoryId: id });

export const groupCategoryList = listQuery.extend({
  archived: z.enum(['true', 'false']).optional().meta({ description: 'With `true` archived ones are listed too.' }),
});

export const groupCategories = listOf(groupCategory);
