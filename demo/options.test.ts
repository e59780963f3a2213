// The command line of the demo: each option once, with its value.
import assert from 'node:assert/strict';
import { parseOptions } from './options.ts';

describe('demo/options', () => {
  it('all options are read, and none are needed', () => {
    assert.deepEqual(parseOptions([]), { help: false, json: false });
    assert.deepEqual(parseOptions(['--json', '--chart', 'a.svg', '--input=b.csv']), {
      help: false,
      json: true,
      input: 'b.csv',
      chart: 'a.svg',
    });
  });

  for (const name of ['input', 'chart']) {
    it(`--${name} twice, empty or without its value is refused`, () => {
      assert.throws(() => parseOptions([`--${name}`, 'a', `--${name}`, 'b']), new RegExp(`'--${name}' is given more than once`));
      assert.throws(() => parseOptions([`--${name}=`]), new RegExp(`'--${name}' needs the name of a file`));
      assert.throws(() => parseOptions([`--${name}`]));
    });
  }

  it('an unknown option and a word are refused', () => {
    assert.throws(() => parseOptions(['--charts', 'a']), /--charts/);
    assert.throws(() => parseOptions(['a']));
  });
});
