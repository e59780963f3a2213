/** Most bytes of an answer of a provider: discovery, keys, tokens and claims are all far below. */
const ANSWER_BYTES_MAX = 262_144;

/** The provider gave no usable answer in time. The reason is for logs: it names no person. */
export class ProviderAway extends Error {
  override readonly name = 'ProviderAway';
}

/**
 * Asks a provider, with limits: what `fetch` would leave to the other side's good will.
 *
 * @param init carries the time-out as its signal, which also counts for the body.
 * @throws ProviderAway when it is not reached, is too slow, says too much, or is in trouble itself (429, 5xx).
 */
export async function boundedFetch(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  let body: Uint8Array<ArrayBuffer>;
  try {
    response = await fetch(url, init);
    body = await readBounded(response);
  } catch (error) {
    if (error instanceof ProviderAway) throw error;
    throw new ProviderAway(reasonOf(error), { cause: error });
  }
  if (response.status >= 500 || response.status === 429) throw new ProviderAway(`answered ${response.status}`);
  const { status, headers } = response;
  return new Response(body.length === 0 ? null : body, { status, headers });
}

/** The {@link ProviderAway} behind an error of a library that wraps it, or null. */
export function awayIn(error: unknown): ProviderAway | null {
  let layer = error;
  for (let depth = 0; depth < 5 && layer instanceof Error; depth++) {
    if (layer instanceof ProviderAway) return layer;
    layer = layer.cause;
  }
  return null;
}

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) throw new ProviderAway('answered more than is read');
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  if (error.name === 'TimeoutError') return 'did not answer in time';
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}
