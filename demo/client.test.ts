// The demo's client: a request that a crash cuts off is repeated with the same key, and a refusal that means what it says is not.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError, createClient } from './client.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

describe('demo/client', () => {
  let server: Server;
  let answers: Answer[];
  let seen: { method: string; key: string | undefined; authorization: string | undefined }[];
  let url: string;

  const json =
    (status: number, body: object, headers: Record<string, string> = {}): Answer =>
    (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    };
  const cut: Answer = (request) => request.socket.destroy();
  const halfAnswered: Answer = (_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"half":', () => response.destroy());
  };

  beforeEach(async () => {
    answers = [];
    seen = [];
    server = createServer((request, response) => {
      const { method = '', headers } = request;
      seen.push({ method, key: headers['idempotency-key'] as string | undefined, authorization: headers.authorization });
      request.resume().on('end', () => (answers.shift() ?? json(200, { ok: true }))(request, response));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('a command that is cut off, half answered, or met by 5xx is repeated with one key until it is answered', async () => {
    answers = [cut, halfAnswered, json(500, {}), json(503, { code: 'unavailable' }, { 'retry-after': '0' }), json(201, { id: 'x' })];
    const troubles: string[] = [];
    const { status, body } = await createClient(url, (text) => troubles.push(text)).send('POST', '/v1/x', { body: {} });
    assert.deepEqual([status, body], [201, { id: 'x' }]);
    assert.equal(seen.length, 5);
    assert.equal(new Set(seen.map(({ key }) => key)).size, 1);
    assert.equal(troubles.length, 1);
  });

  it('a server that is away for a moment is found again', async () => {
    const { port } = server.address() as AddressInfo;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    const sent = createClient(url).send('POST', '/v1/x');
    setTimeout(() => server.listen(port, '127.0.0.1'), 300);
    assert.equal((await sent).status, 200);
  });

  it('429 and a key in progress are waited for, as long as they say', async () => {
    answers = [
      json(429, { code: 'rate_limited' }, { 'retry-after': '1' }),
      json(409, { code: 'idempotency_in_progress' }, { 'retry-after': '0' }),
    ];
    const began = Date.now();
    await createClient(url).send('POST', '/v1/x', { idempotencyKey: 'k' });
    assert.ok(Date.now() - began >= 1_000);
    assert.deepEqual(
      seen.map(({ key }) => key),
      ['k', 'k', 'k'],
    );
  });

  it('a refusal is thrown at once with its code, and each command has a key of its own', async () => {
    answers = [json(409, { code: 'overpayment', detail: 'Too much.', errors: [{ pointer: '/amount', detail: 'at most 5' }] })];
    const client = createClient(url);
    await assert.rejects(
      client.send('POST', '/v1/x'),
      (error) =>
        error instanceof ApiError &&
        error.code === 'overpayment' &&
        /409 overpayment: Too much. \(\/amount at most 5\)/.test(error.message),
    );
    await client.send('POST', '/v1/x');
    assert.notEqual(seen[0]?.key, seen[1]?.key);
  });

  it('a token that has run out is renewed once, and a look carries no key', async () => {
    answers = [json(401, { code: 'unauthenticated' }), json(200, {}), json(401, {}), json(401, {})];
    const client = createClient(url);
    const token = (renew: boolean) => Promise.resolve(renew ? 'new' : 'old');
    await client.send('GET', '/v1/me', { token });
    assert.deepEqual(seen, [
      { method: 'GET', key: undefined, authorization: 'Bearer old' },
      { method: 'GET', key: undefined, authorization: 'Bearer new' },
    ]);
    await assert.rejects(client.send('GET', '/v1/me', { token }), (error) => error instanceof ApiError && error.status === 401);
  });

  it('another kind of answer than JSON is asked for and given as text', async () => {
    let accepted: string | undefined;
    answers = [
      ({ headers }, response) => {
        accepted = headers.accept;
        response.writeHead(200, { 'content-type': 'image/svg+xml' }).end('<svg/>');
      },
    ];
    const { body } = await createClient(url).send('GET', '/v1/x', { accept: 'image/svg+xml' });
    assert.deepEqual([body, accepted], ['<svg/>', 'image/svg+xml, application/problem+json']);
  });
});
