// Goal: the page and its data are for people at this machine only, and news reaches an open page by itself. Method: plain HTTP.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import nodemailer from 'nodemailer';
import { openWorld, type TestWorld } from '../test-world.ts';

describe('sandbox page', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  const statusFor = (path: string, headers: Record<string, string>, method = 'GET') =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request(`${world.doubles.sandboxUrl}${path}`, { headers, method }, (response) => resolve(response.resume().statusCode));
      sent.on('error', reject).end();
    });

  it('page, style and script, come from here alone and may load nothing from elsewhere', async () => {
    for (const path of ['/', '/page.css', '/page.js']) {
      const response = await fetch(`${world.doubles.sandboxUrl}${path}`);
      assert.equal(response.status, 200);
      assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'self'; script-src 'self'/);
      assert.doesNotMatch(await response.text(), /(src|href)="https?:/);
    }
  });

  it('another name or another page as origin, is refused', async () => {
    assert.equal(await statusFor('/', { host: 'evil.example' }), 403);
    assert.equal(await statusFor('/_sandbox/mails', { host: 'evil.example' }), 403);
    assert.equal(await statusFor('/_sandbox/faults', { origin: 'https://evil.example' }, 'DELETE'), 403);
    assert.equal(await statusFor('/_sandbox/faults', { origin: world.doubles.sandboxUrl }, 'DELETE'), 200);
    assert.equal(await statusFor('/elsewhere', {}), 404);
  });

  it('a mail arrives, open pages are told', async () => {
    const stop = new AbortController();
    const stream = await fetch(`${world.doubles.sandboxUrl}/_sandbox/stream`, { signal: stop.signal });
    const sender = nodemailer.createTransport({ host: '127.0.0.1', port: world.doubles.smtpPort });
    const sending = sender.sendMail({ from: 'a@example.org', to: 'b@example.org', subject: 'news', text: 'news' });
    let told = '';
    const decoder = new TextDecoder();
    for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
      told += decoder.decode(chunk);
      if (told.includes('event: mails')) break;
    }
    await sending;
    stop.abort();
  });
});
