import type { Consumer } from '../db/consume.ts';

/** Every consumer: who follows whose events, and which. A new one is one line. */
export const CONSUMERS: readonly Consumer[] = [];
