import DataLoader from 'dataloader';
import type { GroupPolicy, GroupState } from '../../../domain/group.ts';
import type { Role } from '../../../domain/roles.ts';
import type { ServiceDatabase } from '../../orm.ts';
import { read } from '../../transact.ts';
import type { Query } from './groups.ts';

/** A member as recording an expense needs one. */
export interface ContextMember {
  readonly id: string;
  readonly userId: string | null;
  readonly role: Role;
  /** Standing weight, a decimal text. */
  readonly weight: string;
  readonly unitId: string | null;
  readonly active: boolean;
}

/** All that decides about an expense of a group, at one version of the group. */
export interface GroupContext {
  readonly groupId: string;
  readonly state: GroupState;
  readonly currency: string;
  /** Rises with every change of the group, its policy or a member; a write compares it under a lock. */
  readonly version: number;
  readonly policy: GroupPolicy;
  /** The first day that may still change, `YYYY-MM-DD`; null where nothing is locked. See `refuseLockedPeriod`. */
  readonly lockedUntil: string | null;
  /** Keys of the group's own categories that are in use. */
  readonly categories: ReadonlySet<string>;
  /** All members, also those who have left. */
  readonly members: ReadonlyMap<string, ContextMember>;
}

/** Reads contexts; requests of one tick share one query. */
export interface GroupContexts {
  /** What is remembered of a group for up to a second, else what the database says. `fresh` tells which. */
  find(groupId: string): Promise<{ context: GroupContext | null; fresh: boolean }>;
  /** What the database says now. */
  reload(groupId: string): Promise<GroupContext | null>;
}

/**
 * How long a context is believed. Nothing is ever recorded against an outdated one, because the write compares the
 * group's version under a lock, and nothing is refused by one either: a refusal reads again first.
 */
const BELIEVED_MS = 1_000;
/** Members remembered over all groups, about 20 MB; beyond it everything is forgotten, which costs one query a group. */
const REMEMBERED_MEMBERS_MAX = 100_000;

const readers = new WeakMap<ServiceDatabase, GroupContexts>();

/** The reader of a process; one per database. */
export function groupContexts(db: ServiceDatabase): GroupContexts {
  const known = readers.get(db) ?? createReader(db);
  readers.set(db, known);
  return known;
}

function createReader(db: ServiceDatabase): GroupContexts {
  const remembered = new Map<string, { context: GroupContext; until: number }>();
  let rememberedMembers = 0;
  const loader = new DataLoader<string, GroupContext | null>(
    async (ids) => {
      const found = await loadGroupContexts((text, values) => read(db, text, values), ids);
      return ids.map((id) => found.get(id) ?? null);
    },
    { cache: false, maxBatchSize: 500, batchScheduleFn: (run) => setImmediate(run) },
  );
  const remember = (context: GroupContext): void => {
    rememberedMembers += context.members.size - (remembered.get(context.groupId)?.context.members.size ?? 0);
    if (rememberedMembers > REMEMBERED_MEMBERS_MAX) {
      remembered.clear();
      rememberedMembers = context.members.size;
    }
    remembered.set(context.groupId, { context, until: Date.now() + BELIEVED_MS });
  };
  const reload = async (groupId: string): Promise<GroupContext | null> => {
    const context = await loader.load(groupId);
    if (context !== null) remember(context);
    return context;
  };
  return {
    reload,
    async find(groupId) {
      const known = remembered.get(groupId);
      if (known !== undefined && known.until > Date.now()) return { context: known.context, fresh: false };
      return { context: await reload(groupId), fresh: true };
    },
  };
}

interface Row {
  id: string;
  state: GroupState;
  currency: string;
  version: number;
  policy: GroupPolicy;
  locked_until: string | null;
  categories: string[];
  members: ContextMember[] | null;
}

/** Reads the contexts of some groups in one statement. */
export async function loadGroupContexts(query: Query, groupIds: readonly string[]): Promise<Map<string, GroupContext>> {
  const rows = await query<Row>(
    `select g.id, g.state, g.currency, g.version, g.policy, g.locked_until::text as locked_until,
      array(select c.key from expense.category c where c.group_id = g.id and c.archived_at is null) as categories,
      (select json_agg(json_build_object('id', m.id, 'userId', m.user_id, 'role', m.role, 'weight', trim_scale(m.weight)::text,
          'unitId', m.unit_id, 'active', m.state = 'active'))
       from expense.member m where m.group_id = g.id) as members
     from expense."group" g where g.id = any($1::uuid[])`,
    [groupIds],
  );
  return new Map(rows.map((row) => [row.id, toContext(row)]));
}

function toContext(row: Row): GroupContext {
  return {
    groupId: row.id,
    state: row.state,
    currency: row.currency,
    version: row.version,
    policy: row.policy,
    lockedUntil: row.locked_until,
    categories: new Set(row.categories),
    members: new Map((row.members ?? []).map((member) => [member.id, member])),
  };
}

/** The active member that a user is, or null. */
export function memberOfUser(context: GroupContext, userId: string): ContextMember | null {
  for (const member of context.members.values()) if (member.userId === userId && member.active) return member;
  return null;
}
