import { v7 as uuidv7 } from 'uuid';
import type { Tx } from '../../transact.ts';

/** What may be asked of the log; a new action is one line here, with what its `data` holds. */
export const AUDIT_ACTIONS = {
  'account.registered': '',
  sign_in: '`method`, and `reason` where it was refused',
  sign_out: '',
  'email.verified': '',
  'password.changed': '',
  'password.reset_requested': '',
  'password.reset': '',
  'totp.enabled': '',
  'totp.disabled': '',
  'totp.recovery_code_used': '',
  'session.ended': '',
  'platform.acted': '`operation`: what somebody with a platform role asked for',
  'merge.undone': '`groupId`, `memberId`, `intoMemberId`, `mergeId`',
  'user.suspended': '`reason`',
  'user.reinstated': '`reason`',
  'user.role_changed': '`from`, `to`, `reason`',
  'token.created': '`tokenId`, `scopes`',
  'token.ended': '`tokenId`',
  'identity.linked': '`identityId`, `provider`',
  'identity.unlinked': '`identityId`, `provider`',
  'application.created': '`applicationId`',
  'application.changed': '`applicationId`',
  'application.secret_replaced': '`applicationId`',
  'application.deleted': '`applicationId`',
  'application.authorized': '`applicationId`, `scopes`',
  'application.revoked': '`applicationId`',
  'friend.requested': '`friendshipId`',
  'friend.accepted': '`friendshipId`',
  'friend.declined': '`friendshipId`',
  'friend.withdrawn': '`friendshipId`',
  'friend.ended': '`friendshipId`',
  'user.blocked': '',
  'user.unblocked': '',
  'data.export_requested': '`requestId`',
  'data.exported': '`requestId`: its ZIP was downloaded',
  'account.erasure_requested': '`requestId`',
  'account.erasure': '`requestId`, and `reason` where it was refused',
  'account.erased': '`requestId`',
  'data.request_cancelled': '`requestId`',
} as const;

export type AuditAction = keyof typeof AUDIT_ACTIONS;

/** A security event. `data` holds ids, states and codes, never names, addresses or secrets. */
export interface AuditEntry {
  readonly action: AuditAction;
  /** `succeeded` by default. */
  readonly outcome?: 'succeeded' | 'refused';
  /** The user who acted; absent where nobody was signed in. */
  readonly actorId?: string;
  /** The user whom it concerns; absent where that is not known. */
  readonly subjectId?: string;
  readonly sessionId?: string;
  /** Network address of the caller. */
  readonly address?: string;
  readonly data?: Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
}

/** Notes a security event in the command's own transaction; refusals are noted in a transaction of their own. */
export async function audit(tx: Tx, entry: AuditEntry): Promise<void> {
  await tx.query(
    `insert into "user".audit_event (id, action, outcome, actor_id, subject_id, session_id, address, data) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      uuidv7(),
      entry.action,
      entry.outcome ?? 'succeeded',
      entry.actorId ?? null,
      entry.subjectId ?? null,
      entry.sessionId ?? null,
      entry.address ?? null,
      JSON.stringify(entry.data ?? {}),
    ],
  );
}
