<?php
// The script of work with PHP's native driver: program.php mysqli|pdo-native|pdo-emulated.
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$kind = $argv[1];

function section($name)
{
    echo "== $name\n";
}

function sync()
{
    echo "#sync\n";
    fgets(STDIN);
}

function plain($value)
{
    if (is_string($value) && strlen($value) > 200) {
        return strlen($value) . ':' . sha1($value);
    }
    return is_string($value) ? addcslashes($value, "\0..\37\177") : json_encode($value);
}

function failed(Exception $error)
{
    $state = method_exists($error, 'getSqlState') ? $error->getSqlState() : '';
    echo 'error ', $error->getCode(), " $state ", $error->getMessage(), "\n";
}

/** mysqli and PDO behind the same few names. */
abstract class Client
{
    public $db;

    public static function open($more = [])
    {
        global $kind;
        return $kind === 'mysqli' ? new MysqliClient($more) : new PdoClient($more);
    }

    public function run($sql)
    {
        try {
            $this->query($sql);
        } catch (Exception $error) {
            failed($error);
        }
    }

    public function execute($sql, ...$values)
    {
        try {
            $this->prepared($sql, [$values]);
        } catch (Exception $error) {
            failed($error);
        }
    }

    protected function rows($rows)
    {
        foreach ($rows as $row) {
            echo 'row ', implode(' ', array_map('plain', $row)), "\n";
        }
    }
}

class MysqliClient extends Client
{
    public function __construct($more)
    {
        $more += ['user' => 'app', 'password' => 'app', 'database' => 'drv'];
        $this->db = mysqli_init();
        $this->db->options(MYSQLI_OPT_LOCAL_INFILE, 1);
        $flags = getenv('DRV_COMPRESS') ? MYSQLI_CLIENT_COMPRESS : 0;
        if (getenv('DRV_TLS')) {
            $this->db->ssl_set(null, null, getenv('DRV_TLS'), null, null);
            $flags |= MYSQLI_CLIENT_SSL | MYSQLI_CLIENT_SSL_DONT_VERIFY_SERVER_CERT;
        }
        $this->db->real_connect(getenv('DRV_HOST'), $more['user'], $more['password'], $more['database'],
            (int)getenv('DRV_PORT'), null, $flags);
        $this->db->set_charset('utf8mb4');
    }

    private function show($result)
    {
        if ($result instanceof mysqli_result) {
            foreach ($result->fetch_fields() as $f) {
                echo "field $f->table.$f->name $f->type $f->length $f->flags $f->decimals $f->charsetnr\n";
            }
            $this->rows($result->fetch_all());
            $result->free();
        }
        echo 'affected ', $this->db->affected_rows, ' id ', $this->db->insert_id, ' warnings ',
            $this->db->warning_count, ' info ', $this->db->info, "\n";
    }

    public function query($sql)
    {
        $this->db->multi_query($sql);
        do {
            $this->show($this->db->store_result());
        } while ($this->db->more_results() && $this->db->next_result());
    }

    public function prepared($sql, $all)
    {
        $st = $this->db->prepare($sql);
        foreach ($all as $values) {
            $values ? $st->execute($values) : $st->execute();
            do {
                $this->show($st->get_result());
            } while ($st->more_results() && $st->next_result());
        }
        $st->close();
    }

    public function transaction($what, $name = null)
    {
        ['begin' => fn() => $this->db->begin_transaction(), 'commit' => fn() => $this->db->commit(),
         'rollback' => fn() => $this->db->rollback(), 'savepoint' => fn() => $this->db->savepoint($name)][$what]();
    }

    public function stream($sql)
    {
        $sum = 0;
        foreach ($this->db->query($sql, MYSQLI_USE_RESULT) as $row) {
            $sum += $row['seq'];
        }
        return $sum;
    }

    public function special()
    {
        section('ping');
        var_dump($this->db->ping(), $this->db->select_db('mysql'), strncmp($this->db->stat(), 'Uptime', 6));
        $this->run('SELECT DATABASE()');
        echo $this->db->server_info, ' ', $this->db->character_set_name(), "\n";
        section('reset');
        $this->run('SET @v = 1');
        $this->db->change_user('maxscale', 'maxscale', 'mysql');
        $this->run('SELECT @v, DATABASE(), CURRENT_USER()');
        $this->db->change_user('app', 'app', 'drv');
        section('cursor');
        $st = $this->db->prepare('SELECT seq FROM seq_1_to_500');
        $st->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
        $st->execute();
        $st->bind_result($seq);
        for ($sum = 0; $st->fetch(); $sum += $seq);
        echo "$sum\n";
        $st->close();
        section('long data');
        $st = $this->db->prepare("INSERT INTO items (name, big) VALUES ('long', ?)");
        $null = null;
        $st->bind_param('b', $null);
        for ($i = 0; $i < 20; $i++) {
            $st->send_long_data(0, str_repeat(chr(65 + $i), 100000));
        }
        $st->execute();
        $st->close();
        sync();
        $this->run("SELECT big FROM items WHERE name = 'long'");
    }

