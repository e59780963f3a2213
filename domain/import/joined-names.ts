import { refusal } from '../refusal.ts';
import { oneLine } from './check.ts';
import { quoted } from './reading.ts';

/**
 * Makes a reader of cells that hold several names joined by commas. A name may have commas itself: those that are known
 * are found as a whole, and whoever is known counts before whoever is not.
 *
 * @param known names of the file and of the caller, as one line each.
 * @returns reads one cell. It throws RefusalError ambiguous_name where there are two ways to read it.
 */
export function joinedNames(known: Iterable<string>): (text: string) => string[] {
  const names = new Set(known);
  /** Pieces of names that have commas, by their first piece. */
  const compounds = new Map<string, Compound[]>();
  for (const name of names) {
    const pieces = piecesOf(name);
    const [first] = pieces;
    if (first === undefined || pieces.length < 2) continue;
    compounds.set(first, [...(compounds.get(first) ?? []), { name, pieces }]);
  }
  return (text) => {
    const pieces = piecesOf(text);
    return compounds.size === 0 ? pieces : cut(text, pieces, names, compounds);
  };
}

interface Compound {
  readonly name: string;
  readonly pieces: readonly string[];
}

/** The best way to read a cell from some piece on. */
interface Way {
  readonly unknown: number;
  /** Whether another way has as few names that nobody knows. */
  readonly tied: boolean;
  readonly name: string;
  readonly next: number;
}

function piecesOf(text: string): string[] {
  return text.split(',').flatMap((piece) => (piece.trim() === '' ? [] : [oneLine(piece)]));
}

function cut(
  text: string,
  pieces: readonly string[],
  names: ReadonlySet<string>,
  compounds: ReadonlyMap<string, readonly Compound[]>,
): string[] {
  const ways: Way[] = [];
  ways[pieces.length] = { unknown: 0, tied: false, name: '', next: pieces.length };
  for (let at = pieces.length - 1; at >= 0; at -= 1) {
    const piece = pieces[at] ?? '';
    const whole = (compounds.get(piece) ?? []).filter((one) => one.pieces.every((part, index) => pieces[at + index] === part));
    const choices = [
      ...whole.map(({ name, pieces: { length } }) => ({ name, next: at + length, unknown: 0 })),
      { name: piece, next: at + 1, unknown: names.has(piece) ? 0 : 1 },
    ].map((choice) => ({ ...choice, unknown: choice.unknown + (ways[choice.next]?.unknown ?? 0) }));
    const least = Math.min(...choices.map(({ unknown }) => unknown));
    const best = choices.filter(({ unknown }) => unknown === least);
    const [first] = best;
    if (first !== undefined) ways[at] = { ...first, tied: best.length > 1 || ways[first.next]?.tied === true };
  }
  if (ways[0]?.tied === true) throw refusal('ambiguous_name', `${quoted(text)} can be read as the names of different people.`);
  const found: string[] = [];
  for (let way = ways[0]; way !== undefined && way.name !== ''; way = ways[way.next]) found.push(way.name);
  return found;
}
