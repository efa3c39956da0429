"""KILL: the session that is meant, and no other; on whatever worker; by the proxy's number or a server's."""
import os
import signal
import struct
import threading
from contextlib import contextmanager

import pytest

from conversations import raw
from lab import lab

PROCESS_KILL = 0x0c
FIRST_ID = 1 << 30
PORTS = ("rw", "plain", "other", "late")


class Place:
    """A proxy with four workers in front of a primary and a replica."""

    def __init__(self, cluster):
        from conftest import Proxy
        self.cluster = cluster
        self.ports = {name: lab.free_port() for name in PORTS}
        changes = {"maxscale": {"users_refresh_time": "0s", "threads": "4"}}
        services = {"rw": ("readwritesplit", "server1,server2", {"max_slave_connections": "255"}),
                    "plain": ("readconnroute", "server1", {"router_options": "running"}),
                    "late": ("readwritesplit", "server2",
                             {"delayed_retry": "true", "delayed_retry_timeout": "120s",
                              "master_failure_mode": "fail_on_write"}),
                    "other": ("readconnroute", "server2", {"router_options": "running"})}
        for name, (router, servers, more) in services.items():
            changes[name] = {"type": "service", "router": router, "servers": servers,
                             "user": "maxscale", "password": "maxscale", **more}
            changes[f"{name}-listener"] = {"type": "listener", "service": name,
                                           "port": self.ports[name]}
        self.proxy = Proxy(cluster.servers, changes)

    def client(self, name="rw", user="app", **more):
        client = raw.Client(self.ports[name], user, user, **more)
        assert client.answer[0] == 0, client.answer
        return client


@pytest.fixture(scope="module")
def place(cluster):
    from conftest import finish
    cluster.primary.run(
        "CREATE USER bob@'%' IDENTIFIED BY 'bob'", "CREATE USER eve@'%' IDENTIFIED BY 'eve'",
        "CREATE USER adm@'%' IDENTIFIED BY 'adm'", "GRANT CONNECTION ADMIN, PROCESS ON *.* TO adm@'%'",
        "CREATE USER rol@'%' IDENTIFIED BY 'rol'", "CREATE ROLE killers",
        "GRANT CONNECTION ADMIN ON *.* TO killers", "GRANT killers TO rol@'%'",
        "SET DEFAULT ROLE killers FOR rol@'%'")
    cluster.sync()
    made = Place(cluster)
    try:
        made.proxy.start()
        made.proxy.wait_ready()
        yield made
    finally:
        finish(made.proxy)


def value(client, sql):
    return client.query(sql)[-2][5:]


def error(packets):
    """Code and text of an answer that is one error packet."""
    assert len(packets) == 1 and packets[0][4] == 0xff, packets
    return struct.unpack_from("<H", packets[0], 5)[0], packets[0][13:].decode()


def is_ok(packets):
    return len(packets) == 1 and packets[0][4] == 0


def is_alive(client):
    return value(client, "SELECT 1") == b"1"


def is_gone(client):
    """It ends with error 1927, or just ends."""
    try:
        answer = client.packet()
        assert answer[:3] == b"\xff" + struct.pack("<H", 1927), answer
        client.packet()
    except (raw.Gone, ConnectionError):
        return True
    return False


def run_in_background(client, sql):
    """Starts a statement; the answer is read by the returned function."""
    client.command(raw.QUERY, sql)
    return client.result


def wait_running(place, mark):
    def running():
        return any(place.cluster.servers[i].query(
            "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE %s AND ID <> CONNECTION_ID()"
            .replace("%s", f"'SELECT SLEEP(%{mark}'")) for i in (0, 1))
    lab.wait_for(f"the statement {mark} on a server", running)


def sleep(client, place, seconds):
    """A statement that runs; the number of seconds tells it from others."""
    read = run_in_background(client, f"SELECT SLEEP({seconds})")
    wait_running(place, f"{seconds})")
    return read


# -- by the proxy's number

def test_ids_of_greeting_and_list_are_one(place):
    with place.client() as client:
        assert client.thread_id > FIRST_ID
        ids = [int(s["id"]) for s in place.proxy.api("sessions").json()["data"]]
        assert client.thread_id in ids


