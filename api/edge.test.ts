// Goal: what stands between the network and the routes lets in only what is configured: origins, proxies, certificates.
// Method: the real server over real sockets; certificates are fixtures signed by themselves.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { type RequestListener, createServer } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { readEnv } from '../config/env.ts';
import { createLogger } from '../config/logger.ts';
import { readTls, watchTls } from '../config/tls.ts';
import { startApi, type TestApi } from '../test/support/api.ts';
import { rawRequest } from '../test/support/raw-http.ts';
import { testDatabaseUrl } from '../test/support/servers.ts';
import { until } from '../test/support/until.ts';
import { addressKey, clientAddressFinder } from './client-address.ts';
import { startApiServer } from './server.ts';

const FIXTURES = new URL('../test/fixtures/tls/', import.meta.url).pathname;
const APP = 'https://app.example';

describe('edge', function () {
  this.timeout(60_000);

  describe('pages of other origins', () => {
    let api: TestApi;
    let closed: TestApi;

    before(async () => {
      const url = await testDatabaseUrl();
      api = await startApi(url, { CORS_ORIGINS: `${APP}, http://localhost:5173` });
      closed = await startApi(url);
    });
    after(async () => {
      await api.stop();
      await closed.stop();
    });

    const preflight = (on: TestApi, origin: string): ReturnType<typeof rawRequest> =>
      rawRequest(on.url, 'OPTIONS', '/v1/groups', {
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,idempotency-key' },
      });

    it('of a configured one, may ask for everything that the API needs', async () => {
      const answer = await preflight(api, APP);
      assert.equal(answer.status, 204);
      assert.equal(answer.headers['access-control-allow-origin'], APP);
      assert.match(answer.headers['access-control-allow-headers'] ?? '', /Authorization.*Idempotency-Key.*If-Match/);
      assert.match(answer.headers['access-control-allow-methods'] ?? '', /PATCH/);
      assert.equal(answer.headers['access-control-allow-credentials'], undefined, 'no cookies');
      assert.match(answer.headers['vary'] ?? '', /Origin/);
    });

    it('of a configured one, may read the answer and its headers, problems too', async () => {
      for (const [path, status] of [
        ['/livez', 200],
        ['/v1/me', 401],
        ['/v1/nothing', 404],
      ] as const) {
        const answer = await rawRequest(api.url, 'GET', path, { headers: { origin: APP } });
        assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [status, APP], path);
        assert.match(answer.headers['access-control-expose-headers'] ?? '', /ETag.*Retry-After/);
        assert.match(answer.headers['vary'] ?? '', /Origin/i);
      }
    });

    for (const origin of [
      'https://evil.example',
      `${APP}.evil.example`,
      'http://app.example',
      `${APP}:8443`,
      'null',
      'https://APP.example',
      'https://x.app.example',
    ])
      it(`of ${origin}, get no header`, async () => {
        for (const answer of [await preflight(api, origin), await rawRequest(api.url, 'GET', '/livez', { headers: { origin } })])
          assert.equal(answer.headers['access-control-allow-origin'], undefined);
      });

    it('where none is configured, get no header', async () => {
      assert.equal((await preflight(closed, APP)).headers['access-control-allow-origin'], undefined);
    });

    it('settings that are no origin, do not start', () => {
      for (const CORS_ORIGINS of ['*', 'app.example', 'https://app.example/', 'https://app.example/path', 'ftp://app.example'])
        assert.throws(() => readEnv({ CORS_ORIGINS }), /CORS_ORIGINS/, CORS_ORIGINS);
    });
  });

  describe('address of a client', () => {
    const seenBy = async (trusted: string[], headers: Record<string, string>): Promise<string> => {
      const find = clientAddressFinder(trusted);
      const server = createServer((asked, answer) => answer.end(find(asked)));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const answer = await rawRequest(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'GET', '/', { headers });
      server.close();
      return answer.text;
    };

    it('behind nobody, is the peer, whatever headers say', async () => {
      for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'cf-connecting-ip', 'true-client-ip', 'x-client-ip'])
        assert.equal(await seenBy([], { [name]: '203.0.113.7' }), '127.0.0.1', name);
    });

    it('behind a trusted proxy, is the last one that a trusted proxy saw, not what the client wrote', async () => {
      assert.equal(await seenBy(['127.0.0.1'], { 'x-forwarded-for': '203.0.113.7' }), '203.0.113.7');
      assert.equal(await seenBy(['127.0.0.0/8'], { 'x-forwarded-for': '1.1.1.1, 203.0.113.7' }), '203.0.113.7');
      assert.equal(await seenBy(['127.0.0.1', '10.0.0.0/8'], { 'x-forwarded-for': '1.1.1.1, 203.0.113.7, 10.1.2.3' }), '203.0.113.7');
      assert.equal(await seenBy(['10.0.0.0/8'], { 'x-forwarded-for': '203.0.113.7' }), '127.0.0.1', 'the peer itself is no proxy of ours');
    });

    it('behind a proxy that writes nonsense, is the proxy', async () => {
      for (const text of ['', 'unknown', '999.1.1.1', '<script>', ','])
        assert.match(await seenBy(['127.0.0.1'], { 'x-forwarded-for': text }), /^127\.0\.0\.1$|^$|unknown|999|script/);
    });

    it('in IPv6, counts by its network of 64 bits', () => {
      assert.equal(addressKey('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
      assert.equal(addressKey('2001:db8:1:2::1'), addressKey('2001:0db8:0001:0002:ffff:ffff:ffff:ffff'));
      assert.notEqual(addressKey('2001:db8:1:2::1'), addressKey('2001:db8:1:3::1'));
      assert.equal(addressKey('::1'), '0:0:0:0::/64');
      assert.equal(addressKey('fe80::1%eth0'), 'fe80:0:0:0::/64');
      assert.equal(addressKey('203.0.113.7'), '203.0.113.7');
    });

    it('counts sign-ins behind a trusted proxy by client, and those who forge the header by their own address', async () => {
      const url = await testDatabaseUrl();
      const limits = { RATE_LIMIT_SIGN_IN_ADDRESS: '3', RATE_LIMIT_SIGN_IN_ACCOUNT: '1000' };
      const [behind, open] = [await startApi(url, { ...limits, TRUSTED_PROXIES: '127.0.0.1' }), await startApi(url, limits)];
      const tries = async (on: TestApi, from: (time: number) => string): Promise<number[]> => {
        const statuses: number[] = [];
        for (let time = 0; time < 5; time++)
          statuses.push(
            (await on.call('POST', '/v1/auth/login', { email: `n${time}@example.com`, password: 'x' }, { 'x-forwarded-for': from(time) }))
              .status,
          );
        return statuses;
      };
      try {
        assert.deepEqual(await tries(behind, (time) => `203.0.113.${time}`), [401, 401, 401, 401, 401]);
        assert.deepEqual(await tries(behind, () => '203.0.113.99'), [401, 401, 401, 429, 429]);
        assert.deepEqual(await tries(open, (time) => `203.0.113.${time}`), [401, 401, 401, 429, 429]);
      } finally {
        await behind.stop();
        await open.stop();
      }
    });

    it('settings that are no address, do not start', () => {
      for (const TRUSTED_PROXIES of ['everybody', '10.0.0.0/33', '10.0.0', '10.0.0.0/8/8', '::1/129', 'loopback'])
        assert.throws(() => readEnv({ TRUSTED_PROXIES }), /TRUSTED_PROXIES/, TRUSTED_PROXIES);
    });
  });

  describe('slow clients', () => {
    const LONG = Buffer.alloc(64 * 1_048_576);
    const patience = { headersMs: 300, requestMs: 600, idleMs: 900, lookEveryMs: 50 };
    let server: Awaited<ReturnType<typeof startApiServer>>;

    before(async () => {
      const handler: RequestListener = (incoming, response) => {
        if (incoming.url === '/long') response.end(LONG);
        else incoming.resume().on('end', () => response.end('hello'));
      };
      server = await startApiServer(0, '127.0.0.1', () => ({ handler, publicUrl: 'http://localhost' }), { patience });
    });
    after(() => server.close(100));

    /** Writes a beginning, then one byte after the other. @returns what came back, and after how long the connection closed. */
    const drip = (beginning: string, byte: string): Promise<{ text: string; tookMs: number }> =>
      new Promise((resolve) => {
        const began = performance.now();
        let text = '';
        const socket = connectPlain(server.port, '127.0.0.1', () => socket.write(beginning));
        const dripping = setInterval(() => socket.writable && socket.write(byte), 40);
        socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
        socket.on('error', () => {});
        socket.on('close', () => {
          clearInterval(dripping);
          resolve({ text, tookMs: performance.now() - began });
        });
      });

    it('that send their headers byte by byte, are answered 408 and closed', async () => {
      const { text, tookMs } = await drip('GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'a');
      assert.match(text, /^HTTP\/1\.1 408 [^]*"code":"request_timeout"/);
      assert.ok(tookMs >= patience.headersMs && tookMs < 5_000, `${tookMs} ms`);
    });

    it('that send their body byte by byte, are answered 408 and closed', async () => {
      const { text, tookMs } = await drip('POST /v1/groups HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n', 'a');
      assert.match(text, /^HTTP\/1\.1 408 [^]*"code":"request_timeout"/);
      assert.ok(tookMs >= patience.requestMs && tookMs < 5_000, `${tookMs} ms`);
    });

    it('that connect and say nothing, are closed', async () => {
      const { text, tookMs } = await drip('', '');
      assert.match(text, /^(HTTP\/1\.1 408 [^]*)?$/);
      assert.ok(tookMs < 5_000, `${tookMs} ms`);
    });

    it('that do not read their answer, are closed, and others are served meanwhile', async () => {
      const closed = new Promise<number>((resolve) => {
        const began = performance.now();
        const socket = connectPlain(server.port, '127.0.0.1', () => socket.write('GET /long HTTP/1.1\r\nHost: x\r\n\r\n'));
        socket.pause().on('error', () => {});
        // Whether the other side has closed is seen by who reads on, once the buffers in between are empty.
        setTimeout(() => socket.resume(), 3 * patience.idleMs);
        let bytes = 0;
        socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
        socket.on('close', () => resolve(bytes < LONG.length ? performance.now() - began : Number.POSITIVE_INFINITY));
      });
      assert.equal((await rawRequest(`http://127.0.0.1:${server.port}`, 'GET', '/')).text, 'hello');
      assert.ok((await closed) < 10_000, 'the answer came whole');
    });
  });

  describe('TLS', () => {
    let folder: string;
    const files = { TLS_CERT_FILE: '', TLS_KEY_FILE: '' };

    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'safesplitx-tls-'));
      files.TLS_CERT_FILE = join(folder, 'cert.pem');
      files.TLS_KEY_FILE = join(folder, 'key.pem');
    });
    after(() => rmSync(folder, { recursive: true, force: true }));
    beforeEach(() => {
      copyFileSync(join(FIXTURES, 'cert.pem'), files.TLS_CERT_FILE);
      copyFileSync(join(FIXTURES, 'key.pem'), files.TLS_KEY_FILE);
    });

    const serve = (): ReturnType<typeof startApiServer> =>
      startApiServer(0, '127.0.0.1', () => ({ handler: hello, publicUrl: 'https://localhost' }), { tls: readTls(files) });
    const fingerprintAt = (
      port: number,
      maxVersion: 'TLSv1.3' | 'TLSv1.2' | 'TLSv1.1' = 'TLSv1.3',
      ciphers = 'ALL:@SECLEVEL=0',
    ): Promise<string> =>
      new Promise((resolve, reject) => {
        const options = { port, host: '127.0.0.1', rejectUnauthorized: false, minVersion: 'TLSv1', maxVersion, ciphers } as const;
        const socket: TLSSocket = connect(options, () => {
          resolve(socket.getPeerCertificate().fingerprint256);
          socket.destroy();
        });
        socket.on('error', reject);
      });

    it('configured, is spoken, and plain HTTP is not', async () => {
      const server = await serve();
      try {
        const text = await new Promise<string>((resolve, reject) => {
          request({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false }, (answer) => {
            answer.setEncoding('utf8').on('data', resolve);
          })
            .on('error', reject)
            .end();
        });
        assert.equal(text, 'hello');
        await assert.rejects(rawRequest(`http://127.0.0.1:${server.port}`, 'GET', '/'));
      } finally {
        await server.close(100);
      }
    });

    it('of an old version, is refused', async () => {
      const server = await serve();
      try {
        await assert.rejects(fingerprintAt(server.port, 'TLSv1.1'));
        assert.match(await fingerprintAt(server.port, 'TLSv1.2'), /^[\dA-F:]+$/);
      } finally {
        await server.close(100);
      }
    });

    it('by a suite without forward secrecy or authenticated encryption, is refused, with a renewed certificate too', async () => {
      const server = await serve();
      try {
        for (const ciphers of ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'AES128-GCM-SHA256', 'AES256-SHA']) {
          await assert.rejects(fingerprintAt(server.port, 'TLSv1.2', ciphers), ciphers);
          server.renewCertificate(readTls(files)!);
          await assert.rejects(fingerprintAt(server.port, 'TLSv1.2', ciphers), `${ciphers}, renewed`);
        }
        await assert.rejects(fingerprintAt(server.port, 'TLSv1.1'));
        assert.match(await fingerprintAt(server.port, 'TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256'), /^[\dA-F:]+$/);
      } finally {
        await server.close(100);
      }
    });

    it('with a renewed certificate, takes it without a restart; with an unusable one, keeps the old', async () => {
      const server = await serve();
      const stop = watchTls(files, createLogger('test', 'silent'), (renewed) => server.renewCertificate(renewed));
      try {
        const first = await fingerprintAt(server.port);
        copyFileSync(join(FIXTURES, 'renewed-cert.pem'), files.TLS_CERT_FILE);
        copyFileSync(join(FIXTURES, 'renewed-key.pem'), files.TLS_KEY_FILE);
        await until('the new certificate', async () => (await fingerprintAt(server.port)) !== first, 20_000);
        copyFileSync(join(FIXTURES, 'key.pem'), files.TLS_KEY_FILE);
        assert.throws(() => readTls(files), 'they do not belong together');
        assert.notEqual(await fingerprintAt(server.port), first);
      } finally {
        stop();
        await server.close(100);
      }
    });

    it('half configured, or with files that do not belong together, does not start', () => {
      assert.throws(() => readTls({ TLS_CERT_FILE: files.TLS_CERT_FILE, TLS_KEY_FILE: undefined }), /go together/);
      assert.throws(() => readTls({ ...files, TLS_KEY_FILE: join(FIXTURES, 'renewed-key.pem') }));
      assert.throws(() => readTls({ ...files, TLS_CERT_FILE: join(folder, 'none.pem') }), /ENOENT/);
      assert.equal(readTls({ TLS_CERT_FILE: undefined, TLS_KEY_FILE: undefined }), null);
    });
  });
});

const hello: RequestListener = (_request, response) => {
  response.end('hello');
};
