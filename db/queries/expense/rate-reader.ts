import { rateDay } from '../../../domain/fx.ts';
import type { ServiceDatabase } from '../../orm.ts';
import { read, type Tx } from '../../transact.ts';
import { findRate, type RateQuestion, type RateView } from './fx-rates.ts';

/** How long a rate is believed; whoever records within this time after a correction gets the figure that stood before it. */
const BELIEVED_MS = 60_000;
/** Rates remembered, about 2 MB; beyond it all are forgotten. */
const REMEMBERED_MAX = 10_000;

const readers = new WeakMap<ServiceDatabase, RateReader>();

/** Finds one rate; see `findRate`. */
export type RateReader = (question: RateQuestion) => Promise<RateView | null>;

/** The reader of a process, for commands that must not wait for a second round trip: it remembers what it found. One per database. */
export function rateReader(db: ServiceDatabase): RateReader {
  const known = readers.get(db) ?? createReader(db);
  readers.set(db, known);
  return known;
}

/** The reader of one command, which asks in its own transaction and remembers for its length, as a bulk asks for the same days over and over. */
export function rateReaderIn(tx: Tx): RateReader {
  const asked = new Map<string, Promise<RateView | null>>();
  return (question) => {
    const key = `${question.base} ${question.quote} ${question.date}`;
    const found = asked.get(key) ?? findRate(tx.query, question, tx.now);
    asked.set(key, found);
    return found;
  };
}

function createReader(db: ServiceDatabase): RateReader {
  const remembered = new Map<string, { rate: RateView; until: number }>();
  return async (question) => {
    const now = new Date();
    const key = `${question.base} ${question.quote} ${rateDay(question.date, now.toISOString().slice(0, 10))}`;
    const kept = remembered.get(key);
    if (kept !== undefined && kept.until > now.getTime()) return kept.rate;
    const rate = await findRate((text, values) => read(db, text, values), question, now);
    if (rate === null) return null;
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    remembered.set(key, { rate, until: now.getTime() + BELIEVED_MS });
    return rate;
  };
}
