import type { DataRequestState, ErasureProof } from '../../domain/data-request.ts';
import type { PersonActivities } from '../shared/contract.ts';

/** Where a request about one's own data stands. */
export interface DataRequestLook {
  readonly state: DataRequestState;
  readonly kind: 'export' | 'erasure';
  readonly userId: string;
  /** When an erasure begins; from then on there is no way back. */
  readonly beginsAtIso: string | null;
  /** When the ZIP of an export is deleted. */
  readonly expiresAtIso: string | null;
}

/**
 * What workflows may ask of the user service. Plain JSON types only; times are RFC 3339; each entry says which refusals it ends
 * with.
 */
export interface UserActivities extends PersonActivities {
  /** Reads a request. @throws not_found (not retried). */
  readDataRequest(input: { readonly requestId: string }): Promise<DataRequestLook>;
  /**
   * Puts the parts of all services together into a ZIP with a manifest, and tells the person that it is there.
   *
   * @returns the request's state: `done`; `failed` where it would be larger than an export may be; another one where it had ended.
   */
  assembleExport(input: {
    readonly requestId: string;
  }): Promise<{ readonly state: DataRequestState; readonly files: number; readonly bytes: number }>;
  /** Deletes the ZIP of an export whose time is over, or that was cancelled. Harmless before. */
  expireExport(input: { readonly requestId: string }): Promise<{ readonly state: DataRequestState }>;
  /** Takes a request back where it still can be. */
  cancelDataRequest(input: { readonly requestId: string }): Promise<{ readonly state: DataRequestState }>;
  /** The point of no return: the account becomes a pseudonym and all its tokens die. Harmless before its time, and a second time. */
  beginErasure(input: { readonly requestId: string }): Promise<{ readonly state: DataRequestState; readonly failureCode: string | null }>;
  /** Ends an erasure with its proof. */
  finishErasure(input: { readonly requestId: string; readonly proof: ErasureProof }): Promise<{ readonly state: DataRequestState }>;
}
