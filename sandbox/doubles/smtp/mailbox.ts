import { join } from 'node:path';
import { DurableLog } from '../durable-log.ts';

/** A mail as it arrived. */
export interface Mail {
  readonly id: string;
  /** Counts from 1; never used again, also after mails were deleted. */
  readonly seq: number;
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly from: string;
  /** The addresses it was delivered to (`RCPT TO`), in lower case. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly attachments: readonly { readonly name: string; readonly type: string; readonly sizeBytes: number }[];
}

/** What a search may ask. */
export interface MailQuery {
  /** Whole address, in any case. */
  readonly to?: string | undefined;
  /** Part of the subject, in any case. */
  readonly subject?: string | undefined;
  /** Only mails with a greater `seq`, or later than this ISO time. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

type Line = { readonly mail: Mail } | { readonly cleared: number };

/** The latest mails are kept, older ones forgotten. */
const MAILS_MAX = 5_000;
/** Bodies above this are cut, so that 5,000 mails stay in memory. */
const BODY_MAX_CHARACTERS = 100_000;

/** Mails that were received, kept across restarts. */
export class Mailbox {
  readonly #log: DurableLog<Line>;
  #mails: Mail[] = [];
  #seq = 0;

  constructor(folder: string) {
    let lines = 0;
    this.#log = DurableLog.open<Line>(join(folder, 'mails.jsonl'), (line) => {
      lines += 1;
      this.#apply(line);
    });
    if (lines > 2 * MAILS_MAX) this.#log.rewrite([{ cleared: this.#seq }, ...this.#mails.map((mail) => ({ mail }))]);
  }

  /**
   * Keeps a mail.
   *
   * @returns the mail, once it is on the disk: only then may the sender be told that it was accepted.
   */
  async add(content: Omit<Mail, 'id' | 'seq' | 'at'>): Promise<Mail> {
    const seq = this.#seq + 1;
    const mail: Mail = {
      ...content,
      id: `mail_${seq}`,
      seq,
      at: new Date().toISOString(),
      text: content.text.slice(0, BODY_MAX_CHARACTERS),
      html: content.html.slice(0, BODY_MAX_CHARACTERS),
    };
    this.#apply({ mail });
    await this.#log.append({ mail });
    return mail;
  }

  /** Mails that match, newest first. */
  find(query: MailQuery = {}): readonly Mail[] {
    const to = query.to?.toLowerCase();
    const subject = query.subject?.toLowerCase();
    const found: Mail[] = [];
    for (const mail of this.#mails.toReversed()) {
      if (found.length >= (query.limit ?? 100)) break;
      if (to !== undefined && !mail.to.includes(to)) continue;
      if (subject !== undefined && !mail.subject.toLowerCase().includes(subject)) continue;
      if (query.after === undefined || isAfter(mail, query.after)) found.push(mail);
    }
    return found;
  }

  /** Reads one mail. */
  get(id: string): Mail | undefined {
    return this.#mails.find((mail) => mail.id === id);
  }

  /** How many mails are kept. */
  get size(): number {
    return this.#mails.length;
  }

  /** Forgets all mails. */
  async clear(): Promise<void> {
    this.#apply({ cleared: this.#seq });
    await this.#log.append({ cleared: this.#seq });
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#log.close();
  }

  #apply(line: Line): void {
    if ('cleared' in line) {
      this.#mails = [];
      this.#seq = Math.max(this.#seq, line.cleared);
      return;
    }
    this.#mails.push(line.mail);
    this.#seq = Math.max(this.#seq, line.mail.seq);
    if (this.#mails.length > MAILS_MAX) this.#mails.shift();
  }
}

function isAfter(mail: Mail, after: string): boolean {
  return /^\d{1,12}$/.test(after) ? mail.seq > Number(after) : Date.parse(mail.at) > Date.parse(after);
}
