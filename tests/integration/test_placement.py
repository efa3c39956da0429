"""Sessions on workers: gathered on one while the load is light, moved between two statements without
a client noticing anything."""
import threading
import time

import pymysql
import pytest

from lab import lab

PLAIN = {
    "maxscale": {"threads": "3"},
    "Plain": {"type": "service", "router": "readconnroute", "servers": "server1,server2",
              "user": "maxscale", "password": "maxscale", "router_options": "master"},
    "Plain-Listener": {"type": "listener", "service": "Plain", "protocol": "MariaDBClient"},
}


@pytest.fixture
def movers(cluster, make_proxy):
    """A proxy with three workers and both routers."""
    port = lab.free_port()
    changes = dict(PLAIN, **{"Plain-Listener": dict(PLAIN["Plain-Listener"], port=port)})
    proxy = make_proxy(cluster.servers, changes)
    proxy.plain_port = port
    proxy.wait_ready()
    proxy.wait_state("server2", "Slave")
    return proxy


def threads_of_sessions(proxy):
    return [row["attributes"]["thread"] for row in proxy.api("sessions").json()["data"]]


def move_all(proxy, source, target):
    answer = proxy.api(f"maxscale/threads/{source}/rebalance?recipient={target}", "POST")
    assert answer.status_code == 204, answer.text


def test_few_sessions_share_one_worker(movers):
    connections = [movers.connect() for _ in range(12)]
    try:
        assert threads_of_sessions(movers) == [0] * 12
        stats = [row["attributes"]["stats"] for row in movers.api("maxscale/threads").json()["data"]]
        assert [one["sessions"] for one in stats] == [12, 0, 0]
    finally:
        for connection in connections:
            connection.close()


def test_sessions_are_spread_with_rebalance_period(cluster, make_proxy):
    proxy = make_proxy(cluster.servers, {"maxscale": {"threads": "3", "rebalance_period": "500ms"}})
    proxy.wait_ready()
    connections = [proxy.connect() for _ in range(12)]
    try:
        assert sorted(threads_of_sessions(proxy)) == [0] * 4 + [1] * 4 + [2] * 4
    finally:
        for connection in connections:
            connection.close()


def test_operator_moves_sessions(movers):
    connections = [movers.connect() for _ in range(6)]
    try:
        answer = movers.api("maxscale/threads/0/rebalance?recipient=2&sessions=4", "POST")
        assert answer.status_code == 204
        lab.wait_for("four sessions to have moved",
                     lambda: sorted(threads_of_sessions(movers)) == [0, 0, 2, 2, 2, 2])
        for connection in connections:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
                assert cursor.fetchone() == (1,)
        server = movers.api("servers/server1").json()["data"]["attributes"]["statistics"]
        assert server["connections"] == 6
    finally:
        for connection in connections:
            connection.close()


@pytest.mark.parametrize("path", [
    "maxscale/threads/0/rebalance",                       # whereto?
    "maxscale/threads/0/rebalance?recipient=3",           # there are three: 0, 1, 2
    "maxscale/threads/0/rebalance?recipient=-1",
    "maxscale/threads/0/rebalance?recipient=x",
    "maxscale/threads/0/rebalance?recipient=1&sessions=many",
    "maxscale/threads/rebalance?threshold=4",
    "maxscale/threads/rebalance?threshold=101",
])
def test_bad_requests_are_refused_with_the_reason(movers, path):
    answer = movers.api(path, "POST")
    assert answer.status_code == 400
    detail = answer.json()["errors"][0]["detail"]
    assert any(word in detail for word in ("recipient", "sessions", "threshold")), detail


def test_rebalance_by_threshold_is_accepted(movers):
    assert movers.api("maxscale/threads/rebalance", "POST").status_code == 204
    assert movers.api("maxscale/threads/rebalance?threshold=50", "POST").status_code == 204
    assert movers.api("maxscale/threads/7/rebalance?recipient=0", "POST").status_code == 404


