/**
 * A small seeded generator (mulberry32): the same seed gives the same numbers on every machine, so a run with faults repeats.
 *
 * @param seed any integer; only its low 32 bits count.
 * @returns a function that yields numbers from 0 up to, not including, 1.
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