@pytest.mark.parametrize("words", ["", "HARD", "SOFT", "CONNECTION", "HARD CONNECTION", "soft connection"])
@pytest.mark.parametrize("service", ["rw", "plain"])
def test_idle_sessions_of_every_worker(place, service, words):
    victims = [place.client(service) for _ in range(8)]
    others = [place.client(service) for _ in range(8)]
    with place.client(service) as killer:
        for victim in victims:
            assert is_ok(killer.query(f"KILL {words} {victim.thread_id}"))
            assert is_gone(victim)
        assert all(is_alive(other) for other in others)
    for client in victims + others:
        client.close()


@pytest.mark.parametrize("service", ["rw", "plain"])
def test_running_statements(place, service):
    with place.client(service) as killer, place.client(service) as victim, place.client(service) as other:
        answer_other = sleep(other, place, 41)
        read = sleep(victim, place, 42)
        assert is_ok(killer.query(f"KILL QUERY {victim.thread_id}"))
        answer = read()
        assert answer[-1][4:7] == b"\xff\x25\x05" or value(victim, "SELECT 1") == b"1"
        assert is_alive(victim)
        read = sleep(victim, place, 43)
        assert is_ok(killer.query(f"KILL {victim.thread_id}"))
        assert is_gone(victim)
        lab.wait_for("the statement's end on the server", lambda: not place.cluster.primary.query(
            "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(43%'"))
        assert is_ok(killer.query(f"KILL QUERY {other.thread_id}"))
        answer_other()
        assert is_alive(other)


def test_query_of_an_idle_session_changes_nothing(place):
    with place.client() as killer, place.client() as victim:
        assert is_ok(killer.query(f"KILL QUERY {victim.thread_id}"))
        assert is_alive(victim)


# -- statements that no server has been sent

INTERRUPTED = (1317, "Query execution was interrupted")


@contextmanager
def standing(place, server):
    """The server does nothing meanwhile, and no monitor looks."""
    assert place.proxy.api("monitors/MariaDB-Monitor/stop", "PUT").ok
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
        assert place.proxy.api("monitors/MariaDB-Monitor/start", "PUT").ok


def queued(place, client, count=1):
    """Until the client waits for so many answers."""
    lab.wait_for("the statement's way to the endpoint", lambda: place.proxy.api(
        f"sessions/{client.thread_id}").json()["data"]["attributes"]["io_activity"] >= count)


@pytest.mark.parametrize("words", ["QUERY", "HARD QUERY", "SOFT QUERY"])
@pytest.mark.parametrize("service", ["rw", "plain"])
def test_statement_that_waits_for_its_login_is_answered_at_once(place, service, words):
    place.cluster.primary.run("CREATE OR REPLACE TABLE test.unsent (a INT)")
    with place.client() as killer:
        assert is_alive(killer)
        with standing(place, place.cluster.primary):
            victim = place.client(service)
            victim.command(raw.QUERY, "INSERT INTO test.unsent VALUES (1)")
            queued(place, victim)
            assert is_ok(killer.query(f"KILL {words} {victim.thread_id}"))
            assert error(victim.result()) == INTERRUPTED  # the server stands still: it was not asked
        assert is_ok(victim.query("INSERT INTO test.unsent VALUES (2)"))
        assert place.cluster.primary.query("SELECT a FROM test.unsent") == ((2,),)
        victim.close()


def test_only_the_oldest_of_those_that_wait(place):
    with place.client() as killer:
        assert is_alive(killer)
        with standing(place, place.cluster.primary):
            victim = place.client("plain")
            victim.send(b"".join(raw.frame(b"\x03SELECT %d" % n) for n in (1, 2, 3)))
            queued(place, victim, 3)
            assert is_ok(killer.query(f"KILL QUERY {victim.thread_id}"))
            assert error(victim.result()) == INTERRUPTED
        assert victim.result()[-2][5:] == b"2" and victim.result()[-2][5:] == b"3"
        victim.close()


def test_behind_a_session_command_that_another_server_answered(place):
    """The replica stands still with a SET in front of the read, which is not to be answered in its place."""
    with place.client() as killer:
        assert is_alive(killer)
        with standing(place, place.cluster.servers[1]):
            victim = place.client("rw")
            assert is_ok(victim.query("SET @a = 4"))
            victim.command(raw.QUERY, "SELECT @a + 1")
            queued(place, victim, 3)
            assert is_ok(killer.query(f"KILL QUERY {victim.thread_id}"))
            assert error(victim.result()) == INTERRUPTED
        assert value(victim, "SELECT @a + 1") == b"5"
        assert value(victim, "SELECT @a + 2 FROM DUAL FOR UPDATE") == b"6"
        victim.close()