class Worker(threading.Thread):
    """A client that checks everything it is answered while its session is moved about."""

    def __init__(self, proxy, port, number):
        super().__init__()
        self.proxy, self.port, self.number = proxy, port, number
        self.stop, self.rounds, self.problem = False, 0, None

    def run(self):
        try:
            with self.proxy.connect(port=self.port, database="test", local_infile=True) as connection:
                while not self.stop:
                    self.round(connection)
                    self.rounds += 1
        except Exception as error:  # whatever it is, the test shows it
            self.problem = error

    def value(self, cursor, sql):
        cursor.execute(sql)
        return cursor.fetchone()[0]

    def round(self, connection):
        mine = self.number * 1_000_000 + self.rounds
        with connection.cursor() as cursor:
            cursor.execute(f"SET @mine = {mine}")
            cursor.execute("BEGIN")
            cursor.execute(f"INSERT INTO moved VALUES ({mine})")
            assert self.value(cursor, f"SELECT COUNT(*) FROM moved WHERE id = {mine}") == 1
            cursor.execute("COMMIT")
            assert self.value(cursor, "SELECT @mine") == mine
            cursor.execute(f"PREPARE p FROM 'SELECT ? + {mine}'")
            cursor.execute("EXECUTE p USING 1")
            assert cursor.fetchone()[0] == mine + 1
            cursor.execute(f"SELECT seq, REPEAT('x', 1000) FROM seq_1_to_{self.rounds % 300 + 1}")
            rows = cursor.fetchall()
            assert len(rows) == self.rounds % 300 + 1 and all(len(row[1]) == 1000 for row in rows)
            with pytest.raises(pymysql.MySQLError):
                cursor.execute("SELECT no_such_column")


def test_clients_do_not_notice_that_they_are_moved(movers, cluster):
    cluster.primary.run("CREATE OR REPLACE TABLE test.moved (id INT PRIMARY KEY)")
    cluster.sync()
    workers = [Worker(movers, movers.port if i % 2 == 0 else movers.plain_port, i) for i in range(10)]
    for worker in workers:
        worker.start()
    seen = set()
    try:
        for turn in range(120):
            source = turn % 3
            move_all(movers, source, (source + 1 + turn % 2) % 3)
            seen.update(threads_of_sessions(movers))
            time.sleep(0.02)
    finally:
        for worker in workers:
            worker.stop = True
        for worker in workers:
            worker.join(60)
    assert [worker.problem for worker in workers if worker.problem is not None] == []
    assert all(worker.rounds > 0 for worker in workers)
    assert seen == {0, 1, 2}
    rows = cluster.primary.query("SELECT COUNT(*) FROM test.moved")[0][0]
    assert rows == sum(worker.rounds for worker in workers)
    lab.wait_for("all sessions to be gone", lambda: threads_of_sessions(movers) == [])
    for server in movers.api("servers").json()["data"]:
        assert server["attributes"]["statistics"]["connections"] == 0


def test_kill_finds_a_session_that_is_being_moved(movers):
    with movers.connect() as issuer, issuer.cursor() as cursor:
        for turn in range(25):
            victim = movers.connect()
            number = victim.thread_id()
            for source in range(3):
                move_all(movers, source, (source + 1) % 3)
            cursor.execute(f"KILL {number}")
            with pytest.raises(pymysql.MySQLError), victim.cursor() as other:
                other.execute("SELECT 1")
                other.execute("SELECT 1")
            with pytest.raises(pymysql.MySQLError) as unknown:
                cursor.execute(f"KILL {number}")
            assert unknown.value.args[0] == 1094, turn


def test_a_moved_session_hears_of_the_end_of_its_server(make_cluster, make_proxy):
    cluster = make_cluster(1)
    proxy = make_proxy(cluster.servers, {"maxscale": {"threads": "3"}})
    proxy.wait_ready()
    proxy.wait_state("server2", "Slave")
    with proxy.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@server_id")
        assert cursor.fetchone() == (2,)
        move_all(proxy, 0, 1)
        lab.wait_for("the move", lambda: threads_of_sessions(proxy) == [1])
        cluster.servers[1].kill()
        proxy.wait_state("server2", "Down")
        cursor.execute("SELECT @@server_id")
        assert cursor.fetchone() == (1,)
