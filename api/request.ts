import type { IncomingHttpHeaders } from 'node:http';
import type { ServiceName } from '../config/env.ts';
import { decodeCursor, PAGE_DEFAULT, type PageRequest } from '../db/cursor.ts';
import { claimKey, type IdempotencyScope, keepAnswer } from '../db/idempotency.ts';
import type { ServiceDatabase } from '../db/orm.ts';
import { read, transact, type Tx } from '../db/transact.ts';
import { databaseOf, type Deps } from './deps.ts';
import type { Policy } from './policy.ts';
import { Problem } from './problems.ts';
import type { Answer, Principal } from './route.ts';

/** A request after authentication, visibility, validation and policy: all that a handler needs. */
export class RouteRequest<Params, Query, Body, Resource> {
  readonly deps: Deps;
  readonly service: ServiceName;
  /** What the operation asks of its caller: commands ask the same again under their lock. */
  readonly policy: Policy;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The body as it came; of an upload, the file. */
  readonly rawBody: Buffer;
  /** The file of a form; null where the body came as JSON. */
  readonly file: Buffer | null;
  readonly resource: Resource;
  readonly headers: IncomingHttpHeaders;
  readonly requestId: string;
  /** Address of the caller. */
  readonly address: string;
  readonly #principal: Principal | null;
  readonly #scope: IdempotencyScope | null;
  readonly #secretAnswer: boolean;

  constructor(fields: {
    deps: Deps;
    service: ServiceName;
    policy: Policy;
    params: Params;
    query: Query;
    body: Body;
    rawBody: Buffer;
    file: Buffer | null;
    resource: Resource;
    headers: IncomingHttpHeaders;
    requestId: string;
    address: string;
    principal: Principal | null;
    scope: IdempotencyScope | null;
    secretAnswer: boolean;
  }) {
    this.deps = fields.deps;
    this.service = fields.service;
    this.policy = fields.policy;
    this.params = fields.params;
    this.query = fields.query;
    this.body = fields.body;
    this.rawBody = fields.rawBody;
    this.file = fields.file;
    this.resource = fields.resource;
    this.headers = fields.headers;
    this.requestId = fields.requestId;
    this.address = fields.address;
    this.#principal = fields.principal;
    this.#scope = fields.scope;
    this.#secretAnswer = fields.secretAnswer;
  }

  /** The signed-in user. Routes that anyone may call have none. */
  get principal(): Principal {
    if (this.#principal === null) throw new Error('this route has no principal');
    return this.#principal;
  }

  /** The database of the route's service. */
  get db(): ServiceDatabase {
    return databaseOf(this.deps, this.service);
  }

  /** Reads from the service's database outside any transaction, with `$1` placeholders; give it to queries. */
  readonly read: Tx['query'] = (text, values) => read(this.db, text, values);

  /** Scope of the caller's Idempotency-Key, or null where none was sent; for commands that claim it themselves. */
  get idempotency(): IdempotencyScope | null {
    return this.#scope;
  }

  /**
   * Runs a command in one transaction of the route's service: claims the Idempotency-Key, runs the work, keeps its
   * answer, and after the commit wakes the processes of its events. A key that was used gives the first answer again.
   */
  async command(work: (tx: Tx) => Promise<Answer>): Promise<Answer> {
    const scope = this.#scope;
    const { value, events } = await transact(this.db, async (tx) => {
      if (scope === null) return work(tx);
      const kept = await claimKey(tx, scope);
      if (kept !== null) return replay(kept);
      const answer = await work(tx);
      await keepAnswer(tx, scope, { status: answer.status, headers: answer.headers ?? {}, body: answer.body }, this.#secretAnswer);
      return answer;
    });
    this.deps.dispatcher.dispatch(events);
    return value;
  }

  /**
   * Compares If-Match with a version. Call it inside the command, on the locked row.
   *
   * @throws Problem version_mismatch (412).
   */
  checkVersion(version: number): void {
    const given = this.headers['if-match'];
    if (given === undefined || given.trim() === '*') return;
    const tags = given.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    if (!tags.includes(etag(version)))
      throw new Problem('version_mismatch', `The resource is at version ${version} now; read it again and decide anew.`);
  }

  /**
   * Reads `limit` and `cursor` of a list.
   *
   * @param scope the list's name with everything that filters it, so that a cursor fits this list only.
   * @throws Problem invalid_cursor (400).
   */
  page(scope: string): PageRequest & { cursor: { key: string; scope: string } } {
    const { limit, cursor } = this.query as { limit?: number; cursor?: string };
    const key = this.deps.secrets.cursor;
    const after = cursor === undefined ? null : decodeCursor(key, scope, cursor);
    if (cursor !== undefined && after === null)
      throw new Problem('invalid_cursor', 'This cursor does not belong to this list; start again without one.');
    return { limit: limit ?? PAGE_DEFAULT, after, cursor: { key, scope } };
  }
}

/** The ETag of a version. */
export function etag(version: number): string {
  return `"v${version}"`;
}

/** An answer that was given before, as it is given again. */
export function replay(kept: Answer): Answer {
  return { ...kept, headers: { ...kept.headers, 'Idempotent-Replayed': 'true' } };
}
