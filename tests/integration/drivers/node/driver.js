// The script of work with Node.js: driver.js mariadb|mysql2.
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const env = process.env;
const name = process.argv[2];
const isMariadb = name === 'mariadb';
const driver = require(isMariadb ? 'mariadb' : 'mysql2/promise');

const settings = {
  host: env.DRV_HOST, port: Number(env.DRV_PORT), user: env.DRV_USER, password: env.DRV_PASSWORD,
  database: 'drv', charset: 'utf8mb4', dateStrings: true, supportBigNumbers: true, bigNumberStrings: true,
  connectAttributes: { program_name: "drivers' test" }, compress: Boolean(env.DRV_COMPRESS),
};
if (env.DRV_TLS) settings.ssl = { ca: fs.readFileSync(env.DRV_TLS) };
if (isMariadb) {
  Object.assign(settings, { permitLocalInfile: true, maxAllowedPacket: 64 << 20 });
  delete settings.supportBigNumbers;
  delete settings.bigNumberStrings;
} else {
  settings.infileStreamFactory = (path) => fs.createReadStream(path);
}

const section = (text) => console.log('==', text);

function sync() {
  console.log('#sync');
  fs.readSync(0, Buffer.alloc(1), 0, 1);
}

function plain(key, value) {
  if (typeof value === 'bigint') return `${value}n`;
  if (value && value.type === 'Buffer') value = Buffer.from(value.data);
  if ((Buffer.isBuffer(value) || typeof value === 'string') && value.length > 200) {
    return `${value.length} ${crypto.createHash('sha1').update(value).digest('hex')}`;
  }
  return value;
}

function show(result) {
  // What is given for no error at all differs between versions, the kinds of columns do not.
  const [rows, fields] = isMariadb ? [result, result && result.meta] : result;
  console.log(JSON.stringify(rows, plain));
  if (Array.isArray(fields)) {
    for (const f of fields) {
      if (f && f.name) console.log(isMariadb ? [f.name(), f.type, f.columnLength, f.flags, f.scale].join()
        : [f.name, f.columnType, f.columnLength, f.flags, f.decimals].join());
    }
  }
}

function failed(error) {
  const text = (error.sqlMessage || error.message).replace(/conn(ection)?:? ?[-\d]*/, '');
  console.log(`error ${error.errno} ${error.sqlState} ${text}`);
}

async function attempt(work) {
  try {
    show(await work());
  } catch (error) {
    failed(error);
  }
}

const connect = (more) => driver.createConnection({ ...settings, ...more });
const run = (c, sql, values) => attempt(() => c.query(sql, values));
const execute = (c, sql, values) => attempt(() => c.execute(sql, values));

async function connecting() {
  section('connect');
  const c = await connect();
  await run(c, 'SELECT DATABASE(), CURRENT_USER(), @@character_set_client, @@collation_connection');
  await run(c, 'SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE ' +
    "PROCESSLIST_ID = CONNECTION_ID() AND ATTR_NAME NOT IN ('_pid', '_server_host') ORDER BY 1");
  if (isMariadb) console.log(c.serverVersion());
  await c.end();
  for (const more of [{ database: 'nosuch' }, { password: 'wrong' }, { user: 'nobody' }]) {
    try {
      await connect(more);
    } catch (error) {
      failed(error);
    }
  }
}

async function statements(c) {
  section('text');
  await run(c, "INSERT INTO items (name, n) VALUES ('a', 1), ('b', 2), ('ü', NULL)");
  await run(c, 'UPDATE items SET n = 5 WHERE n = ?', [1]);
  await run(c, "DELETE FROM items WHERE name = 'b'");
  sync();
  await run(c, 'SELECT id, name, n FROM items ORDER BY id');
  await run(c, "SELECT CAST('x' AS INT) AS i, drv.twice(4) AS t");
  await run(c, 'SHOW WARNINGS');
  section('multi');
  const several = await connect({ multipleStatements: true });
  await run(several, "SELECT 1; UPDATE items SET n = 6 WHERE name = 'a'; SELECT 'x', NULL; DO 0");
  await run(several, 'SELECT 1; SELECT * FROM nosuch; SELECT 3');
  await run(several, "SELECT 'still here'");
  await several.end();
  section('call');
  await run(c, 'CALL two(7, @out)');
  await run(c, 'SELECT @out');
  await execute(c, 'CALL two(?, @out)', [8]);
  await run(c, 'CALL fails()');
}

