import { Readable } from 'node:stream';
import { readLinkedToken } from '../../../../config/opaque-tokens.ts';
import { lockAccount } from '../../../../db/commands/user/accounts.ts';
import { audit } from '../../../../db/commands/user/audit.ts';
import { cancelRequest, EXPORT_DAYS, EXPORTS_PER_DAY, requestErasure, requestExport } from '../../../../db/commands/user/data-requests.ts';
import { type DataRequestView, findDataRequest, readArchive } from '../../../../db/queries/user/data-requests.ts';
import { read, type Tx } from '../../../../db/transact.ts';
import { refusal } from '../../../../domain/refusal.ts';
import { databaseOf, type Deps } from '../../../deps.ts';
import { type Access, type AnyRoute, type Answer, route } from '../../../route.ts';
import { requireProof } from '../auth/proof.ts';
import { presentErasure, presentRequest } from './presenter.ts';
import * as schema from './schema.ts';

const tag = 'me';

/** A request of the caller; nobody else may see it. */
const own: Access<DataRequestView> = {
  resource: 'request',
  load: async (deps, principal, { requestId = '' }) => {
    const found = await findDataRequest((text, values) => read(databaseOf(deps, 'user'), text, values), requestId);
    return found?.accountId === principal.userId ? found : null;
  },
};

const exportMe = route({
  service: 'user',
  method: 'post',
  path: '/v1/me/export',
  operationId: 'exportMe',
  tag,
  summary: 'Ask for everything that is known of me',
  description: `All services give their part; the request shows when the ZIP is there, and a mail tells. It is kept for ${EXPORT_DAYS} days, or until the next one; ${EXPORTS_PER_DAY} a day are the most.`,
  answers: { 202: { description: 'The request; its process collects.', schema: schema.dataRequest, headers: ['Location'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { userId, sessionId } = request.principal;
      const id = await requestExport(tx, userId);
      const who = { actorId: userId, subjectId: userId, sessionId, address: request.address };
      await audit(tx, { action: 'data.export_requested', ...who, data: { requestId: id } });
      return accepted(tx, request.deps, id);
    }),
});

const ERASE = {
  service: 'user',
  tag,
  body: schema.erase,
  rate: 'sign-in',
  answers: { 202: { description: 'The request; its process erases.', schema: schema.dataRequest, headers: ['Location'] } },
  problems: [409],
} as const;

const ERASE_DESCRIPTION = `Wants the password, or a sign-in of the last ten minutes. Your name, address and words go everywhere, your tokens die within a second, reminders stop. What others share with you stays whole: amounts and dates remain, under a name that says nothing. A debt keeps its place in the group, for which an owner or admin acts; a group that you own goes to the member of the highest role, then of the longest standing, and one without other accounts is deleted for good. \`statusUrl\` tells how far it is when your tokens are dead.`;

const eraseMe = route({
  ...ERASE,
  method: 'post',
  path: '/v1/me/erase',
  operationId: 'eraseMe',
  summary: 'Erase my account',
  description: ERASE_DESCRIPTION,
  handle: async (request) => {
    await requireProof(request, request.body.password);
    return request.command((tx) => asked(tx, request));
  },
});

const deleteMe = route({
  ...ERASE,
  method: 'delete',
  path: '/v1/me',
  operationId: 'deleteMe',
  summary: 'Erase my account',
  description: `The same as POST /v1/me/erase. ${ERASE_DESCRIPTION}`,
  precondition: true,
  handle: async (request) => {
    await requireProof(request, request.body.password);
    return request.command(async (tx) => {
      const account = await lockAccount(tx, request.principal.userId);
      request.checkVersion(account.version);
      return asked(tx, request);
    });
  },
});

const get = route({
  service: 'user',
  method: 'get',
  path: '/v1/me/requests/:requestId',
  operationId: 'getDataRequest',
  tag,
  summary: 'Read how far an export or erasure of mine is',
  description: 'The access token that asked for an erasure is good for this, and for nothing else, until it expires.',
  access: own,
  params: schema.requestParams,
  answers: { 200: { description: 'The request.', schema: schema.dataRequest } },
  handle: async (request) => ({
    status: 200,
    body: presentRequest(request.resource, request.deps),
  }),
});

const cancel = route({
  service: 'user',
  method: 'post',
  path: '/v1/me/requests/:requestId/cancel',
  operationId: 'cancelDataRequest',
  tag,
  summary: 'Take an export or erasure back',
  description: 'An export while it runs, an erasure before it begins.',
  access: own,
  params: schema.requestParams,
  answers: { 200: { description: 'The request, cancelled.', schema: schema.dataRequest } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { userId, sessionId } = request.principal;
      const { requestId } = request.params;
      await cancelRequest(tx, requestId, userId);
      const who = { actorId: userId, subjectId: userId, sessionId, address: request.address };
      await audit(tx, { action: 'data.request_cancelled', ...who, data: { requestId } });
      return { status: 200, body: await presented(tx, request.deps, requestId) };
    }),
});