def test_session_command_that_nobody_was_sent_is_withdrawn(place):
    """Both stand still: neither must hear of it, nor a connection that joins later."""
    with place.client() as killer:
        assert is_alive(killer)
        with standing(place, place.cluster.primary), standing(place, place.cluster.servers[1]):
            victim = place.client("rw")
            victim.command(raw.QUERY, "SET @a = 5")
            queued(place, victim)
            assert is_ok(killer.query(f"KILL QUERY {victim.thread_id}"))
            assert error(victim.result()) == INTERRUPTED
        assert value(victim, "SELECT @a IS NULL") == b"1"
        assert value(victim, "SELECT @a IS NULL FROM DUAL FOR UPDATE") == b"1"
        assert is_ok(victim.query("SET @a = 6")) and value(victim, "SELECT @a") == b"6"
        victim.close()


# -- what is not interrupted: it takes no time, or has not begun

def half_a_statement(client, kill):
    whole = raw.frame(b"\x03SELECT 'whole'")
    client.send(whole[:9])
    kill()
    client.send(whole[9:])
    return client.result()


def user_who_is_being_changed(client, kill):
    client.command(raw.CHANGE_USER, b"app\0\x01x\0" + struct.pack("<H", 45) + b"unknown\0")
    request = client.packet()
    assert request[:1] == b"\xfe"
    kill()
    client.send(raw.frame(raw.native("app", request.split(b"\0", 1)[1][:20]), client.sequence + 1))
    return [client.raw_packet()] + client.query("SELECT CURRENT_USER()")


@pytest.mark.parametrize("service", ["rw", "plain"])
@pytest.mark.parametrize("talk", [half_a_statement, user_who_is_being_changed],
                         ids=lambda talk: talk.__name__)
def test_query_leaves_alone_what_has_not_begun(place, service, talk):
    """Directly and through the proxy. (Of a statement that is streamed, a server may have heard already.)"""
    def held(port):
        with raw.Client(port) as client, raw.Client(port) as killer:
            def kill():
                assert is_ok(killer.query(f"KILL QUERY {client.thread_id}"))
            assert client.answer[0] == 0 and is_alive(client)
            return talk(client, kill)

    direct = held(place.cluster.primary.port)
    assert direct[-1][4] != 0xff
    assert held(place.ports[service]) == direct


@pytest.mark.parametrize("service", ["rw", "plain"])
@pytest.mark.parametrize("command, body", [(raw.RESET_CONNECTION, b""), (raw.PING, b""), (raw.SET_OPTION, b"\0\0")])
def test_commands_that_take_no_time_are_not_taken_back(place, service, command, body):
    """No server has been sent it; one that had been would have answered it with OK, too."""
    with place.client() as killer:
        assert is_alive(killer)
        with standing(place, place.cluster.primary):
            victim = place.client(service)
            victim.command(command, body)
            queued(place, victim)
            assert is_ok(killer.query(f"KILL QUERY {victim.thread_id}"))
        assert victim.ok()[:1] in (b"\0", b"\xfe")
        assert is_alive(victim)
        victim.close()


def test_statement_that_waits_for_a_primary(place):
    """There is none in that service; the statement would be tried for two minutes."""
    with place.client("late") as victim, place.client("late") as killer:
        assert is_alive(victim)
        victim.command(raw.QUERY, "INSERT INTO test.unsent VALUES (3)")
        queued(place, victim, 3)
        assert is_ok(killer.query(f"KILL QUERY {victim.thread_id}"))
        assert error(victim.result()) == INTERRUPTED
        assert is_alive(victim)


def test_process_kill(place):
    with place.client() as killer, place.client() as victim:
        killer.command(PROCESS_KILL, struct.pack("<I", victim.thread_id))
        assert is_ok([killer.raw_packet()])
        assert is_gone(victim)
        killer.command(PROCESS_KILL, struct.pack("<I", 0x7fffffff))
        assert error([killer.raw_packet()]) == (1094, "Unknown thread id: 2147483647")


# -- oneself, as the server does it

@pytest.mark.parametrize("service", ["rw", "plain"])
@pytest.mark.parametrize("sql", ["KILL %d", "KILL QUERY %d", "KILL CONNECTION_ID()", "KILL USER eve",
                                 "KILL QUERY CONNECTION_ID()", "KILL 999999", "KILL QUERY ID 999999",
                                 "KILL USER nobody", "KILL USER eve@192.0.2.1", "KILL QUERY USER nobody",
                                 "KILL USER CURRENT_USER()", "KILL SOFT QUERY 888888", "KILL '777777'"])
