// Goal: mails sent by the real client are kept as they were and refusals are those of a real server. Method: nodemailer.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import nodemailer from 'nodemailer';
import { control, openWorld, type TestWorld } from '../test-world.ts';
import type { Mail } from './mailbox.ts';

describe('smtp double', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  const transport = () =>
    nodemailer.createTransport({ host: '127.0.0.1', port: world.doubles.smtpPort, secure: false, auth: { user: 'any', pass: 'thing' } });
  const mailTo = (to: string) => ({
    from: 'Platform <no-reply@example.org>',
    to,
    subject: 'Prüfung ✓',
    text: 'Open https://example.org/verify?token=abc',
    html: '<p>Hi</p>',
    headers: { 'X-Case': 'one' },
  });
  const found = async (query: string) => (await control(world.doubles, 'GET', `/_sandbox/mails?${query}`))['data'] as Mail[];

  it('a mail, sent with authentication, is found by address, subject and place', async () => {
    const to = `${randomUUID()}@example.org`;
    await transport().sendMail(mailTo(to.toUpperCase()));
    const [mail] = await found(`to=${to}&subject=pr%C3%BCf`);
    assert.ok(mail);
    assert.deepEqual([mail.from, mail.to, mail.subject, mail.html.trim()], ['no-reply@example.org', [to], 'Prüfung ✓', '<p>Hi</p>']);
    assert.match(mail.text, /token=abc/);
    assert.equal(mail.headers.find((header) => header.name === 'x-case')?.value, 'one');
    assert.deepEqual(await found(`to=${to}&after=${mail.seq}`), []);
  });

  it('a refused recipient, temporarily once and for good, gets those codes, others are accepted', async () => {
    const [soft, hard, other] = [randomUUID(), randomUUID(), randomUUID()].map((name) => `${name}@example.org`) as [string, string, string];
    await control(world.doubles, 'POST', '/_sandbox/smtp-faults', {
      rules: [
        { to: soft, code: 450, times: 1 },
        { to: hard, code: 550, message: 'No such person' },
      ],
    });
    await assert.rejects(transport().sendMail(mailTo(soft)), { responseCode: 450 });
    await assert.rejects(transport().sendMail(mailTo(hard)), { responseCode: 550 });
    await transport().sendMail(mailTo(other));
    await transport().sendMail(mailTo(soft));
    assert.deepEqual(
      [(await found(`to=${soft}`)).length, (await found(`to=${hard}`)).length, (await found(`to=${other}`)).length],
      [1, 0, 1],
    );
  });

  it('restart and deletion, mails are kept, then forgotten, and numbers go on', async () => {
    const to = `${randomUUID()}@example.org`;
    await transport().sendMail(mailTo(to));
    world = await world.restart();
    const [kept] = await found(`to=${to}`);
    assert.ok(kept);
    await control(world.doubles, 'DELETE', '/_sandbox/mails');
    world = await world.restart();
    assert.deepEqual(await found(`to=${to}`), []);
    await transport().sendMail(mailTo(to));
    assert.ok(((await found(`to=${to}`))[0]?.seq ?? 0) > kept.seq);
  });
});
