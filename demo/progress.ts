import { Presets, SingleBar } from 'cli-progress';

/** A bar that grows. */
export interface Bar {
  tick(): void;
  done(): void;
}

/** Shows on standard error what the demo is doing, so that standard output holds results only. */
export interface Progress {
  /** A new part of the story begins. */
  step(text: string): void;
  /** Something worth a line. */
  note(text: string): void;
  bar(label: string, total: number): Bar;
}

/** Without a terminal, a bar is a line at each quarter. */
const QUARTERS = 4;

/** Writes to a terminal with a live bar, to anything else in whole lines. */
export function createProgress(output: NodeJS.WriteStream = process.stderr): Progress {
  let open: SingleBar | undefined;
  const line = (text: string): void => {
    // A line in the middle of a bar goes above it.
    if (open !== undefined && output.isTTY) output.write('\r\u001b[K');
    output.write(`${text}\n`);
  };
  return {
    step: (text) => line(`• ${text}`),
    note: (text) => line(`  ${text}`),
    bar(label, total) {
      if (!output.isTTY) return sparseBar(label, total, line);
      const format = `  ${label} {bar} {value}/{total}`;
      const bar = new SingleBar({ format, stream: output, hideCursor: true, clearOnComplete: true, barsize: 30 }, Presets.shades_classic);
      open = bar;
      bar.start(total, 0);
      return {
        tick: () => bar.increment(),
        done: () => {
          bar.stop();
          open = undefined;
          line(`  ${label}: ${total}`);
        },
      };
    },
  };
}

function sparseBar(label: string, total: number, line: (text: string) => void): Bar {
  let count = 0;
  let shown = 0;
  return {
    tick: () => {
      count += 1;
      const quarter = Math.floor((count * QUARTERS) / total);
      if (quarter === shown) return;
      shown = quarter;
      line(`  ${label}: ${count} of ${total}`);
    },
    done: () => undefined,
  };
}