async function types(c) {
  section('types');
  const names = 'id i8 u8 i16 u16 i24 i32 u32 i64 u64 f d n b y da t dt ts c v bi vb tt tx mt lt bl j e s u ip';
  const values = [1, -128, 255, -32768, 65535, -8388608, -2147483648, 4294967295, '-9223372036854775808',
    '18446744073709551615', 1.5, -2.25e300, '-12345678901234567890.0123456789', Buffer.from([2, 1]), 2024,
    '2024-02-29', '-838:59:59.000', '2024-02-29 23:59:58.123456', '2024-02-29 23:59:58.123456', 'char',
    'vär €😀', Buffer.from([0, 1, 2, 3]), Buffer.alloc(100, 7), 'tiny', 'text\'s "quotes" \\ \0 end',
    'm'.repeat(70000), 'l', Buffer.from([255, 254, 0]), '{"a": [1, 2.5, null]}', 'ü', 'x,z',
    '123e4567-e89b-12d3-a456-426614174000', '::1'];
  const sql = `INSERT INTO types (${names.split(' ').join()}, g) VALUES (${Array(33).fill('?').join()}, ` +
    "ST_PointFromText('POINT(1 2)'))";
  await execute(c, sql, values);
  await run(c, sql, [3, ...values.slice(1)]);
  await execute(c, sql, [2, ...Array(32).fill(null)]);
  await execute(c, sql, [2, ...Array(32).fill(null)]);
  sync();
  await run(c, 'SELECT * FROM types ORDER BY id');
  await execute(c, 'SELECT * FROM types ORDER BY id');
  await execute(c, 'SELECT * FROM types WHERE id = ?', [2]);
  await execute(c, 'SELECT ? + 1, ? AS a', [1.5, 'x']);
  await execute(c, 'SELECT FROM', []);
  const prepared = await c.prepare('SELECT name FROM items WHERE id = ?');
  await attempt(() => prepared.execute([1]));
  await attempt(() => prepared.execute([3]));
  await prepared.close();
}

async function transactions(c) {
  section('transaction');
  await c.beginTransaction();
  await run(c, "INSERT INTO items (name) VALUES ('t1')");
  await run(c, 'SAVEPOINT s');
  await run(c, "INSERT INTO items (name) VALUES ('t2')");
  await execute(c, "SELECT name FROM items WHERE name LIKE 't_' ORDER BY 1");
  await run(c, 'ROLLBACK TO s');
  await c.commit();
  await run(c, 'SET autocommit = 0');
  await run(c, 'DELETE FROM items');
  await c.rollback();
  await run(c, 'SET autocommit = 1');
  sync();
  await run(c, 'SELECT name FROM items ORDER BY id');
}

async function bulk(c) {
  section('infile');
  await run(c, isMariadb ? `LOAD DATA LOCAL INFILE '${env.DRV_FILE}' INTO TABLE loaded`
    : { sql: `LOAD DATA LOCAL INFILE '${env.DRV_FILE}' INTO TABLE loaded`, infileStreamFactory: settings.infileStreamFactory });
  sync();
  await run(c, 'SELECT COUNT(*), SUM(n), MAX(name) FROM loaded');
  section('bulk');
  const rows = [...Array(3000).keys()].map((i) => [100000 + i, `bulk ${i}`, i % 3 ? null : i]);
  if (isMariadb) {
    await attempt(() => c.batch('INSERT INTO loaded VALUES (?, ?, ?)', rows));
    await attempt(() => c.batch('INSERT INTO loaded VALUES (?, ?, ?)', rows));
    await attempt(() => c.batch('INSERT INTO items (name) VALUES (?) RETURNING name', [['r1'], ['r2']]));
    await run(c, "DELETE FROM items WHERE name LIKE 'r_'");
  } else {
    await run(c, 'INSERT INTO loaded VALUES ?', [rows]);
  }
  // All at once: the driver puts them one behind the other without waiting.
  const many = await Promise.all([...Array(200).keys()].map((i) => c.query('SELECT ? AS a', [i])));
  console.log(many.length, many.map((r) => (isMariadb ? r[0].a : r[0][0].a)).join());
  sync();
  await run(c, 'SELECT COUNT(*), SUM(n), MAX(name) FROM loaded');
}

