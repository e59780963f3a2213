/** What the clients of a job send. */
export type Traffic =
  /** Expenses to these groups in random order, each with an Idempotency-Key as a real client sends one. */
  | { readonly kind: 'expenses'; readonly groups: readonly { groupId: string; token: string; memberIds: readonly string[] }[] }
  /** Expenses to the bare server. */
  | { readonly kind: 'bare'; readonly groups: number; readonly token: string }
  /** One form posted over and over, answered with 201. */
  | { readonly kind: 'form'; readonly path: string; readonly token: string; readonly body: string }
  /** One read, over and over. */
  | { readonly kind: 'read'; readonly path: string; readonly token: string };

/** Work for the generator: so many clients, each sending its next request when its last one is answered. */
export interface LoadJob {
  readonly origin: string;
  readonly clients: number;
  /** Time before the measured one, in milliseconds: connections open, nothing is counted. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly traffic: Traffic;
  /** Whether to give back the `Location` of each answer, also of those before and after the measured time. */
  readonly keepLocations?: boolean;
}

/** What came of a job; latencies in milliseconds. */
export interface LoadResult {
  /** Answers within the measured time. */
  readonly count: number;
  readonly ratePerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly locations: readonly string[];
}

/** What the generator sends back. */
export type LoadReport = { readonly result: LoadResult } | { readonly error: string };
