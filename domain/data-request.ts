/** What a person may ask for about their own data. */
export type DataRequestKind = 'export' | 'erasure';

/**
 * States of a request. An export is `running`, then `done` until its ZIP expires. An erasure is `pending` until the point of
 * no return, then `running`, then `done`; one that must not begin is `failed`.
 */
export const DATA_REQUEST_STATES = ['pending', 'running', 'done', 'failed', 'cancelled', 'expired'] as const;
export type DataRequestState = (typeof DATA_REQUEST_STATES)[number];

/** What an erasure did and found, by service: rows that were changed or deleted, and traces of the person that are left. */
export type ErasureProof = Readonly<
  Record<'user' | 'expense' | 'payment' | 'notification', { readonly erased: number; readonly left: number }>
>;

/** The name that the account of an erased person shows. */
export const ERASED_NAME = 'Former member';
/** What stands where an erased person had written words that others see. */
export const ERASED_TEXT = 'Removed with its author';

/** The address of an erased account: none that mail can reach (RFC 2606), and one for each, as addresses are unique. */
export function erasedAddress(userId: string): string {
  return `${userId}@erased.invalid`;
}

/**
 * Whether a request may still be taken back: an export while it runs, an erasure before its point of no return.
 */
export function isCancellable(kind: DataRequestKind, state: DataRequestState): boolean {
  return kind === 'export' ? state === 'running' : state === 'pending';
}
