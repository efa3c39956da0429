"""The script of work with PyMySQL or mysqlclient: python_dbapi.py pymysql|MySQLdb."""
import datetime
import decimal
import hashlib
import importlib
import os
import sys
import threading
import time

driver = importlib.import_module(sys.argv[1])
cursors = importlib.import_module(sys.argv[1] + ".cursors")
flags = importlib.import_module(sys.argv[1] + ".constants.CLIENT")
ENV = os.environ


def section(name):
    print("==", name)


def sync():
    print("#sync", flush=True)
    sys.stdin.readline()


def connect(**more):
    args = {"host": ENV["DRV_HOST"], "port": int(ENV["DRV_PORT"]), "user": ENV["DRV_USER"],
            "password": ENV["DRV_PASSWORD"], "database": "drv", "charset": "utf8mb4",
            "autocommit": True, "local_infile": True}
    args.update(more)
    if sys.argv[1] == "MySQLdb":
        if ENV.get("DRV_TLS"):
            args["ssl"] = {"ca": ENV["DRV_TLS"]}
        args["compress"] = bool(ENV.get("DRV_COMPRESS"))
    elif ENV.get("DRV_TLS"):
        args["ssl_ca"] = ENV["DRV_TLS"]
    return driver.connect(**args)


def plain(value):
    return hashlib.sha1(value).hexdigest() if isinstance(value, bytes) and len(value) > 99 else value


def show(cursor):
    while True:
        if cursor.description:
            print([column[:2] + column[3:] for column in cursor.description])
            for row in cursor.fetchall():
                print(tuple(plain(value) for value in row))
        print("rows", cursor.rowcount, "id", cursor.lastrowid)
        if not cursor.nextset():
            return


def run(connection, sql, args=None):
    cursor = connection.cursor()
    try:
        cursor.execute(sql, args)
        show(cursor)
    except driver.Error as error:
        print(type(error).__name__, error.args)
    finally:
        cursor.close()


def connecting():
    section("connect")
    first = connect(program_name="drivers' test") if sys.argv[1] == "pymysql" else connect()
    run(first, "SELECT DATABASE(), CURRENT_USER(), @@character_set_client, @@collation_connection")
    run(first, "SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE "
               "PROCESSLIST_ID = CONNECTION_ID() AND ATTR_NAME NOT IN ('_pid', '_server_host') ORDER BY 1")
    print(first.get_server_info(), first.character_set_name())
    first.close()
    for more in ({"database": "nosuch"}, {"password": "wrong"}, {"user": "nobody"}):
        try:
            connect(**more)
        except driver.Error as error:
            print(type(error).__name__, error.args)
    second = connect(charset="latin1", init_command="SET @started = 'yes'", sql_mode="ANSI")
    run(second, "SELECT @started, @@sql_mode, 'ä', @@character_set_client")
    second.close()


def types(connection):
    section("types")
    placeholders = ", ".join(["%s"] * 33) + ", ST_PointFromText('POINT(1 2)')"
    sql = ("INSERT INTO types (id, i8, u8, i16, u16, i24, i32, u32, i64, u64, f, d, n, b, y, da, t, dt, ts, "
           "c, v, bi, vb, tt, tx, mt, lt, bl, j, e, s, u, ip, g) VALUES (" + placeholders + ")")
    moment = datetime.datetime(2024, 2, 29, 23, 59, 58, 123456)
    full = (1, -128, 255, -32768, 65535, -8388608, -2147483648, 4294967295, -2**63, 2**64 - 1, 1.5, -2.25e300,
            decimal.Decimal("-12345678901234567890.0123456789"), b"\x02\x01", 2024, moment.date(),
            datetime.timedelta(hours=-838, minutes=-59, seconds=-59), moment, moment, "char", "vär €😀",
            b"\0\1\2\3", bytes(range(100)), "tiny", "text's \"quotes\" \\ \0 end", "m" * 70000, "l" * 5,
            b"\xff\xfe\0", '{"a": [1, 2.5, null]}', "ü", "x,z", "123e4567-e89b-12d3-a456-426614174000", "::1")
    run(connection, sql, full)
    run(connection, sql.replace("ST_PointFromText('POINT(1 2)')", "NULL"), (2,) + (None,) * 32)
    run(connection, "INSERT INTO types (id, c, v, vb, n, da) VALUES (3, '', '', '', 0, '0000-00-00')")
    sync()
    run(connection, "SELECT * FROM types ORDER BY id")


def statements(connection):
    section("text")
    run(connection, "INSERT INTO items (name, n) VALUES ('a', 1), ('b', 2), ('ü', NULL)")
    run(connection, "UPDATE items SET n = 5 WHERE n = 1")
    run(connection, "DELETE FROM items WHERE name = 'b'")
    sync()
    run(connection, "SELECT id, name, n FROM items ORDER BY id")
    run(connection, "SELECT CAST('x' AS INT)")
    run(connection, "SHOW WARNINGS")
    run(connection, "SELECT drv.twice(%s)", (21,))
    run(connection, "PREPARE p FROM 'SELECT ? + 1'")
    run(connection, "SET @v = 41")
    run(connection, "EXECUTE p USING @v")
    run(connection, "DEALLOCATE PREPARE p")
    section("multi")
    several = connect(client_flag=flags.MULTI_STATEMENTS)
    run(several, "SELECT 1; UPDATE items SET n = 6 WHERE name = 'a'; SELECT 'x', NULL; DO 0")
    run(several, "SELECT 1; SELECT * FROM nosuch; SELECT 3")
    run(several, "SELECT 'still here'")
    several.close()
    section("call")
    run(connection, "CALL two(7, @out)")
    run(connection, "SELECT @out")
    run(connection, "CALL fails()")
    cursor = connection.cursor()
    cursor.callproc("two", (8, 0))
    show(cursor)
    run(connection, "SELECT @_two_0, @_two_1")
    cursor.close()


