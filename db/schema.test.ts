// Goal: the schema in Postgres is the one that entities, snapshot and the services' roles rely on. Method: migrate an empty
// database, compare what MikroORM would still change, and ask Postgres itself who may do what.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { SERVICES } from '../config/env.ts';
import { testDatabaseUrl } from '../test/support/servers.ts';
import { openOwner } from './orm.ts';
import { SNAPSHOT_FILE, snapshotOf } from './snapshot.ts';

/** Triggers that migrations declare in SQL. */
const TRIGGERS = [
  'conversion_append_only',
  'converted_line_append_only',
  'converted_sums_to_zero',
  'member_of_friends',
  'outbox_wakes_relay',
  'posting_append_only',
  'posting_line_append_only',
  'posting_sums_to_zero',
];

describe('schema', () => {
  let url: string;
  let owner: Client;

  before(async function () {
    this.timeout(60_000);
    url = await testDatabaseUrl();
    owner = new Client({ connectionString: url });
    await owner.connect();
  });

  after(() => owner?.end());

  describe('entities and migrations', () => {
    it('agree on every table, column, index and constraint', async () => {
      const orm = await openOwner(url);
      try {
        const statements = (await orm.schema.getUpdateSchemaSQL({ wrap: false })).split(/;\s*\n/).map((statement) => statement.trim());
        const declared = await declaredInSql(owner);
        assert.deepEqual(
          statements.filter((statement) => statement !== '' && !declared.some((known) => statement.replace(/;$/, '') === known)),
          [],
          'MikroORM would still run these: write a migration, or mend the entity',
        );
      } finally {
        await orm.close(true);
      }
    });

    it('are in the committed snapshot', async () => {
      const committed = JSON.parse(await readFile(SNAPSHOT_FILE, 'utf8')) as unknown;
      assert.deepEqual(committed, JSON.parse(await snapshotOf()), 'run node db/write-snapshot.ts and commit what it wrote');
    });
  });

  describe('roles', () => {
    it('reach every table of their own schema and none of another', async () => {
      const { rows } = await owner.query<{ role: string; schema: string; may: boolean; tables: string }>(
        `
        select r.rolname as role, n.nspname as schema, has_table_privilege(r.rolname, c.oid, 'select') as may, count(*) as tables
        from pg_class c join pg_namespace n on n.oid = c.relnamespace, pg_roles r
        where c.relkind in ('r', 'p') and n.nspname = any($1) and r.rolname = any($2)
        group by 1, 2, 3`,
        [SERVICES, SERVICES.map((service) => `safesplitx_${service}`)],
      );
      assert.equal(rows.length, SERVICES.length ** 2, 'each pair of role and schema has one answer for all its tables');
      for (const { role, schema, may } of rows) assert.equal(may, role === `safesplitx_${schema}`, `${role} on tables of ${schema}`);
    });

    it('write nothing of another service, by any privilege', async () => {
      const { rows } = await owner.query(
        `
        select r.rolname, c.oid::regclass::text, p.privilege
        from pg_class c join pg_namespace n on n.oid = c.relnamespace, pg_roles r,
          unnest(array['insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p(privilege)
        where c.relkind in ('r', 'p', 'v', 'm') and r.rolname = any($2) and has_table_privilege(r.rolname, c.oid, p.privilege)
          and n.nspname <> replace(r.rolname, 'safesplitx_', '') and (n.nspname = any($1) or n.nspname like '%\\_pub')`,
        [SERVICES, SERVICES.map((service) => `safesplitx_${service}`)],
      );
      assert.deepEqual(rows, []);
    });

    it('read every published view', async () => {
      const { rows: views } = await owner.query<{ view: string }>(
        `select c.oid::regclass::text as view from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind = 'v' and n.nspname like '%\\_pub' order by 1`,
      );
      assert.ok(views.length >= 16, `${views.length} published views`);
      for (const service of SERVICES)
        await asRole(owner, service, async () => {
          for (const { view } of views) await owner.query(`select * from ${view} limit 1`);
        });
    });

    for (const service of SERVICES)
      it(`${service}, a table of another service is named, Postgres refuses`, async () => {
        for (const table of Object.entries(SAMPLE_TABLES)
          .filter(([other]) => other !== service)
          .map(([, name]) => name))
          await asRole(owner, service, () => assert.rejects(owner.query(`select 1 from ${table}`), /permission denied/));
      });
  });

  describe('ledger', () => {
    const LEDGER = ['expense.posting', 'expense.posting_line'];
    const changes = LEDGER.flatMap((table) => [`update ${table} set group_id = group_id`, `delete from ${table}`, `truncate ${table}`]);

    for (const change of changes) {
      it(`${change}: refused to the service by its grants`, () =>
        asRole(owner, 'expense', () => assert.rejects(owner.query(change), /permission denied/)));

      it(`${change}: refused to the owner by the trigger`, () =>
        inTransaction(owner, () => assert.rejects(owner.query(change), { code: '23001', message: /append-only/ })));
    }

    it('posting that does not sum to zero: refused', () =>
      inTransaction(owner, async () => {
        await assert.rejects(
          post(owner, [
            ['100', '0', 'EUR'],
            ['0', '99', 'EUR'],
          ]),
          { constraint: 'posting_sums_to_zero' },
        );
      }));

    it('posting that sums to zero over currencies and not within each: refused', () =>
      inTransaction(owner, async () => {
        await assert.rejects(
          post(owner, [
            ['100', '0', 'EUR'],
            ['0', '100', 'USD'],
          ]),
          { constraint: 'posting_sums_to_zero' },
        );
      }));

    it('two postings in one statement, each off by what the other lacks: refused', () =>
      inTransaction(owner, async () => {
        await assert.rejects(post(owner, [['100', '0', 'EUR']], [['0', '100', 'EUR']]), { constraint: 'posting_sums_to_zero' });
      }));

    it('posting that sums to zero: kept', () =>
      inTransaction(owner, () =>
        post(owner, [
          ['100', '0', 'EUR'],
          ['0', '60', 'EUR'],
          ['0', '40', 'EUR'],
        ]),
      ));
  });
});

