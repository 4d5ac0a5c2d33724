// SPDX-License-Identifier: Apache-2.0
// ClickHouse's own Node client against chdb-http: insert, select, parameters, errors, side by side.
// Takes the server's address from CLICKHOUSE_URL and the client from NODE_CLIENT_DIR.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Readable } from 'node:stream';

const require = createRequire(path.join(process.env.NODE_CLIENT_DIR, 'package.json'));
const { createClient, ClickHouseError, ClickHouseLogLevel } = require('@clickhouse/client');

const url = process.env.CLICKHOUSE_URL;
const log = { level: ClickHouseLogLevel.OFF };
const client = createClient({ url, log, clickhouse_settings: { wait_end_of_query: 1 } });
const passed = [];

async function test(name, body) {
  await body();
  passed.push(name);
}

async function rows(query, query_params) {
  const answer = await client.query({ query, query_params, format: 'JSONEachRow' });
  return answer.json();
}

// The promise fails with this ClickHouse error.
async function fails(promise, code, type) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof ClickHouseError, `${error}`);
    assert.equal(error.code, `${code}`);
    assert.equal(error.type, type);
    return true;
  });
}

await test('ping', async () => {
  assert.deepEqual(await client.ping(), { success: true });
  const selected = await client.ping({ select: true });
  assert.equal(selected.success, true);
});

await test('schema', async () => {
  await client.command({ query: 'CREATE DATABASE node' });
  await client.command({
    query: 'CREATE TABLE node.events (id UInt64, name String, tags Array(String), at DateTime) ENGINE = MergeTree ORDER BY id',
  });
});

await test('insert an array', async () => {
  const values = [
    { id: 1, name: 'one', tags: ['a', 'b'], at: '2024-01-02 03:04:05' },
    { id: 2, name: 'it\'s "two";\n\nDROP TABLE node.events', tags: [], at: '2024-01-02 03:04:06' },
    { id: 3, name: 'drei äöü 😀 \u0000', tags: ['\t'], at: '2024-01-02 03:04:07' },
  ];
  const result = await client.insert({ table: 'node.events', values, format: 'JSONEachRow' });
  assert.equal(result.executed, true);
  assert.equal(result.summary.written_rows, '3');
  const got = await rows('SELECT id, name, tags, at FROM node.events ORDER BY id');
  assert.deepEqual(got.map((r) => ({ ...r, id: Number(r.id) })), values);
});

await test('insert a stream of objects', async () => {
  const stream = Readable.from((function* () {
    for (let id = 100; id < 20100; id++) {
      yield { id, name: `n${id}`, tags: [], at: '2024-01-02 03:04:05' };
    }
  })());
  await client.insert({ table: 'node.events', values: stream, format: 'JSONEachRow' });
  const [{ n, names }] = await rows('SELECT count() AS n, uniqExact(name) AS names FROM node.events WHERE id >= 100');
  assert.equal(Number(n), 20000);
  assert.equal(Number(names), 20000);
});

await test('insert a stream of bytes', async () => {
  const lines = ['30001,"x;y",[],2024-01-02 03:04:05\n', '30002,"a\n\nb",[],2024-01-02 03:04:05\n'];
  await client.insert({
    table: 'node.events',
    values: Readable.from(lines, { objectMode: false }),
    format: 'CSV',
  });
  const got = await rows('SELECT name FROM node.events WHERE id > 30000 ORDER BY id');
  assert.deepEqual(got, [{ name: 'x;y' }, { name: 'a\n\nb' }]);
});

await test('insert from a select', async () => {
  await client.command({ query: "INSERT INTO node.events SELECT 40000, 'selected', [], now()" });
  assert.deepEqual(await rows('SELECT name FROM node.events WHERE id = 40000'), [{ name: 'selected' }]);
});

await test('insert nothing', async () => {
  const result = await client.insert({ table: 'node.events', values: [], format: 'JSONEachRow' });
  assert.equal(result.executed, false);
});

await test('query parameters', async () => {
  const hostile = 'it\'s "x" \\ `y` \t \n; DROP TABLE node.events --';
  const [row] = await rows(
    'SELECT {s:String} AS s, {n:UInt32} AS n, {a:Array(UInt8)} AS a, {d:DateTime} AS d, {z:Nullable(String)} AS z',
    { s: hostile, n: 42, a: [1, 2, 3], d: '2024-01-02 03:04:05', z: null },
  );
  assert.deepEqual(row, { s: hostile, n: 42, a: [1, 2, 3], d: '2024-01-02 03:04:05', z: null });
  const [{ name }] = await rows('SELECT name FROM {t:Identifier}.events WHERE id = {id:UInt64}', { t: 'node', id: 1 });
  assert.equal(name, 'one');
});