def transactions(connection):
    section("transaction")
    connection.begin() if hasattr(connection, "begin") else run(connection, "BEGIN")
    run(connection, "INSERT INTO items (name) VALUES ('t1')")
    run(connection, "SAVEPOINT s")
    run(connection, "INSERT INTO items (name) VALUES ('t2')")
    run(connection, "SELECT name FROM items WHERE name LIKE 't_' ORDER BY 1")
    run(connection, "ROLLBACK TO s")
    run(connection, "RELEASE SAVEPOINT s")
    connection.commit()
    connection.autocommit(False)
    run(connection, "DELETE FROM items")
    connection.rollback()
    connection.autocommit(True)
    sync()
    run(connection, "SELECT name FROM items ORDER BY id")
    run(connection, "START TRANSACTION READ ONLY")
    run(connection, "INSERT INTO items (name) VALUES ('ro')")
    run(connection, "COMMIT")
    run(connection, "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE")
    run(connection, "SELECT @@tx_isolation")
    run(connection, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def loading(connection):
    section("infile")
    run(connection, f"LOAD DATA LOCAL INFILE '{ENV['DRV_FILE']}' INTO TABLE loaded")
    sync()
    run(connection, "SELECT COUNT(*), SUM(n), MAX(name) FROM loaded")
    run(connection, "LOAD DATA LOCAL INFILE '/nonexistent/file' INTO TABLE loaded")
    section("bulk")
    cursor = connection.cursor()
    cursor.executemany("INSERT INTO loaded VALUES (%s, %s, %s)",
                       [(i, f"bulk {i}", None if i % 3 else i) for i in range(100000, 103000)])
    print(cursor.rowcount)
    cursor.close()
    sync()
    run(connection, "SELECT COUNT(*), SUM(n), MAX(name) FROM loaded")


def streaming(connection):
    section("stream")
    cursor = connection.cursor(cursors.SSCursor)
    cursor.execute("SELECT seq, REPEAT('x', seq % 100) FROM seq_1_to_20000")
    print(cursor.fetchone(), len(cursor.fetchmany(500)))
    print(sum(row[0] for row in cursor))
    cursor.close()
    cursor = connection.cursor(cursors.SSCursor)
    cursor.execute("SELECT seq FROM seq_1_to_20000")
    print(cursor.fetchone())
    cursor.close()
    run(connection, "SELECT 'after'")


def errors(connection):
    section("ping")
    print(connection.ping())
    connection.select_db("mysql")
    run(connection, "SELECT DATABASE()")
    connection.select_db("drv")
    section("errors")
    for sql in ("INSERT INTO items (name) VALUES ('a')", "SELEKT 1", "SELECT * FROM nosuch", "",
                "INSERT INTO items (name) VALUES (REPEAT('x', 41))", "SELECT nosuch FROM items",
                "INSERT INTO types (id, u8) VALUES (9, -1)", "CALL nosuch()", "DROP TABLE nosuch"):
        run(connection, sql)


def killing():
    section("kill")
    victim, killer = connect(), connect()
    run(victim, "BEGIN")

    def sleep():
        try:
            victim.cursor().execute("SELECT SLEEP(100), COUNT(*) FROM items")
        except driver.Error as error:
            # A server cuts a killed connection, the proxy says why.
            print("lost" if error.args[0] in (1927, 2006, 2013) else error.args)

    def wait():
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            cursor = killer.cursor()
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE "
                           "'SELECT SLEEP(100)%'")
            found = cursor.fetchone()
            cursor.execute("COMMIT")
            if found:
                return
            time.sleep(0.01)
        raise TimeoutError

    for kill in ("KILL QUERY %d", "KILL %d"):
        thread = threading.Thread(target=sleep)
        thread.start()
        wait()
        killer.cursor().execute(kill % victim.thread_id())
        thread.join()
    section("reconnect")
    try:
        victim.ping()
    except driver.Error as error:
        print(type(error).__name__)
    victim = connect()
    run(victim, "SELECT 'again'")
    victim.close()
    killer.close()


def big(connection):
    section("big")
    value = b"0123456789abcdef" * (20 * 65536)
    run(connection, "INSERT INTO items (name, big) VALUES ('big', %s)", (value,))
    sync()
    run(connection, "SELECT big, LENGTH(big) FROM items WHERE name = 'big'")
    run(connection, "SELECT SHA1(REPEAT('z', 17000000)), REPEAT('z', 16777215) = REPEAT('z', 16777214)")


def pool():
    section("pool")
    total = []

    def work(number):
        connection = connect()
        for i in range(10):
            cursor = connection.cursor()
            cursor.execute("SELECT %s", (number * 10 + i,))
            total.append(cursor.fetchone()[0])
            cursor.close()
        connection.close()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(len(total), sum(total))


def main():
    connecting()
    connection = connect()
    statements(connection)
    types(connection)
    transactions(connection)
    loading(connection)
    streaming(connection)
    errors(connection)
    killing()
    big(connection)
    pool()
    connection.close()
    section("end")


main()
