// Goal: a receipt is what its bytes are, shows nothing but its picture, is seen by members alone, and whatever fails on the way
// leaves neither a row without a file nor a file without a row. Method: real pictures over HTTP, and looks into the store.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { v7 as uuidv7 } from 'uuid';
import { removeDueFiles } from '../../../../db/commands/expense/file-removals.ts';
import { type FileStore, FilesUnavailable } from '../../../../db/files/store.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { formOf, ONE_PAGE, ONE_PIXEL, picture } from '../../../../test/support/pictures.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';
import { until } from '../../../../test/support/until.ts';

const MIB = 1_048_576;

describe('receipts', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let groupId: string;
  let [anaId, benId] = ['', ''];
  let expenseId: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());
  beforeEach(async () => {
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
    const group = await createGroup(ana);
    [groupId, anaId] = [group.id, group.myMemberId];
    benId = await join(ana, groupId, ben, { role: 'contributor' });
    const made = await ana.call('POST', `/v1/groups/${groupId}/expenses`, {
      description: 'Dinner',
      date: '2026-11-20',
      total: { amount: '10.00', currency: 'EUR' },
      payers: [{ memberId: anaId, amount: '10.00' }],
      split: { method: 'equal', among: [anaId, benId] },
    });
    expenseId = made.body.id;
  });

  const path = (): string => `/v1/expenses/${expenseId}/receipts`;
  const send = (body: unknown, headers: Record<string, string> = {}, who = ana): Promise<TestAnswer> =>
    who.call('POST', path(), body, headers);
  const fileOf = (id: string, who = ben, headers: Record<string, string> = {}): Promise<TestAnswer> =>
    who.call('GET', `/v1/receipts/${id}`, undefined, headers);
  const query = async <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
    (await api.deps.databases.expense!.pool.query<Row>(text, values)).rows;
  const waiting = (): Promise<{ key: string }[]> => query('select key from expense.file_removal');
  const isStored = async (id: string): Promise<boolean> => {
    const file = await api.deps.files.get(`receipts/${id}`);
    file?.stream.destroy();
    return file !== null;
  };

  it('a picture of each type, in a form or as the body, is kept and served as what its bytes are', async () => {
    for (const format of ['jpeg', 'png', 'webp'] as const) {
      const bytes = await picture(format);
      for (const answer of [await send(formOf(bytes, 'text/html')), await send(bytes, { 'content-type': 'image/jpeg' })]) {
        assert.equal(answer.status, 201, JSON.stringify(answer.body));
        const { id, createdAt, bytes: size, ...rest } = answer.body;
        assert.deepEqual(rest, {
          expenseId,
          uploadedBy: anaId,
          contentType: `image/${format}`,
          width: 40,
          height: 30,
          url: `/v1/receipts/${id}`,
        });
        assert.equal(answer.headers.get('location'), `/v1/receipts/${id}`);
        assert.ok(createdAt);
        const file = await fileOf(id);
        assert.equal(file.headers.get('content-type'), `image/${format}`);
        assert.equal(file.body.length, size);
        const shown = await sharp(file.body).metadata();
        assert.deepEqual([shown.format, shown.width, shown.height], [format, 40, 30]);
      }
    }
    const listed = await ben.call('GET', `${path()}?limit=4`);
    assert.deepEqual([listed.body.data.length, typeof listed.body.nextCursor], [4, 'string']);
    const rest = await ben.call('GET', `${path()}?limit=4&cursor=${listed.body.nextCursor}`);
    assert.deepEqual([rest.body.data.length, rest.body.nextCursor], [2, null]);
  });

  it('a PDF, is kept byte for byte and comes as an attachment in which nothing runs', async () => {
    const { body } = await send(formOf(ONE_PAGE, 'application/pdf'));
    assert.deepEqual([body.contentType, body.width, body.height, body.bytes], ['application/pdf', null, null, ONE_PAGE.length]);
    const file = await fileOf(body.id);
    assert.ok(file.body.equals(ONE_PAGE));
    assert.equal(file.headers.get('content-disposition'), `attachment; filename="receipt-${body.id}.pdf"`);
    assert.match(file.headers.get('content-security-policy') ?? '', /sandbox/);
    assert.equal(file.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(file.headers.get('cache-control'), 'private, no-cache');
  });

  it('a photo, with place, maker, thumbnail, comment and something behind it, shows its picture upright and nothing else', async () => {
    const secret = 'SECRET-PLACE';
    const photo = await sharp({ create: { width: 60, height: 20, channels: 3, background: '#00f' } })
      .composite([{ input: { create: { width: 10, height: 20, channels: 3, background: '#f00' } }, left: 0, top: 0 }])
      .withExif({ IFD0: { Make: secret, ImageDescription: secret }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100' } })
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 95 })
      .toBuffer();
    const polyglot = Buffer.concat([photo, Buffer.from(`<script>alert("${secret}")</script>`)]);
    const { body } = await send(formOf(polyglot));
    assert.deepEqual([body.width, body.height], [20, 60]);
    const file = (await fileOf(body.id)).body as Buffer;
    assert.ok(!file.includes(secret) && !file.includes('<script>') && !file.includes('Exif'));
    const shown = await sharp(file).metadata();
    assert.deepEqual([shown.orientation, shown.exif, shown.xmp, shown.iptc], [undefined, undefined, undefined, undefined]);
    // What was on the left is on top once the camera's turn is applied.
    const top = await sharp(file).extract({ left: 5, top: 2, width: 1, height: 1 }).raw().toBuffer();
    const bottom = await sharp(file).extract({ left: 5, top: 57, width: 1, height: 1 }).raw().toBuffer();
    assert.ok(top[0]! > 200 && top[2]! < 60 && bottom[2]! > 200 && bottom[0]! < 60);
  });

  it('a large picture is made smaller, a transparent one stays so, of an animation the first frame is kept', async () => {
    const large = await send(formOf(await picture('jpeg', 6_000, 3_000)));
    assert.deepEqual([large.body.width, large.body.height], [4_096, 2_048]);
    const clear = await sharp({ create: { width: 4, height: 4, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } })
      .png()
      .toBuffer();
    const kept = (await fileOf((await send(formOf(clear))).body.id)).body as Buffer;
    assert.equal((await sharp(kept).metadata()).hasAlpha, true);
    const frames = await Promise.all(['#f00', '#0f0'].map((colour) => picture('png', 8, 8, colour)));
    const moving = await sharp(frames, { join: { animated: true } })
      .webp({ loop: 0, delay: [100, 100] })
      .toBuffer();
    assert.equal((await sharp(moving).metadata()).pages, 2);
    const still = (await fileOf((await send(formOf(moving))).body.id)).body as Buffer;
    assert.equal((await sharp(still).metadata()).pages ?? 1, 1);
  });

  it('what is none of the four, whatever it is called, is 415 and stored nowhere', async () => {
    const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
    for (const bytes of [
      gif,
      svg,
      Buffer.from('<html>'),
      Buffer.from('MZ\0\0'),
      Buffer.from('%PDX-1.4'),
      randomBytes(64),
      Buffer.from(' %PDF-1.4 %%EOF'),
    ])
      for (const answer of [await send(formOf(bytes, 'image/png')), await send(bytes, { 'content-type': 'image/png' })])
        assert.deepEqual(refusalOf(answer), [415, 'receipt_type']);
    for (const type of ['application/json', 'text/plain', 'image/gif', 'multipart/mixed; boundary=x', ''])
      assert.deepEqual(refusalOf(await send(ONE_PIXEL, { 'content-type': type })), [415, 'not_a_file'], type);
    assert.deepEqual(refusalOf(await send(ONE_PIXEL, { 'content-type': 'image/png', 'content-encoding': 'gzip' })), [415, 'not_a_file']);
    assert.deepEqual(await waiting(), []);
    assert.deepEqual((await ana.call('GET', path())).body.data, []);
  });

  it('a damaged file, cut off, hollow or with a wrong middle, is 422', async () => {
    const whole = await picture('jpeg', 200, 200);
    for (const bytes of [
      whole.subarray(0, whole.length >> 1),
      ONE_PIXEL.subarray(0, 40),
      Buffer.concat([ONE_PIXEL.subarray(0, 33), Buffer.alloc(200)]),
      Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), randomBytes(500)]),
      Buffer.from('RIFF\x24\0\0\0WEBPVP8 '),
      ONE_PAGE.subarray(0, -10),
      Buffer.concat([ONE_PAGE, Buffer.alloc(2_000)]),
    ])
      assert.deepEqual(refusalOf(await send(formOf(bytes))), [422, 'receipt_unreadable'], bytes.subarray(0, 12).toString('latin1'));
    assert.deepEqual(await waiting(), []);
  });

  it('a decompression bomb, a few kilobytes of 100 million pixels, is 422 in no time', async () => {
    const bomb = await sharp({ create: { width: 10_000, height: 10_000, channels: 3, background: '#000' } })
      .png({ compressionLevel: 9 })
      .toBuffer();
    assert.ok(bomb.length < MIB);
    const began = Date.now();
    assert.deepEqual(refusalOf(await send(formOf(bomb))), [422, 'image_too_large']);
    assert.ok(Date.now() - began < 3_000);
  });

  it('ten mebibytes are taken and not a byte more, by the form and by the body', async () => {
    const pdf = (size: number): Buffer => Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(size - 15, 32), Buffer.from('%%EOF\n')]);
    for (const answer of [await send(formOf(pdf(10 * MIB))), await send(pdf(10 * MIB), { 'content-type': 'application/pdf' })])
      assert.deepEqual([answer.status, answer.body.bytes], [201, 10 * MIB], JSON.stringify(answer.body));
    for (const answer of [
      await send(formOf(pdf(10 * MIB + 1))),
      await send(pdf(10 * MIB + 1), { 'content-type': 'application/pdf' }),
      await send(formOf(pdf(11 * MIB))),
    ])
      assert.deepEqual(refusalOf(answer), [413, 'body_too_large']);
  });

  it('a form, without a file, with two, with a field or broken, is 400', async () => {
    const two = formOf(ONE_PIXEL);
    two.append('file', new Blob([ONE_PIXEL]), 'x');
    const withField = formOf(ONE_PIXEL);
    withField.set('note', 'x');
    const type = { 'content-type': 'multipart/form-data; boundary=x' };
    for (const [body, headers, code] of [
      [new FormData(), {}, 'invalid_request'],
      [two, {}, 'duplicate_field'],
      [formOf(ONE_PIXEL, 'image/png', 'photo'), {}, 'unknown_field'],
      [withField, {}, 'unknown_field'],
      [formOf(Buffer.alloc(0)), {}, 'invalid_request'],
      [Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhalf'), type, 'invalid_request'],
      [Buffer.from('nothing of the kind'), type, 'invalid_request'],
      [Buffer.from('x'), { 'content-type': 'multipart/form-data;' }, 'invalid_request'],
      [Buffer.alloc(0), { 'content-type': 'image/png' }, 'invalid_request'],
    ] as const)
      assert.deepEqual(refusalOf(await send(body, headers)), [400, code]);
  });

  it('members alone see it, each time they ask; who has left does not', async () => {
    const { id } = (await send(formOf(ONE_PIXEL))).body;
    const first = await fileOf(id);
    const etag = first.headers.get('etag') ?? '';
    assert.equal(
      etag,
      `"${createHash('sha256')
        .update(first.body as Buffer)
        .digest('base64url')}"`,
    );
    assert.equal((await fileOf(id, ben, { 'if-none-match': etag })).status, 304);
    assert.equal((await fileOf(id, ben, { 'if-none-match': '"other"' })).status, 200);
    const eve = await api.user('Eve');
    for (const [method, at, body] of [
      ['GET', `/v1/receipts/${id}`, undefined],
      ['DELETE', `/v1/receipts/${id}`, undefined],
      ['GET', path(), undefined],
      ['POST', path(), formOf(ONE_PIXEL)],
    ] as const)
      assert.deepEqual(refusalOf(await eve.call(method, at, body)), [404, 'not_found'], `${method} ${at}`);
    assert.equal((await api.call('GET', `/v1/receipts/${id}`)).status, 401);
    await query(`update expense.member set state = 'left' where id = $1`, [benId]);
    assert.deepEqual(refusalOf(await fileOf(id, ben, { 'if-none-match': etag })), [404, 'not_found']);
  });

  it('removed, by who may, is gone with its file; contributors remove their own', async () => {
    const { id } = (await send(formOf(ONE_PIXEL))).body;
    assert.deepEqual(refusalOf(await ben.call('DELETE', `/v1/receipts/${id}`)), [403, 'forbidden']);
    assert.equal(await isStored(id), true);
    const gone = await Promise.all([ana.call('DELETE', `/v1/receipts/${id}`), ana.call('DELETE', `/v1/receipts/${id}`)]);
    assert.deepEqual(
      gone.map(({ status }) => status).toSorted((one, other) => one - other),
      [204, 404],
    );
    assert.equal((await fileOf(id)).status, 404);
    await until('the file is gone', async () => !(await isStored(id)) && (await waiting()).length === 0);
    assert.deepEqual(refusalOf(await send(formOf(ONE_PIXEL), {}, ben)), [403, 'forbidden']);
    await query('update expense.expense set created_by = $2 where id = $1', [expenseId, benId]);
    const own = await send(formOf(ONE_PIXEL), {}, ben);
    assert.equal(own.status, 201);
    assert.equal((await ben.call('DELETE', `/v1/receipts/${own.body.id}`)).status, 204);
  });

  it('of a locked period, is not removed; a proof that comes late is added', async () => {
    const { id } = (await send(formOf(ONE_PIXEL))).body;
    await ana.call('POST', `/v1/groups/${groupId}/lock`, { until: '2026-11-21' });
    assert.deepEqual(refusalOf(await ana.call('DELETE', `/v1/receipts/${id}`)), [409, 'period_locked']);
    assert.equal((await send(formOf(ONE_PIXEL))).status, 201);
    await ana.call('POST', `/v1/groups/${groupId}/lock`, { until: '2026-11-20' });
    assert.equal((await ana.call('DELETE', `/v1/receipts/${id}`)).status, 204);
  });

  it('adding and removing, are in the activity of the group and told as events without a word of theirs', async () => {
    const { id } = (await send(formOf(ONE_PIXEL))).body;
    await ana.call('DELETE', `/v1/receipts/${id}`);
    const { body } = await ana.call('GET', `/v1/groups/${groupId}/activity?limit=2`);
    assert.deepEqual(
      body.data.map((item: Record<string, unknown>) => [item['type'], item['expenseId'], item['title'], item['by'], item['changes']]),
      [
        ['expense.receipt_removed', expenseId, 'Dinner', anaId, [{ field: 'receipt', from: id, to: null }]],
        ['expense.receipt_added', expenseId, 'Dinner', anaId, [{ field: 'receipt', from: null, to: id }]],
      ],
    );
    const told = api.events.filter(({ event }) => event.subjectId === expenseId && event.type.startsWith('expense.receipt'));
    assert.deepEqual(
      told.map(({ event }) => event.data),
      [{ receiptId: id }, { receiptId: id }],
    );
  });

  it('the twentieth is the last, also of two at once; a deleted expense and an archived group take none', async () => {
    await query(
      `insert into expense.receipt (id, expense_id, group_id, uploaded_by, content_type, bytes, sha256)
       select gen_random_uuid(), $1, $2, $3, 'image/png', 1, 'x' from generate_series(1, 19)`,
      [expenseId, groupId, anaId],
    );
    const both = await Promise.all([send(formOf(ONE_PIXEL)), send(formOf(ONE_PIXEL))]);
    assert.deepEqual(
      both.map(({ status }) => status).toSorted((one, other) => one - other),
      [201, 409],
    );
    assert.deepEqual(refusalOf(await send(formOf(ONE_PIXEL))), [409, 'receipt_limit_reached']);
    const { id } = both.find(({ status }) => status === 201)!.body;
    await ana.call('DELETE', `/v1/expenses/${expenseId}`, undefined, { 'if-match': '*' });
    assert.deepEqual(refusalOf(await send(formOf(ONE_PIXEL))), [409, 'deleted']);
    assert.deepEqual(refusalOf(await ana.call('DELETE', `/v1/receipts/${id}`)), [409, 'deleted']);
    assert.equal((await fileOf(id)).status, 200);
    await ana.call('POST', `/v1/expenses/${expenseId}/restore`);
    await ana.call('POST', `/v1/groups/${groupId}/archive`);
    assert.deepEqual(refusalOf(await send(formOf(ONE_PIXEL))), [409, 'archived']);
    assert.deepEqual(refusalOf(await ana.call('DELETE', `/v1/receipts/${id}`)), [409, 'archived']);
  });

  it('repeated with its Idempotency-Key in a form with another boundary, is added once; another file is 422', async () => {
    const key = { 'idempotency-key': uuidv7() };
    const [first, again] = [await send(formOf(ONE_PIXEL), key), await send(formOf(ONE_PIXEL), key)];
    assert.deepEqual([again.status, again.body, again.headers.get('idempotent-replayed')], [201, first.body, 'true']);
    assert.equal((await ana.call('GET', path())).body.data.length, 1);
    assert.deepEqual(refusalOf(await send(formOf(ONE_PAGE), key)), [422, 'idempotency_key_reused']);
  });

  it('a file whose command was refused, and one whose upload died, are removed when their time has come and no sooner', async () => {
    await query(`delete from expense.file_removal`);
    await ana.call('POST', `/v1/groups/${groupId}/archive`);
    assert.deepEqual(refusalOf(await send(formOf(ONE_PIXEL))), [409, 'archived']);
    const [left] = await waiting();
    const id = left!.key.split('/')[1]!;
    const db = api.deps.databases.expense!;
    assert.equal(await removeDueFiles(db, api.deps.files), 0);
    assert.equal(await isStored(id), true);
    await query(`update expense.file_removal set due_at = now() - interval '1 second'`);
    const failing: FileStore = { ...api.deps.files, remove: () => Promise.reject(new FilesUnavailable('removed', 'a test')) };
    await assert.rejects(removeDueFiles(db, failing), FilesUnavailable);
    assert.deepEqual(await waiting(), [left]);
    assert.deepEqual(
      (await Promise.all([removeDueFiles(db, api.deps.files), removeDueFiles(db, api.deps.files)])).toSorted((one, other) => one - other),
      [0, 1],
    );
    assert.deepEqual([await isStored(id), await waiting()], [false, []]);
  });

  it('a purged group, keeps no receipt and no file', async () => {
    const { id } = (await send(formOf(ONE_PIXEL))).body;
    await query(`update expense."group" set state = 'deleted', deleted_at = now() - interval '31 days' where id = $1`, [groupId]);
    const { purgeGroup } = await import('../../../../db/commands/expense/group-purge.ts');
    const { transact } = await import('../../../../db/transact.ts');
    const db = api.deps.databases.expense!;
    assert.equal((await transact(db, (tx) => purgeGroup(tx, groupId))).value, true);
    assert.deepEqual(await query('select id from expense.receipt where group_id = $1', [groupId]), []);
    await removeDueFiles(db, api.deps.files);
    assert.equal(await isStored(id), false);
  });

  it('the store away, is 503 and nothing recorded', async () => {
    const files = api.deps.files as { put: FileStore['put']; get: FileStore['get'] };
    const { put, get } = files;
    const { id } = (await send(formOf(ONE_PIXEL))).body;
    try {
      files.put = () => Promise.reject(new FilesUnavailable('written', 'a test'));
      files.get = () => Promise.reject(new FilesUnavailable('read', 'a test'));
      const refused = await send(formOf(ONE_PIXEL));
      assert.deepEqual([...refusalOf(refused), refused.headers.get('retry-after')], [503, 'storage_unavailable', '5']);
      assert.deepEqual(refusalOf(await fileOf(id)), [503, 'storage_unavailable']);
    } finally {
      Object.assign(files, { put, get });
    }
    assert.equal((await ana.call('GET', path())).body.data.length, 1);
    assert.equal((await fileOf(id)).status, 200);
  });

  it('many at once, are all worked on, a few at a time, and a quick request is answered meanwhile', async () => {
    const photo = await picture('jpeg', 3_000, 2_000);
    const began = Date.now();
    const uploads = Promise.all(Array.from({ length: 12 }, () => send(formOf(photo))));
    assert.equal((await ana.call('GET', `/v1/groups/${groupId}`)).status, 200);
    const quickMs = Date.now() - began;
    assert.deepEqual(
      (await uploads).map(({ status }) => status),
      Array.from({ length: 12 }, () => 201),
    );
    assert.ok(quickMs < Math.max(1_000, Date.now() - began), `${quickMs} ms`);
  });
});
