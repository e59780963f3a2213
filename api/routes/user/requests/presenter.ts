import { linkedToken } from '../../../../config/opaque-tokens.ts';
import type { DataRequestView } from '../../../../db/queries/user/data-requests.ts';
import { workflowId } from '../../../../domain/events.ts';
import type { Deps } from '../../../deps.ts';

type Shown = Record<string, unknown>;

/** A request as its owner sees it. */
export function presentRequest(request: DataRequestView, { secrets, publicUrl }: Pick<Deps, 'secrets' | 'publicUrl'>): Shown {
  const { id, kind, state, archive } = request;
  return {
    id,
    kind,
    state,
    createdAt: request.createdAt.toISOString(),
    beginsAt: request.beginsAt?.toISOString() ?? null,
    expiresAt: request.expiresAt?.toISOString() ?? null,
    endedAt: request.endedAt?.toISOString() ?? null,
    failureCode: request.failureCode,
    download: archive === null ? null : { url: `${publicUrl}/v1/me/requests/${id}/download`, bytes: archive.bytes, sha256: archive.sha256 },
    statusUrl: kind === 'erasure' ? `${publicUrl}/v1/erasures/${linkedToken(secrets, 'erasure', id)}` : null,
    proof: request.proof,
    workflowId: workflowId(kind === 'export' ? 'exportAccount' : 'eraseAccount', id),
  };
}

/** An erasure as whoever has its link sees it: nothing that names anybody. */
export function presentErasure({ state, createdAt, endedAt, proof }: DataRequestView): Shown {
  return { state, createdAt: createdAt.toISOString(), endedAt: endedAt?.toISOString() ?? null, proof };
}
