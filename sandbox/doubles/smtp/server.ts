import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import PostalMime from 'postal-mime';
import { SMTPServer, type SMTPServerAddress } from 'smtp-server';
import { SmtpFaults } from './faults.ts';
import { Mailbox } from './mailbox.ts';

/** Larger mails are refused with 552. */
const MAIL_MAX_BYTES = 25 * 1_048_576;

type MailStream = Readable & { readonly sizeExceeded?: boolean };

/** What the double of a mail server needs. */
export interface SmtpDoubleOptions {
  /** Where mails are kept. */
  readonly folder: string;
  readonly port: number;
  readonly changed: () => void;
}

/** A mail server that accepts everything, from anyone, and delivers to nobody. */
export class SmtpDouble {
  readonly mailbox: Mailbox;
  readonly faults = new SmtpFaults();
  readonly #server: SMTPServer;
  readonly #changed: () => void;

  private constructor(options: SmtpDoubleOptions) {
    this.mailbox = new Mailbox(options.folder);
    this.#changed = options.changed;
    this.#server = new SMTPServer({
      authOptional: true,
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      disableReverseLookup: true,
      hideSize: false,
      size: MAIL_MAX_BYTES,
      closeTimeout: 200,
      logger: false,
      onAuth: (auth, _session, done) => done(null, { user: auth.username ?? 'anyone' }),
      onRcptTo: (address, _session, done) => done(this.#refusal(address)),
      onData: (stream, session, done) => {
        void this.#answerFor(stream, session.envelope.mailFrom, session.envelope.rcptTo).then(done, done);
      },
    });
    // A client that breaks off its connection is no reason to end.
    this.#server.on('error', () => undefined);
  }

  /**
   * Listens on 127.0.0.1.
   *
   * @throws Error with code EADDRINUSE when the port is taken.
   */
  static async start(options: SmtpDoubleOptions): Promise<SmtpDouble> {
    const double = new SmtpDouble(options);
    await new Promise<void>((resolve, reject) => {
      double.#server.server.once('error', reject);
      double.#server.listen(options.port, '127.0.0.1', resolve);
    });
    return double;
  }

  /** The port it listens on. */
  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  /** Stops listening, ends sessions and closes the file. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.mailbox.close();
  }

  #refusal(address: SMTPServerAddress): Error | null {
    const refusal = this.faults.refusalFor(address.address);
    return refusal ? withCode(refusal.code, refusal.message) : null;
  }

  /** The refusal that the sender hears, or null when the mail is kept. */
  async #answerFor(stream: MailStream, from: SMTPServerAddress | false, to: readonly SMTPServerAddress[]): Promise<Error | null> {
    try {
      await this.#receive(stream, from, to);
      return stream.sizeExceeded ? withCode(552, 'Message is larger than this server takes') : null;
    } catch (error) {
      return withCode(451, error instanceof Error ? error.message : 'The mail could not be kept');
    }
  }

  async #receive(stream: MailStream, from: SMTPServerAddress | false, to: readonly SMTPServerAddress[]): Promise<void> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size <= MAIL_MAX_BYTES) chunks.push(chunk);
    }
    if (stream.sizeExceeded) return;
    const parsed = await PostalMime.parse(Buffer.concat(chunks));
    await this.mailbox.add({
      from: parsed.from?.address ?? (from ? from.address : ''),
      to: to.map((recipient) => recipient.address.toLowerCase()),
      subject: parsed.subject ?? '',
      text: parsed.text ?? '',
      html: parsed.html ?? '',
      headers: parsed.headers.map(({ key, value }) => ({ name: key, value })),
      attachments: parsed.attachments.map(({ filename, mimeType, content }) => ({
        name: filename ?? '',
        type: mimeType,
        sizeBytes: typeof content === 'string' ? content.length : content.byteLength,
      })),
    });
    this.#changed();
  }
}

function withCode(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
