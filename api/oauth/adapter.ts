import { createHash } from 'node:crypto';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { audit } from '../../db/commands/user/audit.ts';
import { endSession } from '../../db/commands/user/sessions.ts';
import type { ServiceDatabase } from '../../db/orm.ts';
import { findApplication, findAuthorization } from '../../db/queries/user/oauth.ts';
import { read, transact, type Tx } from '../../db/transact.ts';
import { clientMetadata } from './client.ts';

/** Expired rows that one write takes away with it, so that they never pile up. */
const EXPIRED_BATCH = 50;

/** Where an adapter keeps things. */
export interface AdapterDeps {
  readonly database: ServiceDatabase;
  readonly publicUrl: string;
  /** Access tokens that were presented as JWT and checked already, by the handle that stands for them during a request. */
  readonly presented: ReadonlyMap<string, AdapterPayload>;
  /** The error of what was used twice at the same moment. */
  readonly usedTwice: () => Error;
}

/**
 * Keeps what oidc-provider remembers in Postgres.
 *
 * A `Grant` is the session of kind `application` itself and a `Client` the application's row, so what ends there is
 * refused here at once. Everything else is a row of `oauth_artifact`, found by the SHA-256 of its id.
 */
export function adapterFor(deps: AdapterDeps): (model: string) => Adapter {
  const query: Tx['query'] = (text, values) => read(deps.database, text, values);
  const views: Record<string, Partial<Adapter>> = {
    Client: { find: (id) => findClient(query, id) },
    Grant: {
      find: (id) => findGrant(query, deps.publicUrl, id),
      destroy: (id) => endGrant(deps.database, id),
    },
    AccessToken: { find: async (handle) => deps.presented.get(handle), destroy: async () => {} },
  };
  return (model) => {
    const rows = artifacts(deps, query, model);
    // Access tokens are JWTs and end with their session; there is nothing to keep or to delete.
    if (model === 'AccessToken') return { ...rows, ...views[model], upsert: async () => {}, revokeByGrantId: async () => {} };
    return { ...rows, ...views[model] };
  };
}

function artifacts(deps: AdapterDeps, query: Tx['query'], model: string): Adapter {
  const findBy = async (column: 'id_hash' | 'uid', value: string): Promise<AdapterPayload | undefined> => {
    const [row] = await query<{ payload: AdapterPayload; consumed: number | null }>(
      `select payload, extract(epoch from consumed_at)::int as consumed from "user".oauth_artifact o
       where model = $1 and ${column} = $2 and expires_at > now() and (model <> 'Session' or ${SIGNED_IN})`,
      [model, value],
    );
    if (row === undefined) return undefined;
    return row.consumed === null ? row.payload : { ...row.payload, consumed: row.consumed };
  };
  return {
    async upsert(id, payload, expiresIn) {
      const { jti: _, returnTo: __, consumed: ___, session, ...kept } = payload;
      const told = session === undefined ? kept : { ...kept, session: { ...session, cookie: undefined } };
      await query(
        `with expired as (delete from "user".oauth_artifact where ctid = any(array(
             select ctid from "user".oauth_artifact where expires_at < now() limit ${EXPIRED_BATCH} for update skip locked)))
         insert into "user".oauth_artifact (model, id_hash, uid, grant_id, payload, expires_at)
         values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
         on conflict (model, id_hash) do update set uid = excluded.uid, grant_id = excluded.grant_id, payload = excluded.payload, expires_at = excluded.expires_at`,
        [model, hash(id), payload.uid ?? null, payload.grantId ?? null, JSON.stringify(told), expiresIn ?? 0],
      );
      if (model === 'RefreshToken') await prolong(query, payload.grantId, expiresIn);
    },
    async find(id) {
      const payload = await findBy('id_hash', hash(id));
      if (payload === undefined) return undefined;
      return { ...payload, jti: id, ...(model === 'Interaction' ? { returnTo: `${deps.publicUrl}/oauth/authorize/${id}` } : {}) };
    },
    findByUid: (uid) => findBy('uid', uid),
    findByUserCode: async () => undefined,
    async consume(id) {
      const [row] = await query<{ first: boolean; grant: string | null }>(
        `with taken as (update "user".oauth_artifact set consumed_at = now() where model = $1 and id_hash = $2 and consumed_at is null returning 1)
         select exists (select 1 from taken) as first, (select grant_id from "user".oauth_artifact where model = $1 and id_hash = $2) as grant`,
        [model, hash(id)],
      );
      if (row?.first === true) return;
      // Two at the same moment: one of them is not who it was given to (RFC 9700, section 4.14.2).
      if (row?.grant != null) await endGrant(deps.database, row.grant);
      throw deps.usedTwice();
    },
    async destroy(id) {
      await query(`delete from "user".oauth_artifact where model = $1 and id_hash = $2`, [model, hash(id)]);
    },
    async revokeByGrantId(grantId) {
      await query(`delete from "user".oauth_artifact where model = $1 and grant_id = $2`, [model, grantId]);
    },
  };
}

/** A browser is signed in as long as the sign-in that it came by: `acr` holds its id. */
const SIGNED_IN = `(payload->>'acr' is null or exists (select 1 from "user".session s join "user".account a on a.id = s.account_id
  where s.id = (o.payload->>'acr')::uuid and s.ended_at is null and s.expires_at > now() and a.state = 'active'))`;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

async function findClient(query: Tx['query'], id: string): Promise<AdapterPayload | undefined> {
  const application = UUID.test(id) ? await findApplication(query, id) : null;
  return application === null ? undefined : clientMetadata(application);
}

async function findGrant(query: Tx['query'], resource: string, id: string): Promise<AdapterPayload | undefined> {
  const found = UUID.test(id) ? await findAuthorization(query, id) : null;
  if (found === null) return undefined;
  return {
    kind: 'Grant',
    jti: found.id,
    accountId: found.userId,
    clientId: found.applicationId,
    iat: seconds(found.createdAt),
    exp: seconds(found.expiresAt),
    resources: { [resource]: found.scopes.join(' ') },
  };
}

async function endGrant(database: ServiceDatabase, id: string): Promise<void> {
  if (!UUID.test(id)) return;
  await transact(database, async (tx) => {
    const found = await findAuthorization(tx.query, id);
    if (found === null) return;
    await endSession(tx, id, 'revoked');
    await audit(tx, {
      action: 'application.revoked',
      subjectId: found.userId,
      sessionId: id,
      data: { applicationId: found.applicationId },
    });
  });
}

async function prolong(query: Tx['query'], grantId: string | undefined, expiresIn: number | undefined): Promise<void> {
  await query(
    `update "user".session set expires_at = now() + make_interval(secs => $2), last_used_at = now() where id = $1 and ended_at is null`,
    [grantId, expiresIn ?? 0],
  );
}

function seconds(instant: string): number {
  return Math.floor(Date.parse(instant) / 1000);
}

function hash(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}