await test('formats', async () => {
  const json = await (await client.query({ query: 'SELECT 1 AS x, 2 AS y', format: 'JSON' })).json();
  assert.deepEqual(json.data, [{ x: 1, y: 2 }]);
  assert.equal(json.rows, 1);
  const compact = await (await client.query({ query: 'SELECT 1 AS x', format: 'JSONCompactEachRow' })).json();
  assert.deepEqual(compact, [[1]]);
  const csv = await (await client.query({ query: "SELECT 1 AS x, 'a' AS y", format: 'CSVWithNames' })).text();
  assert.equal(csv, '"x","y"\n1,"a"\n');
});

await test('a stream of rows', async () => {
  const answer = await client.query({ query: 'SELECT number FROM numbers(50000)', format: 'JSONEachRow' });
  let seen = 0;
  for await (const batch of answer.stream()) {
    for (const row of batch) {
      assert.equal(Number(row.json().number), seen++);
    }
  }
  assert.equal(seen, 50000);
});

await test('exec gives the raw answer', async () => {
  const { stream } = await client.exec({ query: 'SELECT 7 FORMAT TabSeparated' });
  let text = '';
  for await (const piece of stream) {
    text += piece;
  }
  assert.equal(text, '7\n');
});

await test('query id and settings', async () => {
  const answer = await client.query({
    query: "SELECT getSetting('max_threads') AS threads, getSetting('log_comment') AS comment",
    query_id: 'my-own-id',
    clickhouse_settings: { max_threads: 3 },
    format: 'JSONEachRow',
  });
  assert.equal(answer.query_id, 'my-own-id');
  assert.equal(answer.response_headers['x-clickhouse-query-id'], 'my-own-id');
  assert.equal(answer.response_headers['x-clickhouse-format'], 'JSONEachRow');
  const [row] = await answer.json();
  assert.equal(Number(row.threads), 3);
  assert.equal(row.comment, 'my-own-id');
});

await test('errors carry code and type', async () => {
  await fails(client.query({ query: 'SELECT id FROM node.nope' }), 60, 'UNKNOWN_TABLE');
  await fails(client.query({ query: 'SELECT id FROM nowhere.nope' }), 81, 'UNKNOWN_DATABASE');
  // In lower case: the client takes any upper-case word in brackets for the error's type.
  await fails(client.query({ query: 'selec 1' }), 62, 'SYNTAX_ERROR');
  await fails(client.command({ query: 'SELECT 1; SELECT 2' }), 62, 'SYNTAX_ERROR');
  await fails(client.query({ query: 'SELECT 1', clickhouse_settings: { no_such_setting: 1 } }), 115, 'UNKNOWN_SETTING');
  await fails(client.query({ query: 'SELECT {x:UInt8}', query_params: { x: 'many' } }), 457, 'BAD_QUERY_PARAMETER');
  await fails(
    client.query({ query: 'SELECT throwIf(number = 3) FROM numbers(10)' }),
    395,
    'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO',
  );
  await assert.rejects(client.insert({ table: 'node.events', values: [{ id: 'x' }], format: 'JSONEachRow' }));
  assert.deepEqual(await rows('SELECT 1 AS x'), [{ x: 1 }]);
});

await test('who is let in', async () => {
  const base = new URL(url);
  base.username = '';
  base.password = '';
  const stranger = createClient({ url: base.href, username: 'me', password: 'wrong', log });
  await fails(stranger.query({ query: 'SELECT 1' }), 516, 'AUTHENTICATION_FAILED');
  await stranger.close();
  // The same by ClickHouse's own headers, and that GET does not write.
  const headers = { 'X-ClickHouse-User': 'me', 'X-ClickHouse-Key': 'open sesame', 'X-ClickHouse-Database': 'node' };
  const get = async (query) => fetch(`${base.href}?query=${encodeURIComponent(query)}`, { headers });
  const read = await get('SELECT count() > 20000 FROM events');
  assert.equal(await read.text(), '1\n');
  const write = await get('DROP TABLE events');
  assert.equal(write.headers.get('x-clickhouse-exception-code'), '164');
  assert.match(await write.text(), /READONLY/);
});

await test('twenty at once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => rows('SELECT {i:UInt32} AS i, sleep(0.05) AS z', { i })),
  );
  assert.deepEqual(answers.map(([{ i }]) => i), Array.from({ length: 20 }, (_, i) => i));
});

await client.close();
console.log(`${passed.length} passed: ${passed.join(', ')}`);
assert.equal(passed.length, 15);
