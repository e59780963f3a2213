import { expireInvitations, nudgeIdleGroup } from '../../db/commands/expense/group-lifecycle.ts';
import { purgeGroup } from '../../db/commands/expense/group-purge.ts';
import { RESTORABLE_DAYS } from '../../db/commands/expense/group-state.ts';
import { findProspect } from '../../db/queries/expense/group-lifecycle.ts';
import { read } from '../../db/transact.ts';
import { refusal } from '../../domain/refusal.ts';
import { type ActivityDeps, runCommand } from '../edge.ts';
import type { ExpenseActivities } from './contract.ts';

/** What the lifecycle of a group may ask of the expense service. */
export type GroupActivities = Pick<ExpenseActivities, 'readGroup' | 'expireInvitations' | 'purgeGroup' | 'nudgeIdleGroup'>;

/** Makes the activities that belong to groups; see the contract. */
export function createGroupActivities(deps: Pick<ActivityDeps, 'db' | 'dispatcher'>): GroupActivities {
  return {
    async readGroup({ groupId }) {
      const found = await findProspect((text, values) => read(deps.db, text, values), groupId, RESTORABLE_DAYS);
      if (found === null) throw refusal('not_found', 'There is no such group.');
      return {
        state: found.state,
        purgeAtIso: iso(found.purgeAt),
        nextInvitationExpiryIso: iso(found.nextInvitationExpiry),
        lastActivityIso: new Date(found.lastActivity).toISOString(),
      };
    },
    expireInvitations: async ({ groupId }) => ({ expired: await runCommand(deps, (tx) => expireInvitations(tx, groupId)) }),
    purgeGroup: async ({ groupId }) => ({ purged: await runCommand(deps, (tx) => purgeGroup(tx, groupId)) }),
    nudgeIdleGroup: ({ groupId, sinceIso }) => runCommand(deps, (tx) => nudgeIdleGroup(tx, groupId, sinceIso)),
  };
}

function iso(time: string | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