const download = route({
  service: 'user',
  method: 'get',
  path: '/v1/me/requests/:requestId/download',
  operationId: 'downloadExport',
  tag,
  summary: 'Get the ZIP of an export of mine',
  description:
    'One folder for each service, and `manifest.json` with the version of the format, when it was made, and the rows, bytes and SHA-256 of each file.',
  access: own,
  params: schema.requestParams,
  answers: {
    200: { description: 'The ZIP.', schema: schema.archive, contentType: 'application/zip', headers: ['Content-Disposition'] },
  },
  problems: [409],
  handle: async (request) => {
    const { id, archive } = request.resource;
    const { userId, sessionId } = request.principal;
    if (archive === null) throw refusal('export_not_ready', 'There is no ZIP of this request now.');
    await request.command(async (tx) => {
      const who = { actorId: userId, subjectId: userId, sessionId, address: request.address };
      await audit(tx, { action: 'data.exported', ...who, data: { requestId: id } });
      return { status: 200 };
    });
    return {
      status: 200,
      headers: {
        'Content-Type': 'application/zip',
        'Content-Length': String(archive.bytes),
        'Content-Disposition': `attachment; filename="safesplitx-${id}.zip"`,
      },
      body: Readable.from(readArchive(request.db, archive.id)),
    };
  },
});

const follow = route({
  service: 'user',
  method: 'get',
  path: '/v1/erasures/:erasureToken',
  operationId: 'getErasure',
  tag,
  summary: 'Read how far an erasure is, by its link',
  description: 'For who cannot sign in any more: the link is in the answer to the request and in the last mail. It names nobody.',
  params: schema.erasureParams,
  answers: { 200: { description: 'How far it is.', schema: schema.erasure } },
  handle: async (request) => {
    const requestId = readLinkedToken(request.deps.secrets, 'erasure', request.params.erasureToken);
    const found = requestId === null ? null : await findDataRequest(request.read, requestId);
    if (found === null) throw refusal('not_found', 'There is no such erasure.');
    return { status: 200, body: presentErasure(found) };
  },
});

/** Operations on what people ask for about their own data. */
export const requestRoutes: readonly AnyRoute[] = [exportMe, eraseMe, deleteMe, get, cancel, download, follow];

async function asked(tx: Tx, request: { deps: Deps; principal: { userId: string; sessionId: string }; address: string }): Promise<Answer> {
  const { userId, sessionId } = request.principal;
  const id = await requestErasure(tx, userId, request.deps.env.ERASURE_GRACE_MINUTES);
  const who = { actorId: userId, subjectId: userId, sessionId, address: request.address };
  await audit(tx, { action: 'account.erasure_requested', ...who, data: { requestId: id } });
  return accepted(tx, request.deps, id);
}

async function accepted(tx: Tx, deps: Deps, requestId: string): Promise<Answer> {
  return { status: 202, headers: { Location: `/v1/me/requests/${requestId}` }, body: await presented(tx, deps, requestId) };
}

async function presented(tx: Tx, deps: Deps, requestId: string): Promise<Record<string, unknown>> {
  const found = await findDataRequest(tx.query, requestId);
  if (found === null) throw new Error(`request ${requestId} vanished within its own request`);
  return presentRequest(found, deps);
}
