/** Ways out of the house; a new one is a file beside this, a line in registry.ts and one here. */
export const CHANNELS = ['email'] as const;
export type ChannelName = (typeof CHANNELS)[number];

/** A message as every channel takes it. */
export interface Message {
  /** Same key, same message: whoever receives it twice can tell. At most 64 characters of `[0-9a-z-]`. */
  readonly key: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What a channel says of a message. `code` is a short word without personal data, such as `smtp_550`.
 *
 * - `sent`: the next hop has taken it over.
 * - `retry`: not now; the same message may be taken later.
 * - `refused`: this address will never take it.
 */
export type SendResult =
  | { readonly outcome: 'sent'; readonly providerRef: string }
  | { readonly outcome: 'retry'; readonly code: string }
  | { readonly outcome: 'refused'; readonly code: string };

/** One way to reach a person. */
export interface Channel {
  readonly name: ChannelName;
  /** Hands a message over. Never throws: what went wrong is a value. Ends within 40 s. */
  send(message: Message): Promise<SendResult>;
  /** Ends its connections. */
  close(): void;
}