const SAMPLE_TABLES = {
  user: '"user".account',
  expense: 'expense.posting',
  payment: 'payment.transfer',
  notification: 'notification.delivery',
} as const;

/** Functions that migrations declare in SQL, apart from those of triggers. */
const FUNCTIONS = ['fold', 'search_terms', 'spaced', 'units', 'words'];

/**
 * What MikroORM would drop because entities do not speak of it: published views and their schemas, foreign keys, and the triggers and
 * functions named above. Each is the one statement for one object that exists, so a table, column, index or check can never be among them.
 */
async function declaredInSql(owner: Client): Promise<readonly string[]> {
  const list = async (sql: string, values: readonly unknown[] = []): Promise<string[]> =>
    (await owner.query<{ sql: string }>(sql, [...values])).rows.map((row) => row.sql);
  return [
    ...(await list(
      `select format('drop view if exists "%s"."%s" cascade', schemaname, viewname) as sql from pg_views where schemaname like '%\\_pub'`,
    )),
    ...(await list(`select format('drop schema if exists "%s"', nspname) as sql from pg_namespace where nspname like '%\\_pub'`)),
    ...(await list(
      `select format('alter table "%s"."%s" drop constraint "%s"', n.nspname, c.relname, k.conname) as sql
       from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace where k.contype = 'f'`,
    )),
    ...(await list(
      `select unnest(array[format('drop trigger if exists "%s" on "%s"."%s"', t.tgname, n.nspname, c.relname),
         format('drop function if exists "%s"."%s_%s_fn"()', n.nspname, c.relname, t.tgname)]) as sql
       from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace where t.tgname = any($1)`,
      [TRIGGERS],
    )),
    ...(await list(
      `select format('drop function if exists "%s"."%s"(%s)', n.nspname, f.proname, array_to_string(array(select format_type(t.type, null) from unnest(f.proargtypes) t(type)), ', ')) as sql
       from pg_proc f join pg_namespace n on n.oid = f.pronamespace where n.nspname = any($2) and f.proname = any($1)`,
      [FUNCTIONS, SERVICES],
    )),
  ];
}

async function asRole(client: Client, service: string, work: () => Promise<unknown>): Promise<void> {
  await client.query(`set role safesplitx_${service}`);
  try {
    await work();
  } finally {
    await client.query('reset role');
  }
}

async function inTransaction(client: Client, work: () => Promise<unknown>): Promise<void> {
  await client.query('begin');
  try {
    await work();
  } finally {
    await client.query('rollback');
  }
}

/** Writes the lines of postings in one statement; a line is [paid, owed, currency]. */
async function post(client: Client, ...postings: readonly (readonly (readonly [string, string, string])[])[]): Promise<void> {
  const rows = postings.flatMap((lines) => {
    const postingId = uuidv7();
    return lines.map(([paid, owed, currency]) => ({
      posting_id: postingId,
      account_id: uuidv7(),
      group_id: uuidv7(),
      paid,
      owed,
      currency,
    }));
  });
  await client.query(
    `insert into expense.posting_line (posting_id, account_id, group_id, currency, paid, owed)
     select posting_id, account_id, group_id, currency, paid, owed from jsonb_to_recordset($1)
       as line(posting_id uuid, account_id uuid, group_id uuid, currency char(3), paid bigint, owed bigint)`,
    [JSON.stringify(rows)],
  );
}