async function streaming(c) {
  section('stream');
  const sql = "SELECT seq, REPEAT('x', seq % 100) AS r FROM seq_1_to_20000";
  const stream = isMariadb ? c.queryStream(sql) : c.connection.query(sql).stream();
  let sum = 0;
  for await (const row of stream) sum += Number(row.seq) + row.r.length;
  console.log(sum);
  await run(c, "SELECT 'after'");
}

async function state(c) {
  section('ping');
  await c.ping();
  section('reset');
  await run(c, 'SET @v = 1');
  await run(c, 'CREATE TEMPORARY TABLE temporary_one (i INT)');
  if (isMariadb) {
    await c.reset();
    await run(c, 'SELECT @v, DATABASE()');
    await run(c, 'SELECT * FROM temporary_one');
  }
  await c.changeUser({ user: 'maxscale', password: 'maxscale', database: 'mysql' });
  await run(c, 'SELECT @v, DATABASE(), CURRENT_USER()');
  await c.changeUser({ user: 'app', password: 'app', database: 'drv' });
  await run(c, 'SELECT @v, DATABASE(), CURRENT_USER()');
}

async function errors(c) {
  section('errors');
  for (const sql of ["INSERT INTO items (name) VALUES ('a')", 'SELEKT 1', 'SELECT * FROM nosuch',
    "INSERT INTO items (name) VALUES (REPEAT('x', 41))", 'INSERT INTO types (id, u8) VALUES (9, -1)',
    'CALL nosuch()']) {
    await run(c, sql);
    await execute(c, sql);
  }
}

async function killing() {
  section('kill');
  const victim = await connect();
  const killer = await connect();
  victim.on('error', () => {});
  await victim.query('BEGIN');
  for (const kill of ['KILL QUERY', 'KILL']) {
    const sleeping = victim.query('SELECT SLEEP(100), COUNT(*) FROM items').then(show, (error) => {
      if (kill === 'KILL') console.log('lost');
      else failed(error);
    });
    for (let seen = false; !seen;) {
      await killer.beginTransaction();
      const found = await killer.query(
        "SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(100)%'");
      seen = (isMariadb ? found : found[0]).length > 0;
      await killer.commit();
    }
    await killer.query(`${kill} ${victim.threadId}`);
    await sleeping;
  }
  section('reconnect');
  const again = await connect();
  await run(again, "SELECT 'again'");
  await again.end();
  await killer.end();
}

async function big(c) {
  section('big');
  const value = Buffer.alloc(20 << 20, '0123456789abcdef');
  await run(c, "INSERT INTO items (name, big) VALUES ('text', ?)", [value]);
  await execute(c, "INSERT INTO items (name, big) VALUES ('binary', ?)", [value]);
  sync();
  await run(c, 'SELECT name, big FROM items WHERE big IS NOT NULL ORDER BY 1');
  await execute(c, 'SELECT big, name FROM items WHERE big IS NOT NULL ORDER BY 2');
}

async function pool() {
  section('pool');
  const shared = driver.createPool({ ...settings, connectionLimit: 5 });
  const answers = await Promise.all([...Array(100).keys()].map(async (i) => {
    const c = await shared.getConnection();
    const rows = await c.execute('SELECT ? AS a', [String(i)]);
    c.release();
    return Number((isMariadb ? rows : rows[0])[0].a);
  }));
  console.log(answers.length, answers.reduce((a, b) => a + b, 0));
  await shared.end();
}

async function main() {
  await connecting();
  const c = await connect();
  for (const part of [statements, types, transactions, bulk, streaming, errors, killing, big, pool, state]) {
    await part(c);
  }
  await c.end();
  section('end');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
