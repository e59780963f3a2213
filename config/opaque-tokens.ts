import { timingSafeEqual } from 'node:crypto';
import { deriveToken, type Secrets } from './secrets.ts';

/** One token of a family: a session, and how often it had been refreshed when the token was made. */
export interface RefreshToken {
  readonly sessionId: string;
  readonly generation: number;
}

const REFRESH = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([1-9]\d{0,8})\.([\w-]{43})$/;
const LINKED = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{43})$/;

/** Writes a refresh token; the same session and generation give the same token, so none is stored. */
export function refreshToken(secrets: Secrets, token: RefreshToken): string {
  return `${token.sessionId}.${token.generation}.${refreshProof(secrets, token)}`;
}

/** Reads a refresh token of ours, or null for anything else. Whether it is still good, the session's row tells. */
export function readRefreshToken(secrets: Secrets, text: string): RefreshToken | null {
  const [, sessionId, generation, proof] = REFRESH.exec(text) ?? [];
  if (sessionId === undefined || generation === undefined || proof === undefined) return null;
  const token = { sessionId, generation: Number(generation) };
  return sameText(proof, refreshProof(secrets, token)) ? token : null;
}

/** What a link is for. */
export type LinkPurpose = 'verify-email' | 'reset-password' | 'invitation' | 'erasure';

/** Writes a token that a link carries: the id of its row and a proof that we made it. */
export function linkedToken(secrets: Secrets, purpose: LinkPurpose, id: string): string {
  return `${id}.${deriveToken(secrets, purpose, id)}`;
}

/** The id of the row that a token of ours belongs to, or null for anything else. */
export function readLinkedToken(secrets: Secrets, purpose: LinkPurpose, text: string): string | null {
  const [, id, proof] = LINKED.exec(text) ?? [];
  if (id === undefined || proof === undefined) return null;
  return sameText(proof, deriveToken(secrets, purpose, id)) ? id : null;
}

function refreshProof(secrets: Secrets, { sessionId, generation }: RefreshToken): string {
  return deriveToken(secrets, 'refresh', `${sessionId}:${generation}`);
}

function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