def test_bytes_are_the_servers(place, service, sql):
    def talk_to(client):
        out = client.query(sql % client.thread_id if "%d" in sql else sql)
        try:
            out += client.query("SELECT 'still there'")
        except (raw.Gone, ConnectionError):
            out.append(b"gone")
        return out

    # what the case before has left would be counted
    lab.wait_for("nobody of that name", lambda: not place.cluster.primary.query(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'eve'"))
    with raw.Client(place.cluster.primary.port, "eve", "eve") as direct:
        expected = talk_to(direct)
    with place.client(service, "eve") as through:
        assert talk_to(through) == expected


# -- rights

def test_own_sessions_only(place):
    with place.client(user="eve") as killer, place.client(user="bob") as victim:
        assert is_alive(victim)
        for words in ("", "QUERY"):
            assert error(killer.query(f"KILL {words} {victim.thread_id}")) == (
                1095, f"You are not owner of thread {victim.thread_id}")
        assert is_alive(victim)
        with place.client(user="eve") as mine:
            assert is_ok(killer.query(f"KILL {mine.thread_id}"))
            assert is_gone(mine)


@pytest.mark.parametrize("user", ["app", "adm", "rol"], ids=["SUPER", "CONNECTION ADMIN", "by role"])
def test_sessions_of_others(place, user):
    with place.client(user=user) as killer, place.client(user="bob") as victim:
        assert is_alive(victim)
        assert is_ok(killer.query(f"KILL {victim.thread_id}"))
        assert is_gone(victim)


def test_without_an_account_on_that_server_there_is_no_right(place):
    """The right is asked for where the victim is; it is answered as of one who has no right."""
    place.cluster.primary.run("SET STATEMENT sql_log_bin=0 FOR CREATE USER half@'%' IDENTIFIED BY 'half'")
    try:
        with place.client("rw", "half") as killer, place.client("other", "bob") as victim:
            assert is_alive(victim)
            assert error(killer.query(f"KILL {victim.thread_id}")) == (
                1095, f"You are not owner of thread {victim.thread_id}")
            assert is_alive(victim)
    finally:
        place.cluster.primary.run("SET STATEMENT sql_log_bin=0 FOR DROP USER half@'%'")


def test_kill_user_without_right_spares_them_as_the_server_does(place):
    with raw.Client(place.cluster.primary.port, "bob", "bob"), place.client(user="bob") as victim:
        assert is_alive(victim)
        with raw.Client(place.cluster.primary.port, "eve", "eve") as direct:
            expected = direct.query("KILL USER bob")
        with place.client(user="eve") as killer:
            assert killer.query("KILL USER bob") == expected
        assert is_alive(victim)
        with place.client(user="adm") as killer:
            assert is_ok(killer.query("KILL USER bob"))
        assert is_gone(victim)


def test_service_of_other_servers_is_out_of_reach(place):
    with place.client("plain") as killer, place.client("other") as victim:
        assert error(killer.query(f"KILL {victim.thread_id}"))[0] == 1094
        assert is_alive(victim)


# -- by name

def test_kill_user(place):
    victims = [place.client(user="bob") for _ in range(6)] + [place.client("plain", "bob")]
    with place.client() as killer, place.client(user="eve") as other:
        assert is_ok(killer.query("KILL QUERY USER bob"))
        assert all(is_alive(v) for v in victims)
        assert is_ok(killer.query("KILL USER bob@192.0.2.1"))
        assert all(is_alive(v) for v in victims)
        answer = killer.query("KILL USER 'bob'@'127.0.0.1'")
        assert is_ok(answer) and answer[0][5] == 7  # affected rows
        assert all(is_gone(v) for v in victims)
        assert is_alive(other)
    for victim in victims:
        victim.close()


# -- by a server's number

def own_id(client):
    return int(value(client, "SELECT CONNECTION_ID()"))


@pytest.mark.parametrize("service", ["rw", "plain"])
def test_connection_id_names_the_session(place, service):
    with place.client(service) as killer, place.client(service) as victim, place.client(service) as other:
        number = own_id(victim)
        assert is_alive(other) and number < FIRST_ID
        answer = killer.query(f"KILL {number}")
        if not is_ok(answer):
            # the other server has a connection of that number too: nothing may be killed
            code, text = error(answer)
            assert code == 1094 and "more than one server" in text and str(victim.thread_id) in text
            assert is_alive(victim)
            assert is_ok(killer.query(f"KILL {victim.thread_id}"))
        assert is_gone(victim)
        assert is_alive(other)


def test_process_list_names_the_session(place):
    with place.client("plain") as killer, place.client("plain", "bob") as victim:
        assert is_alive(victim)
        number = int(value(killer, "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'bob'"))
        assert is_ok(killer.query(f"KILL {number}"))
        assert is_gone(victim)


def same_number_on_both(place):
    """Sessions of the plain and of the other service whose servers' connections have one number."""
    kept = []
    for _ in range(400):
        a, b = place.client("plain"), place.client("other")
        kept += [a, b]
        x, y = own_id(a), own_id(b)
        if x == y:
            return a, b, x, kept
        slow = "plain" if x < y else "other"
        server = place.cluster.servers[0 if slow == "plain" else 1]
        for _ in range(abs(x - y)):
            raw.Client(server.port, login=False).close()
        while len(kept) > 20:
            kept.pop(0).close()
    raise AssertionError("no number in common")


def test_a_number_on_two_servers_kills_nobody(place):
    a, b, number, kept = same_number_on_both(place)
    with place.client("rw") as killer:
        code, text = error(killer.query(f"KILL {number}"))
        assert code == 1094 and "more than one server" in text
        assert str(a.thread_id) in text and str(b.thread_id) in text
        assert is_alive(a) and is_alive(b)
        assert is_ok(killer.query(f"KILL {a.thread_id}"))
        assert is_gone(a) and is_alive(b)
    for client in kept:
        client.close()


def test_connections_beside_the_proxy_are_the_servers_business(place):
    with raw.Client(place.cluster.primary.port, "bob", "bob") as direct:
        with place.client("plain", "eve") as killer:
            assert error(killer.query(f"KILL {direct.thread_id}")) == (
                1095, f"You are not owner of thread {direct.thread_id}")
            assert is_alive(direct)
        with place.client("plain", "bob") as killer:
            assert is_ok(killer.query(f"KILL {direct.thread_id}"))
            assert is_gone(direct)


def test_no_right_no_number(place):
    """What a user may not see in the process list is not his to kill by its number either."""
    with place.client("rw", "eve") as killer, place.client("plain", "bob") as victim:
        number = own_id(victim)
        assert error(killer.query(f"KILL {number}"))[0] in (1094, 1095)
        assert is_alive(victim)


# -- by query id

@pytest.mark.parametrize("service", ["plain", "rw"])
def test_query_id(place, service):
    with place.client(service) as killer, place.client(service) as victim, place.client(service) as other:
        read_other = sleep(other, place, 51)
        read = sleep(victim, place, 52)
        rows = [row for server in place.cluster.servers for row in server.query(
            "SELECT QUERY_ID FROM information_schema.PROCESSLIST WHERE INFO = 'SELECT SLEEP(52)'")]
        assert is_ok(killer.query(f"KILL QUERY ID {rows[0][0]}"))
        read()
        assert is_alive(victim)
        assert is_ok(killer.query(f"KILL QUERY {other.thread_id}"))
        read_other()


# -- prepared

@pytest.mark.parametrize("service", ["rw", "plain"])
@pytest.mark.parametrize("caps", [raw.BASE, raw.BASE | raw.NO_EOF], ids=["EOF", "no EOF"])
def test_prepared(place, service, caps):
    with place.client(service, caps=caps) as killer, place.client(service) as one, \
            place.client(service) as two, place.client(service) as three:
        before, _, _ = killer.prepare("SELECT 5")
        number, parameters, packets = killer.prepare("KILL ?")
        with raw.Client(place.cluster.primary.port, caps=caps) as direct:
            direct.prepare("SELECT 5")
            _, _, expected = direct.prepare("KILL ?")
        assert parameters == 1
        assert [p[:5] + p[9:] for p in packets[:1]] + packets[1:] == \
            [p[:5] + p[9:] for p in expected[:1]] + expected[1:]
        assert is_ok(killer.execute(number, struct.pack("<q", one.thread_id), count=1, types=b"\x08\0"))
        assert is_gone(one)
        assert is_ok(killer.execute(number, struct.pack("<q", two.thread_id), count=1))
        assert is_gone(two)
        assert error(killer.execute(number, raw.text("2147483640"), count=1, types=b"\xfd\0"))[0] == 1094
        assert error(killer.execute(number, count=1, types=b"\x06\0"))[0] == 1210
        after, _, _ = killer.prepare("SELECT 6")
        assert killer.execute(before)[-2][-1:] and killer.execute(after)
        fixed, _, _ = killer.prepare(f"KILL HARD CONNECTION {three.thread_id}")
        assert is_alive(three)
        assert is_ok(killer.execute(fixed))
        assert is_gone(three)
        killer.command(raw.CLOSE, struct.pack("<I", fixed))
        assert error(killer.execute(fixed))[0] == 1243
        assert error(killer.execute(number, struct.pack("<q", 7), count=1, types=b"\x08\0")
                     if service == "nobody" else killer.query("KILL 2147483640"))[0] == 1094
        assert is_alive(killer)


def test_direct_execution_behind_prepare(place):
    for service in ("rw", "plain"):
        with place.client(service) as killer, place.client(service) as victim:
            killer.send(raw.frame(b"\x16KILL ?") + raw.frame(
                b"\x17" + struct.pack("<IBI", 0xffffffff, 0, 1) + b"\0\1\x08\0"
                + struct.pack("<q", victim.thread_id)))
            first = killer.raw_packet()
            assert first[4] == 0
            killer.raw_packet(), killer.raw_packet()
            assert is_ok([killer.raw_packet()])
            assert is_gone(victim)
            assert is_alive(killer)


# -- order, ends, nonsense

def test_pipelined_kill_waits_its_turn(place):
    with place.client() as killer, place.client() as victim:
        killer.send(raw.frame(b"\x03SELECT 1") + raw.frame(b"\x03KILL %d" % victim.thread_id)
                    + raw.frame(b"\x03SELECT 2"))
        assert killer.result()[-2][5:] == b"1"
        assert is_ok(killer.result())
        assert killer.result()[-2][5:] == b"2"
        assert is_gone(victim)


def test_killer_may_leave_before_the_answer(place):
    for _ in range(20):
        with place.client() as victim:
            killer = place.client()
            killer.command(raw.QUERY, f"KILL {victim.thread_id}")
            killer.close()
            assert is_gone(victim)


def test_sessions_kill_each_other(place):
    for _ in range(10):
        a, b = place.client(), place.client()
        a.command(raw.QUERY, f"KILL {b.thread_id}")
        b.command(raw.QUERY, f"KILL {a.thread_id}")
        for client in (a, b):
            try:
                client.result()
                client.query("SELECT 1")
            except (raw.Gone, ConnectionError):
                pass
            client.close()
    with place.client() as client:
        assert is_alive(client)


def test_storm_of_kills(place):
    """Many at once, from and to every worker: each victim dies, nobody else."""
    bystanders = [place.client(s) for s in ("rw", "plain") for _ in range(4)]
    victims = [place.client() for _ in range(40)]
    killers = [place.client() for _ in range(8)]
    failures = []

    def work(killer, mine):
        for victim in mine:
            if not is_ok(killer.query(f"KILL {victim.thread_id}")):
                failures.append(victim.thread_id)

    threads = [threading.Thread(target=work, args=(k, victims[i::8])) for i, k in enumerate(killers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert all(is_gone(v) for v in victims)
    assert all(is_alive(b) for b in bystanders + killers)
    for client in bystanders + victims + killers:
        client.close()


def test_end_of_the_program_with_statements_under_way(cluster):
    """Servers are told while the program ends; nothing is left behind in memory."""
    from conftest import finish
    own = Place(cluster)
    try:
        own.proxy.start()
        own.proxy.wait_ready()
        clients = [own.client() for _ in range(4)]
        for client in clients:
            sleep(client, own, 61)
        killer = own.client()
        killer.command(raw.QUERY, f"KILL QUERY ID {1 << 40}")
    finally:
        finish(own.proxy)
    lab.wait_for("the statements' end on the servers", lambda: not any(
        server.query("SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(61%'")
        for server in cluster.servers))


@pytest.mark.parametrize("sql", ["KILL", "KILL 1, 2", "KILL foo", "KILL @a", "KILL 1+1", "KILL USER"])
def test_nonsense_is_refused(place, sql):
    with place.client() as client:
        assert error(client.query(sql))[0] == 1064
        assert is_alive(client)
