import type { Refusal } from '../domain/refusal.ts';

/** One entry of a problem's `errors[]`. */
export interface ProblemEntry {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

/** The body of every answer that is not 2xx (RFC 9457). */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  readonly errors: readonly ProblemEntry[];
}

/** An error that already knows how it is answered. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly entries: readonly ProblemEntry[];
  readonly headers: Readonly<Record<string, string>>;
  /** Members of this problem alone (RFC 9457, section 3.2). */
  readonly extension: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    detail: string,
    options: { entries?: readonly ProblemEntry[]; headers?: Record<string, string>; extension?: Record<string, unknown> } = {},
  ) {
    super(detail);
    this.name = 'Problem';
    this.code = code;
    this.status = statusOf(code);
    this.entries = options.entries ?? [];
    this.headers = options.headers ?? {};
    this.extension = options.extension ?? {};
  }
}

/**
 * Status of each code that is not 422. A refusal that is not listed contradicts a rule of the product: 422.
 * The titles on the problem pages are made from the code.
 */
const STATUS: Record<string, number> = {
  invalid_request: 400,
  malformed_http: 400,
  malformed_json: 400,
  unknown_field: 400,
  duplicate_field: 400,
  invalid_cursor: 400,
  idempotency_key_required: 400,
  invalid_idempotency_key: 400,
  signature_invalid: 400,
  oidc_state_invalid: 400,
  unauthenticated: 401,
  invalid_credentials: 401,
  invalid_refresh_token: 401,
  oidc_failed: 401,
  totp_required: 401,
  totp_invalid: 401,
  forbidden: 403,
  insufficient_scope: 403,
  not_found: 404,
  rate_unknown: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  already_disputed: 409,
  already_done: 409,
  already_owner: 409,
  already_friends: 409,
  already_member: 409,
  already_reminded: 409,
  already_voted: 409,
  account_erased: 409,
  export_limit_reached: 409,
  import_in_progress: 409,
  export_not_ready: 409,
  not_cancellable: 409,
  payments_in_flight: 409,
  request_in_progress: 409,
  own_account: 409,
  last_admin: 409,
  approval_in_progress: 409,
  archived: 409,
  block_limit_reached: 409,
  both_have_accounts: 409,
  cannot_remove_owner: 409,
  category_exists: 409,
  comment_limit_reached: 409,
  receipt_limit_reached: 409,
  category_limit_reached: 409,
  deleted: 409,
  email_taken: 409,
  expense_not_pending: 409,
  expense_not_posted: 409,
  not_disputed: 409,
  friend_ledger: 409,
  friend_limit_reached: 409,
  friend_request_exists: 409,
  friend_request_limit_reached: 409,
  id_taken: 409,
  import_limit_reached: 409,
  identity_limit_reached: 409,
  identity_taken: 409,
  idempotency_in_progress: 409,
  invitation_expired: 409,
  invitation_limit_reached: 409,
  invitation_revoked: 409,
  invitation_used_up: 409,
  last_credential: 409,
  link_other_account: 409,
  member_already_claimed: 409,
  member_has_balance: 409,
  member_left: 409,
  member_merged: 409,
  merge_too_large: 409,
  preset_limit_reached: 409,
  name_taken: 409,
  merge_undone: 409,
  invited_by_another_address: 409,
  member_limit_reached: 409,
  not_archived: 409,
  not_deleted: 409,
  nothing_to_settle: 409,
  oidc_email_unverified: 409,
  oidc_link_required: 409,
  overpayment: 409,
  owner_cannot_leave: 409,
  owner_role_is_fixed: 409,
  payment_in_progress: 409,
  period_locked: 409,
  receiver_cannot_receive: 409,
  refund_exceeds_payment: 409,
  reminder_exists: 409,
  no_debt: 409,
  reminder_ended: 409,
  recurring_ended: 409,
  recurring_limit_reached: 409,
  settlement_in_progress: 409,
  settlement_ended: 409,
  wrong_state: 409,
  gateway_not_configured: 409,
  token_expired: 409,
  totp_enabled: 409,
  totp_not_asked: 409,
  totp_not_enabled: 409,
  token_limit_reached: 409,
  application_limit_reached: 409,
  application_public: 409,
  token_used: 409,
  email_not_verified: 403,
  reauthentication_required: 403,
  version_mismatch: 412,
  body_too_large: 413,
  not_a_file: 415,
  receipt_type: 415,
  not_json: 415,
  expectation_failed: 417,
  precondition_required: 428,
  rate_limited: 429,
  headers_too_large: 431,
  internal_error: 500,
  busy: 503,
  database_unavailable: 503,
  gateway_unavailable: 503,
  storage_unavailable: 503,
  not_ready: 503,
  provider_unavailable: 503,
  shutting_down: 503,
};

/** HTTP status of a problem code. */
export function statusOf(code: string): number {
  return STATUS[code] ?? 422;
}

/** A refusal of the domain as a problem. */
export function problemOf(refusal: Refusal): Problem {
  const entries = refusal.pointer === undefined ? [] : [{ pointer: refusal.pointer, code: refusal.code, detail: refusal.detail }];
  const seconds = refusal.retryAfterSeconds ?? (refusal.code === 'idempotency_in_progress' ? 1 : undefined);
  const headers: Record<string, string> = seconds === undefined ? {} : { 'Retry-After': String(seconds) };
  return new Problem(refusal.code, refusal.detail, { entries, headers });
}

/** The title of a code: its words, as a sentence. */
export function titleOf(code: string): string {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Every code with a fixed status, for the published list. */
export function knownCodes(): { code: string; status: number }[] {
  return Object.entries(STATUS).map(([code, status]) => ({ code, status }));
}
