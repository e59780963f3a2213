import { createHash } from 'node:crypto';
import type { PlatformEndpoint } from '../platform/endpoints.ts';
import type { AnyRoute } from '../route.ts';

/** The document as it is sent. */
export interface SentDocument {
  readonly text: string;
  readonly etag: string;
}

/** Gives the document of an app; it is generated when first asked for, and kept. */
export function cachedDocument(routes: readonly AnyRoute[], endpoints: readonly PlatformEndpoint[]): () => Promise<SentDocument> {
  let made: Promise<SentDocument> | null = null;
  return () => (made ??= make(routes, endpoints));
}

async function make(routes: readonly AnyRoute[], endpoints: readonly PlatformEndpoint[]): Promise<SentDocument> {
  // The generator is loaded with the first request for the document: a process that nobody asks need not hold it.
  const { openApiDocument } = await import('./document.ts');
  const text = JSON.stringify(openApiDocument(routes, endpoints));
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` };
}
