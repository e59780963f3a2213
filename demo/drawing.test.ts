// Where a chart is saved, and what is taken for one.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ask, Cast } from './cast.ts';
import { checkChart, prepareChart, saveChart } from './drawing.ts';

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><title>Who owes</title></svg>\n';
const SILENT = { step: () => undefined, note: () => undefined, bar: () => ({ tick: () => undefined, done: () => undefined }) };

describe('demo/drawing', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'demo-drawing-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('a folder that is not there is made, and the chart is in it alone', async () => {
    const file = join(folder, 'new', 'chart.svg');
    await prepareChart(file);
    const asked: string[] = [];
    const ask = ((_: unknown, method: string, path: string, options: { accept?: string }) => {
      asked.push(`${method} ${path} ${options.accept ?? ''}`);
      return Promise.resolve({ status: 200, headers: new Headers(), body: SVG });
    }) as Ask;

    await saveChart({ groupId: 'g', currency: 'KWD' } as Cast, file, ask, SILENT);

    assert.deepEqual(asked, ['GET /v1/groups/g/chart.svg?kind=debts&currency=KWD image/svg+xml']);
    assert.deepEqual([readdirSync(join(folder, 'new')), readFileSync(file, 'utf8')], [['chart.svg'], SVG]);
  });

  it('a folder, and a file below a file, are refused before anything is played, and left as they are', async () => {
    writeFileSync(join(folder, 'file'), '');
    await assert.rejects(prepareChart(folder), /cannot be saved as .*: that is a folder/);
    await assert.rejects(prepareChart(join(folder, 'file', 'chart.svg')), /The chart cannot be saved as /);
    assert.ok(existsSync(join(folder, 'file')));
  });

  it('a whole SVG is a chart; half of one, another document and a text are none', () => {
    assert.deepEqual(checkChart(SVG).problems, []);
    assert.match(checkChart(SVG.slice(0, -8)).problems.join(), /it is no XML/);
    assert.deepEqual(checkChart('<html></html>').problems, ['it is no SVG']);
    assert.notDeepEqual(checkChart('{"code":"not_found"}').problems, []);
  });
});
