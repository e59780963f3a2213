// Goal: every channel keeps the promises of channel.ts. Method: one suite over each adapter against a server that speaks its
// protocol; a new channel is one more row in CHANNELS_UNDER_TEST.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { v7 as uuidv7 } from 'uuid';
import type { Mail } from '../../../sandbox/doubles/smtp/mailbox.ts';
import { control, openWorld, type TestWorld } from '../../../sandbox/doubles/test-world.ts';
import type { Channel, Message } from './channel.ts';
import { createEmailChannel } from './email.ts';

const FROM = 'SafeSplitX <no-reply@safesplitx.example>';

interface ChannelUnderTest {
  readonly name: string;
  /** The channel, towards the double or another address. */
  open(world: TestWorld, port?: number): Channel;
  address(): string;
  refuse(world: TestWorld, to: string, how: 'for now' | 'for good'): Promise<unknown>;
  received(world: TestWorld, to: string): Promise<{ key: string; subject: string; text: string; headers: ReadonlyMap<string, string> }[]>;
}

const CHANNELS_UNDER_TEST: readonly ChannelUnderTest[] = [
  {
    name: 'email',
    open: (world, port) => createEmailChannel({ smtpUrl: `smtp://127.0.0.1:${port ?? world.doubles.smtpPort}`, from: FROM }),
    address: () => `${uuidv7()}@example.com`,
    refuse: (world, to, how) =>
      control(world.doubles, 'POST', '/_sandbox/smtp-faults', { rules: [{ to, code: how === 'for now' ? 450 : 550 }] }),
    received: async (world, to) => {
      const mails = (await control(world.doubles, 'GET', `/_sandbox/mails?to=${encodeURIComponent(to)}`))['data'] as Mail[];
      return mails.map((mail) => {
        const headers = new Map(mail.headers.map(({ name, value }) => [name.toLowerCase(), value]));
        return { key: /^<(.*)@/.exec(headers.get('message-id') ?? '')?.[1] ?? '', subject: mail.subject, text: mail.text, headers };
      });
    },
  },
];

for (const subject of CHANNELS_UNDER_TEST) {
  describe(`channel ${subject.name}`, () => {
    let world: TestWorld;
    const open: { close(): void }[] = [];
    before(async () => {
      world = await openWorld();
    });
    afterEach(() => control(world.doubles, 'DELETE', '/_sandbox/smtp-faults'));
    after(async () => {
      open.forEach((channel) => channel.close());
      await world.close();
    });
    const channel = (port?: number): Channel => {
      const made = subject.open(world, port);
      open.push(made);
      return made;
    };
    const message = (to: string): Message => ({
      key: uuidv7(),
      to,
      subject: 'Gruß ✓',
      text: 'Hello\n.\nTo: nobody@example.com',
      html: '<p>Hello</p>',
      headers: { 'X-SafeSplitX-Token': 'abc' },
    });

    it('a message, taken, arrives once with its key and headers', async () => {
      const sent = message(subject.address());
      const result = await channel().send(sent);
      assert.equal(result.outcome, 'sent');
      const [got, ...more] = await subject.received(world, sent.to);
      assert.deepEqual([more.length, got?.key, got?.subject, got?.headers.get('x-safesplitx-token')], [0, sent.key, sent.subject, 'abc']);
      assert.match(got!.text, /^\.$/m);
    });

    it('a message, sent again, carries the same key, by which a reader recognises it', async () => {
      const [sent, one] = [message(subject.address()), channel()];
      await one.send(sent);
      await one.send(sent);
      assert.deepEqual(
        (await subject.received(world, sent.to)).map(({ key }) => key),
        [sent.key, sent.key],
      );
    });

    it('a refusal for now, and one for good, are told apart', async () => {
      const sent = message(subject.address());
      await subject.refuse(world, sent.to, 'for now');
      assert.equal((await channel().send(sent)).outcome, 'retry');
      await subject.refuse(world, sent.to, 'for good');
      assert.equal((await channel().send(sent)).outcome, 'refused');
      assert.deepEqual(await subject.received(world, sent.to), []);
    });

    it('a code, of any failure, holds nothing of the message', async () => {
      const sent = message(subject.address());
      await subject.refuse(world, sent.to, 'for good');
      const result = await channel().send(sent);
      assert.match('code' in result ? result.code : '', /^[a-z0-9_]{1,40}$/);
    });

    it('a server that is not there, or closes at once, is one for later', async () => {
      const closing = await listenAndClose();
      try {
        const { port } = closing.address() as AddressInfo;
        assert.equal((await channel(port).send(message(subject.address()))).outcome, 'retry');
      } finally {
        await new Promise((resolve) => closing.close(resolve));
      }
      const gone = (closing.address() as AddressInfo | null)?.port ?? 1;
      assert.equal((await channel(gone).send(message(subject.address()))).outcome, 'retry');
    });

    it('an address with a second recipient in it, reaches neither', async () => {
      const [first, second] = [subject.address(), subject.address()];
      const result = await channel().send(message(`${first}>, <${second}`));
      assert.notEqual(result.outcome, 'sent');
      assert.deepEqual([await subject.received(world, first), await subject.received(world, second)], [[], []]);
    });

    it('a hundred at once, all arrive', async () => {
      const [one, to] = [channel(), subject.address()];
      const results = await Promise.all(Array.from({ length: 100 }, () => one.send(message(to))));
      assert.ok(results.every(({ outcome }) => outcome === 'sent'));
      assert.equal((await subject.received(world, to)).length, 100);
    });
  });
}

describe('channel email, without a mail server', () => {
  it('every message waits for one', async () => {
    const channel = createEmailChannel({ smtpUrl: undefined, from: FROM });
    const message: Message = { key: uuidv7(), to: 'ana@example.com', subject: 's', text: 't', html: 'h', headers: {} };
    assert.deepEqual(await channel.send(message), { outcome: 'retry', code: 'smtp_not_configured' });
  });
});

async function listenAndClose(): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
