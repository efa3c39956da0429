"""The script of work with MariaDB Connector/ODBC through unixODBC."""
import datetime
import decimal
import hashlib
import os
import sys
import threading
import time

import pyodbc

ENV = os.environ
pyodbc.pooling = False


def section(name):
    print("==", name)


def sync():
    print("#sync", flush=True)
    sys.stdin.readline()


def connect(user="app", password="app", database="drv", autocommit=True):
    text = (f"DRIVER={{MariaDB Unicode}};SERVER={ENV['DRV_HOST']};PORT={ENV['DRV_PORT']};UID={user};PWD={password};"
            f"DATABASE={database};CHARSET=utf8mb4;OPTIONS=67108864")
    if ENV.get("DRV_TLS"):
        text += f";SSLCA={ENV['DRV_TLS']};SSLVERIFY=1"
    return pyodbc.connect(text, autocommit=autocommit)


def plain(value):
    if isinstance(value, (str, bytes)) and len(value) > 99:
        return len(value), hashlib.sha1(value.encode() if isinstance(value, str) else value).hexdigest()
    return value


def attempt(work):
    try:
        work()
    except pyodbc.Error as error:
        print(type(error).__name__, error.args)


def run(connection, sql, *args):
    def work():
        cursor = connection.cursor()
        cursor.execute(sql, *args)
        while True:
            if cursor.description:
                print([column[:1] + column[2:] for column in cursor.description])
                for row in cursor.fetchall():
                    print([plain(value) for value in row])
            print("rows", cursor.rowcount)
            if not cursor.nextset():
                return
    attempt(work)


def statements(c):
    section("connect")
    run(c, "SELECT DATABASE(), CURRENT_USER(), @@character_set_client")
    for words in (("app", "app", "nosuch"), ("app", "wrong", "drv"), ("nobody", "", "drv")):
        attempt(lambda: connect(*words))
    print(c.getinfo(pyodbc.SQL_DBMS_VER))
    print([row[3:7] for row in c.cursor().columns("types", catalog="drv")])
    print([row[2] for row in c.cursor().tables(catalog="drv")])
    section("text")
    run(c, "INSERT INTO items (name, n) VALUES ('a', 1), ('b', 2), ('ü', NULL)")
    run(c, "UPDATE items SET n = 5 WHERE n = ?", 1)
    run(c, "DELETE FROM items WHERE name = 'b'")
    sync()
    run(c, "SELECT id, name, n FROM items ORDER BY id")
    section("multi")
    run(c, "SELECT 1; UPDATE items SET n = 6 WHERE name = 'a'; SELECT 'x', NULL; DO 0")
    run(c, "SELECT 'still here'")
    section("call")
    run(c, "CALL two(7, @out)")
    run(c, "{CALL two(?, @out)}", 8)
    run(c, "SELECT @out")
    run(c, "CALL fails()")


def types(c):
    section("types")
    names = "id i8 u8 i16 u16 i24 i32 u32 i64 u64 f d n da dt ts c v bi vb tt tx mt bl j e s u ip"
    moment = datetime.datetime(2024, 2, 29, 23, 59, 58, 123456)
    values = (1, -128, 255, -32768, 65535, -8388608, -2147483648, 4294967295, -2**63, "18446744073709551615", 1.5,
              -2.25e300, decimal.Decimal("-12345678901234567890.0123456789"), moment.date(), moment, moment, "char",
              "vär €😀", b"\0\1\2\3", bytes(100), "tiny", "text's \"quotes\" \\ end", "m" * 70000, b"\xff\xfe\0",
              '{"a": [1, null]}', "ü", "x,z", "123e4567-e89b-12d3-a456-426614174000", "::1")
    sql = f"INSERT INTO types ({names.replace(' ', ',')}) VALUES ({','.join('?' * len(values))})"
    run(c, sql, values)
    run(c, sql, (2,) + (None,) * (len(values) - 1))
    run(c, sql, (2,) + (None,) * (len(values) - 1))
    sync()
    run(c, f"SELECT {names.replace(' ', ',')} FROM types ORDER BY id")
    run(c, f"SELECT {names.replace(' ', ',')} FROM types WHERE id < ? ORDER BY id", 5)
    run(c, "SELECT FROM ?", 5)


def transactions():
    section("transaction")
    c = connect(autocommit=False)
    run(c, "INSERT INTO items (name) VALUES ('t1')")
    run(c, "SAVEPOINT s")
    run(c, "INSERT INTO items (name) VALUES (?)", "t2")
    run(c, "SELECT name FROM items WHERE name LIKE ? ORDER BY 1", "t_")
    run(c, "ROLLBACK TO s")
    c.commit()
    run(c, "DELETE FROM items")
    c.rollback()
    c.autocommit = True
    sync()
    run(c, "SELECT name FROM items ORDER BY id")
    c.close()


def bulk(c):
    section("bulk")
    for fast in (False, True):
        cursor = c.cursor()
        cursor.fast_executemany = fast
        first = 100000 + 1000 * fast
        attempt(lambda: cursor.executemany("INSERT INTO loaded VALUES (?, ?, ?)", [
            (i, f"bulk {i}", None if i % 3 else i) for i in range(first, first + 300)]))
    sync()
    run(c, "SELECT COUNT(*), SUM(n), MAX(name) FROM loaded")
    section("stream")
    cursor = c.cursor().execute("SELECT seq, REPEAT('x', seq % 100) FROM seq_1_to_20000")
    print(sum(row[0] + len(row[1]) for row in cursor))
    section("errors")
    for sql in ("INSERT INTO items (name) VALUES ('a')", "SELEKT 1", "SELECT * FROM nosuch", "CALL nosuch()",
                "INSERT INTO items (name) VALUES (REPEAT('x', 41))", "INSERT INTO types (id, u8) VALUES (9, -1)"):
        run(c, sql)


def killing():
    """Cursor.cancel() is KILL QUERY over a second connection (which never has TLS)."""
    section("kill")
    victim, watcher = connect(autocommit=False), connect(autocommit=False)
    cursor = victim.cursor()
    thread = threading.Thread(target=attempt, args=(
        lambda: cursor.execute("SELECT SLEEP(100), COUNT(*) FROM items").fetchall(),))
    thread.start()
    seen = 0
    while not seen:
        time.sleep(0.01)
        seen = watcher.execute("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE "
                               "'SELECT SLEEP(100)%'").fetchone()[0]
        watcher.rollback()
    cursor.cancel()
    thread.join()
    victim.rollback()
    run(victim, "SELECT 'alive'")


def big(c):
    section("big")
    run(c, "INSERT INTO items (name, big) VALUES ('big', ?)", b"0123456789abcdef" * (20 * 65536))
    sync()
    run(c, "SELECT name, big FROM items WHERE name = 'big'")
    run(c, "SELECT name, big FROM items WHERE name = ?", "big")


def main():
    connection = connect()
    statements(connection)
    types(connection)
    transactions()
    bulk(connection)
    if not ENV.get("DRV_TLS"):
        killing()
    section("reconnect")
    run(connect(), "SELECT 'again'")
    big(connection)
    section("end")


main()
