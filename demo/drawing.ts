import { access, constants, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { XMLValidator } from 'fast-xml-parser';
import type { Ask, Cast } from './cast.ts';
import type { Check } from './checks.ts';
import type { Progress } from './progress.ts';

/** What is in the folder of the data where no other file is named. */
export const CHART_FILE = 'demo-chart.svg';

/**
 * Sees to it that a chart can be saved at the end of a run, before the run begins.
 *
 * @throws Error saying why not.
 */
export async function prepareChart(file: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await access(dirname(file), constants.W_OK);
  } catch (error) {
    throw new Error(`The chart cannot be saved as ${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const there = await stat(file).catch(() => undefined);
  if (there?.isDirectory()) throw new Error(`The chart cannot be saved as ${file}: that is a folder.`);
}

/** Saves the chart of who owes whom in the group. A reader of the file never sees half of it. @returns what was saved. */
export async function saveChart(cast: Cast, file: string, ask: Ask, progress: Progress): Promise<string> {
  const path = `/v1/groups/${cast.groupId}/chart.svg?kind=debts&currency=${cast.currency}`;
  const { body: svg } = await ask<string>(cast.owner, 'GET', path, { accept: 'image/svg+xml' });
  const partial = `${file}.${process.pid}.part`;
  await writeFile(partial, svg);
  await rename(partial, file);
  progress.note(`a chart of it is in ${file}`);
  return svg;
}

/** What was saved is a whole picture, and nothing else. */
export function checkChart(svg: string): Check {
  const wellFormed = XMLValidator.validate(svg);
  const problems = [
    ...(wellFormed === true ? [] : [`it is no XML: ${wellFormed.err.msg}`]),
    ...(/^\s*<svg\s/.test(svg) ? [] : ['it is no SVG']),
  ];
  return { name: 'the chart is a whole picture', problems };
}
