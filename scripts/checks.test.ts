// The checks themselves: an import against the design's directions, seeded, goes red; the allowed one beside it does not.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { importProblem, relativeImports } from './import-rules.ts';

describe('scripts/import-rules', () => {
  for (const [from, to] of [
    ['domain/split.ts', 'db/orm.ts'],
    ['domain/split.ts', 'config/env.ts'],
    ['workflows/expense/group-lifecycle.ts', 'db/queries/expense/groups.ts'],
    ['workflows/expense/group-lifecycle.ts', 'activities/expense/index.ts'],
    ['activities/expense/contract.ts', 'db/orm.ts'],
    ['db/orm.ts', 'api/app.ts'],
    ['db/orm.ts', 'workflows/shared/failures.ts'],
    ['api/app.ts', 'activities/expense/index.ts'],
    ['api/app.ts', 'workflows/payment/transfer.ts'],
    ['activities/payment/index.ts', 'api/app.ts'],
    ['workers/main.ts', 'sandbox/start.ts'],
    ['activities/payment/index.ts', 'activities/expense/index.ts'],
    ['db/commands/payment/pay.ts', 'db/commands/expense/groups.ts'],
    ['db/entities/payment/transfer.ts', 'db/entities/expense/group.ts'],
    ['workflows/payment/transfer.ts', 'workflows/expense/group-lifecycle.ts'],
    ['unknown/place.ts', 'domain/money.ts'],
  ] as const) {
    it(`${from} may not import ${to}`, () => assert.match(importProblem({ from, to }) ?? '', /may not|may import only|no layer/));
  }

  for (const [from, to] of [
    ['domain/split.ts', 'domain/money.ts'],
    ['workflows/payment/transfer.ts', 'activities/expense/contract.ts'],
    ['workflows/payment/transfer.ts', 'workflows/expense/contract.ts'],
    ['api/routes/expense/groups/routes.ts', 'db/commands/expense/groups.ts'],
    ['activities/notification/index.ts', 'workflows/expense/client.ts'],
    ['workers/main.ts', 'activities/payment/index.ts'],
    ['db/orm.ts', 'db/entities/payment/index.ts'],
    ['sandbox/platform.ts', 'config/secrets.ts'],
    ['api/app.test.ts', 'test/support/api.ts'],
  ] as const) {
    it(`${from} may import ${to}`, () => assert.equal(importProblem({ from, to }), undefined));
  }

  it('every way to write an import is seen, packages are not', () => {
    const source = `import { a } from './a.ts';\nimport type {\n  B,\n} from "../b.ts";\nexport * from './c.ts';\nimport './d.ts';
      const e = await import('./e.ts');\nimport fs from 'node:fs';\nimport pg from 'pg';`;
    assert.deepEqual(relativeImports(source).sort(), ['../b.ts', './a.ts', './c.ts', './d.ts', './e.ts']);
  });
});

describe('the checks on a seeded violation', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'safesplitx-test-'));
    copyFileSync('.oxlintrc.json', join(folder, '.oxlintrc.json'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const lint = () => spawnSync(join(process.cwd(), 'node_modules/.bin/oxlint'), ['.'], { cwd: folder, encoding: 'utf8' });

  it('an import against the directions fails check-imports with the file named', () => {
    write('domain/money.ts', `import { x } from '../db/orm.ts';\nexport const y = x;\n`);
    const { status, stderr } = spawnSync(process.execPath, ['scripts/check-imports.ts', folder], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /domain\/money\.ts \(domain\) may not import db\/orm\.ts/);
  });

  for (const [path, line, rule] of [
    ['api/routes/x.ts', `import Stripe from 'stripe';`, 'no-restricted-imports'],
    ['activities/payment/gateways/manual.ts', `import Stripe from 'stripe';`, 'no-restricted-imports'],
    ['activities/payment/gateways/stripe.ts', `import Twilio from 'twilio';`, 'no-restricted-imports'],
    ['workers/main.ts', `import Koa from 'koa';`, 'no-restricted-imports'],
    ['api/app.ts', `import { raw } from '@mikro-orm/postgresql';`, 'no-restricted-imports'],
    ['domain/money.ts', `import { readFileSync } from 'node:fs';`, 'no-restricted-imports'],
    ['domain/split/equal.ts', `import { x } from '../../db/orm.ts';`, 'no-restricted-imports'],
    ['workflows/expense/x.ts', `import { randomUUID } from 'node:crypto';`, 'no-restricted-imports'],
    ['db/orm.ts', `console.log(process.env);`, 'no-console'],
    ['api/main.ts', `export const port = process.env['PORT'];`, 'no-process-env'],
  ] as const) {
    it(`${rule} refuses "${line}" in ${path}`, () => {
      write(path, `${line}\n`);
      const { status, stdout } = lint();
      assert.equal(status, 1);
      assert.match(stdout, new RegExp(rule));
    });
  }

  for (const [path, line] of [
    ['activities/payment/gateways/stripe.ts', `import Stripe from 'stripe';\nexport const make = () => new Stripe('');`],
    ['api/app.ts', `import Koa from 'koa';\nexport const app = new Koa();`],
    ['db/orm.ts', `import { raw } from '@mikro-orm/postgresql';\nexport const x = raw('1');`],
    ['config/env.ts', `export const port = process.env['PORT'];`],
    ['sandbox/start.ts', `console.log(process.env['PORT']);`],
  ] as const) {
    it(`the same is allowed where it belongs: ${path}`, () => {
      write(path, `${line}\n`);
      const { status, stdout } = lint();
      assert.equal(status, 0, stdout);
    });
  }
});
