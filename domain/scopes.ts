/** What a token other than a sign-in's may be allowed, each with what it means to the person who allows it. */
export const SCOPES = {
  'profile:read': 'See your name, address, language, time zone and currency',
  'profile:write': 'Change your name, language, time zone and currency',
  'friends:read': 'See your friends',
  'friends:write': 'Ask, accept and remove friends, and block people',
  'groups:read': 'See your groups, their members and their invitations',
  'groups:write': 'Make and change groups, members and invitations',
  'expenses:read': 'See expenses, balances and plans of your groups',
  'expenses:write': 'Record, change and decide about expenses',
  'payments:read': 'See settlements, transfers, payments and refunds',
  'payments:write': 'Open settlements, pay, confirm and refund',
  'notifications:read': 'See your notifications and reminders',
  'notifications:write': 'Mark notifications as read, make and change reminders',
} as const;

export type Scope = keyof typeof SCOPES;

/** Whether a text names a scope. */
export function isScope(text: string): text is Scope {
  return Object.hasOwn(SCOPES, text);
}

/** Roles on the platform itself: `support` looks and helps, `admin` also gives roles and suspends. */
export const PLATFORM_ROLES = ['admin', 'support'] as const;
export type PlatformRole = (typeof PLATFORM_ROLES)[number];

/** Whether a platform role may do at least what another may; people without one may nothing of it. */
export function platformRoleAtLeast(role: PlatformRole | null, least: PlatformRole): boolean {
  return role === 'admin' || role === least;
}

/** Whether a platform role is one of ours, as it comes from the database. */
export function isPlatformRole(text: string | null): text is PlatformRole {
  return text !== null && (PLATFORM_ROLES as readonly string[]).includes(text);
}
