import type { RateSourceName } from '../../../domain/fx.ts';

/** What one source published for one business day. */
export interface PublishedDay {
  /** Business day, `YYYY-MM-DD`. */
  readonly publishedOn: string;
  /** By currency, what one euro buys: plain decimals above zero. The euro itself is not among them. */
  readonly perEuro: ReadonlyMap<string, string>;
}

/** A publisher of rates; every adapter passes the contract suite beside this file. */
export interface RateSource {
  readonly name: RateSourceName;
  /**
   * Asks for what was published.
   *
   * @param since the newest day that is known already; null asks for all there is.
   * @returns every day after it, the newest first, and that day itself again where it comes along anyway; never one day twice.
   * @throws RateSourceAway when it is not reached, is slow, says too much or something else than rates.
   */
  published(since: string | null): Promise<readonly PublishedDay[]>;
}

/** The source gave no usable rates. The message is for logs and operators: a short word, nothing that the source said. */
export class RateSourceAway extends Error {
  override readonly name = 'RateSourceAway';
}