    /** The victim's statement is sent without waiting, so one thread is enough. */
    public static function killing()
    {
        section('kill');
        $victim = Client::open();
        $killer = Client::open();
        foreach (['KILL QUERY', 'KILL'] as $kill) {
            $victim->db->query('BEGIN');
            $victim->db->query('SELECT SLEEP(100), COUNT(*) FROM items', MYSQLI_ASYNC);
            do {
                usleep(10000);
                $killer->db->begin_transaction();
                $found = $killer->db->query("SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE "
                    . "'SELECT SLEEP(100)%'")->num_rows;
                $killer->db->commit();
            } while (!$found);
            $killer->db->query("$kill " . $victim->db->thread_id);
            try {
                $victim->db->reap_async_query();
            } catch (mysqli_sql_exception $error) {
                // A server cuts a killed connection, the proxy says why.
                in_array($error->getCode(), [1927, 2006, 2013]) ? print("lost\n") : failed($error);
            }
        }
    }
}

class PdoClient extends Client
{
    public function __construct($more)
    {
        global $kind;
        $more += ['user' => 'app', 'password' => 'app', 'database' => 'drv', 'options' => []];
        $options = $more['options'] + [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
            PDO::ATTR_EMULATE_PREPARES => $kind === 'pdo-emulated', PDO::MYSQL_ATTR_LOCAL_INFILE => true];
        if (getenv('DRV_TLS')) {
            $options += [PDO::MYSQL_ATTR_SSL_CA => getenv('DRV_TLS'),
                PDO::MYSQL_ATTR_SSL_VERIFY_SERVER_CERT => false];
        }
        if (getenv('DRV_COMPRESS')) {
            $options[PDO::MYSQL_ATTR_COMPRESS] = true;
        }
        $this->db = new PDO('mysql:host=' . getenv('DRV_HOST') . ';port=' . getenv('DRV_PORT') . ';dbname='
            . $more['database'] . ';charset=utf8mb4', $more['user'], $more['password'], $options);
    }

    private function show($st)
    {
        do {
            for ($i = 0; $i < $st->columnCount(); $i++) {
                $f = $st->getColumnMeta($i);
                if (!$f) {
                    continue; // the last part of a prepared CALL has no names
                }
                echo 'field ', $f['table'], '.', $f['name'], ' ', $f['native_type'] ?? '-', ' ', $f['len'], ' ',
                    $f['precision'], ' ', implode(',', $f['flags']), "\n";
            }
            $this->rows($st->columnCount() ? $st->fetchAll(PDO::FETCH_NUM) : []);
            echo 'affected ', $st->rowCount(), ' id ', $this->db->lastInsertId(), "\n";
        } while ($st->nextRowset());
    }

    public function query($sql)
    {
        $this->show($this->db->query($sql));
    }

    public function prepared($sql, $all)
    {
        $st = $this->db->prepare($sql);
        foreach ($all as $values) {
            foreach ($values as $i => $value) {
                $st->bindValue($i + 1, $value, is_null($value) ? PDO::PARAM_NULL
                    : (is_int($value) ? PDO::PARAM_INT : (strlen((string)$value) > 65536 ? PDO::PARAM_LOB : PDO::PARAM_STR)));
            }
            $st->execute();
            $this->show($st);
        }
    }

    public function transaction($what, $name = null)
    {
        ['begin' => fn() => $this->db->beginTransaction(), 'commit' => fn() => $this->db->commit(),
         'rollback' => fn() => $this->db->rollBack(), 'savepoint' => fn() => $this->run("SAVEPOINT $name")][$what]();
    }

    public function stream($sql)
    {
        $this->db->setAttribute(PDO::MYSQL_ATTR_USE_BUFFERED_QUERY, false);
        $sum = 0;
        foreach ($this->db->query($sql) as $row) {
            $sum += $row['seq'];
        }
        $this->db->setAttribute(PDO::MYSQL_ATTR_USE_BUFFERED_QUERY, true);
        return $sum;
    }

    public function special()
    {
        section('ping');
        echo $this->db->getAttribute(PDO::ATTR_SERVER_VERSION), ' ',
            strncmp($this->db->getAttribute(PDO::ATTR_SERVER_INFO), 'Uptime', 6), "\n";
        section('persistent');
        // The same connection twice: PDO asks the server with a ping whether it is still there.
        for ($i = 0; $i < 3; $i++) {
            $again = Client::open(['options' => [PDO::ATTR_PERSISTENT => true]]);
            $again->run('SELECT @kept');
            $again->run("SET @kept = $i");
            $again = null;
        }
    }

    public static function killing()
    {
    }
}

function connecting()
{
    section('connect');
    $c = Client::open();
    $c->run('SELECT DATABASE(), CURRENT_USER(), @@character_set_client, @@collation_connection');
    $c->run('SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE ' .
        "PROCESSLIST_ID = CONNECTION_ID() AND ATTR_NAME NOT IN ('_pid', '_server_host') ORDER BY 1");
    foreach ([['database' => 'nosuch'], ['password' => 'wrong'], ['user' => 'nobody']] as $more) {
        try {
            Client::open($more);
        } catch (Exception $error) {
            failed($error);
        }
    }
}

function work(Client $c)
{
    section('text');
    $c->run("INSERT INTO items (name, n) VALUES ('a', 1), ('b', 2), ('ü', NULL)");
    $c->run('UPDATE items SET n = 5 WHERE n = 1');
    $c->run("DELETE FROM items WHERE name = 'b'");
    sync();
    $c->run('SELECT id, name, n FROM items ORDER BY id');
    $c->run("SELECT CAST('x' AS INT), drv.twice(4)");
    $c->run('SHOW WARNINGS');
    section('multi');
    $c->run("SELECT 1; UPDATE items SET n = 6 WHERE name = 'a'; SELECT 'x', NULL; DO 0");
    $c->run('SELECT 1; SELECT * FROM nosuch; SELECT 3');
    $c->run("SELECT 'still here'");
    section('call');
    $c->run('CALL two(7, @out)');
    $c->run('SELECT @out');
    $c->execute('CALL two(?, @out)', 8);
    $c->run('CALL fails()');
    section('types');
    $names = 'id i8 u8 i16 u16 i24 i32 u32 i64 u64 f d n y da t dt ts c v bi vb tt tx mt bl j e s u ip b';
    $values = [1, -128, 255, -32768, 65535, -8388608, -2147483648, 4294967295, PHP_INT_MIN, '18446744073709551615',
        1.5, -2.25e300, '-12345678901234567890.0123456789', 2024, '2024-02-29', '-838:59:59.000',
        '2024-02-29 23:59:58.123456', '2024-02-29 23:59:58.123456', 'char', 'vär €😀', "\0\1\2\3", "\7\7", 'tiny',
        "text's \"quotes\" \\ \0 end", str_repeat('m', 70000), "\x01\x02\x00", '{"a": [1, null]}', 'ü', 'x,z',
        '123e4567-e89b-12d3-a456-426614174000', '::1', "\2\1"];
    $sql = 'INSERT INTO types (' . str_replace(' ', ',', $names) . ', g) VALUES (' . str_repeat('?, ', 32)
        . "ST_PointFromText('POINT(1 2)'))";
    $c->execute($sql, ...$values);
    $c->execute($sql, 2, ...array_fill(0, 31, null));
    $c->execute($sql, 2, ...array_fill(0, 31, null));
    sync();
    $c->run('SELECT * FROM types ORDER BY id');
    $c->execute('SELECT * FROM types WHERE id < ? ORDER BY id', 10);
    $c->execute('SELECT FROM ?', 1);
    section('transaction');
    $c->transaction('begin');
    $c->run("INSERT INTO items (name) VALUES ('t1')");
    $c->transaction('savepoint', 's');
    $c->execute('INSERT INTO items (name) VALUES (?)', 't2');
    $c->execute('SELECT name FROM items WHERE name LIKE ? ORDER BY 1', 't_');
    $c->run('ROLLBACK TO s');
    $c->transaction('commit');
    $c->transaction('begin');
    $c->run('DELETE FROM items');
    $c->transaction('rollback');
    sync();
    $c->run('SELECT name FROM items ORDER BY id');
    section('infile');
    $c->run("LOAD DATA LOCAL INFILE '" . getenv('DRV_FILE') . "' INTO TABLE loaded");
    sync();
    $c->run('SELECT COUNT(*), SUM(n), MAX(name) FROM loaded');
    section('bulk');
    $c->transaction('begin');
    ob_start();
    $c->prepared('INSERT INTO loaded VALUES (?, ?, ?)',
        array_map(fn($i) => [100000 + $i, "bulk $i", $i % 3 ? null : $i], range(0, 299)));
    echo sha1(ob_get_clean()), "\n";
    $c->transaction('commit');
    sync();
    $c->run('SELECT COUNT(*), SUM(n), MAX(name) FROM loaded');
    section('stream');
    echo $c->stream("SELECT seq, REPEAT('x', seq % 100) FROM seq_1_to_20000"), "\n";
    section('errors');
    foreach (["INSERT INTO items (name) VALUES ('a')", 'SELEKT 1', 'SELECT * FROM nosuch', 'CALL nosuch()',
        "INSERT INTO items (name) VALUES (REPEAT('x', 41))", 'INSERT INTO types (id, u8) VALUES (9, -1)'] as $sql) {
        $c->run($sql);
        $c->execute($sql);
    }
    $c::killing();
    section('reconnect');
    Client::open()->run("SELECT 'again'");
    section('big');
    $c->execute("INSERT INTO items (name, big) VALUES ('big', ?)", str_repeat('0123456789abcdef', 20 * 65536));
    sync();
    $c->run("SELECT name, big FROM items WHERE name = 'big'");
    $c->execute('SELECT big, name FROM items WHERE name = ?', 'big');
    $c->special();
}

connecting();
work(Client::open());
section('end');
