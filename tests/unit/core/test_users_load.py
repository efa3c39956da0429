#!/usr/bin/python3
"""Accounts of real servers, read by src/core/users_load.c through the program users_probe.

    test_users_load.py <users_probe>
"""

import json
import os
import shutil
import subprocess
import sys
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tools"))
from lab import lab  # noqa: E402

PROBE = sys.argv.pop(1) if len(sys.argv) > 1 else "users_probe"
OK, UNKNOWN, WRONG_HOST = 0, 1, 2
DB_OK, DB_UNKNOWN, DB_DENIED = 0, 1, 2
TABLES = ("user", "db", "tables_priv", "columns_priv", "procs_priv", "proxies_priv",
          "roles_mapping")

ACCOUNTS = """
CREATE DATABASE shop; CREATE DATABASE shop_x; CREATE DATABASE other; CREATE DATABASE viarole;
CREATE DATABASE viatable; CREATE DATABASE open;
CREATE TABLE viatable.t (a INT); CREATE PROCEDURE other.p() SELECT 1;
CREATE USER plain@'127.0.0.%' IDENTIFIED BY 'secret';
CREATE USER plain@'10.0.0.0/255.255.255.0' IDENTIFIED BY 'secret';
GRANT SELECT ON `shop\\_%`.* TO plain@'127.0.0.%';
GRANT SELECT ON viatable.t TO plain@'127.0.0.%';
GRANT EXECUTE ON PROCEDURE other.p TO plain@'127.0.0.%';
CREATE ROLE inner_role; CREATE ROLE outer_role; GRANT inner_role TO outer_role;
GRANT SELECT ON viarole.* TO inner_role;
CREATE USER roled@'%' REQUIRE SSL; GRANT outer_role TO roled@'%';
SET DEFAULT ROLE outer_role FOR roled@'%';
GRANT SELECT ON open.* TO PUBLIC;
CREATE USER super@'%'; GRANT ALL ON *.* TO super@'%';
CREATE USER ''@'%'; GRANT PROXY ON plain@'127.0.0.%' TO ''@'%';
CREATE USER poor@'%' IDENTIFIED BY 'poor'; GRANT SELECT ON mysql.user TO poor@'%';
CREATE USER noproc@'%' IDENTIFIED BY 'noproc';
"""


class UsersLoad(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = lab.scratch("users-load-")
        cls.extra = lab.free_port()
        cls.servers = [
            lab.Server(os.path.join(cls.folder, str(i)), i, binlog=False,
                       options=[f"--extra-port={cls.extra}"] if i == 1 else [])
            for i in (1, 2)]
        template = os.path.join(cls.folder, "template")
        lab.install_database(template)
        service = ["CREATE USER svc@'%' IDENTIFIED BY 'svc'"]
        service += [f"GRANT SELECT ON mysql.{t} TO svc@'%'" for t in TABLES]
        service += ["GRANT SHOW DATABASES ON *.* TO svc@'%'"]
        noproc = [f"GRANT SELECT ON mysql.{t} TO noproc@'%'" for t in TABLES if t != "procs_priv"]
        for server in cls.servers:
            server.create(template)
            server.start()
            server.run(*service)
        cls.servers[0].run(*[s.strip() for s in ACCOUNTS.split(";") if s.strip()], *noproc)
        cls.servers[1].run("CREATE USER second@'%'", "CREATE DATABASE only_second")

    @classmethod
    def tearDownClass(cls):
        for server in cls.servers:
            server.stop()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def address(self, index=0, extra=0):
        return ["127.0.0.1", str(self.servers[index].port), str(extra)]

    def load(self, user="svc", password="svc", file="", how="first", servers=None):
        arguments = [PROBE, "load", user, password, file, how, *(servers or self.address())]
        return json.loads(subprocess.run(arguments, check=True, capture_output=True).stdout)

    def ask(self, name, client, database=""):
        arguments = [PROBE, "ask", "svc", "svc", name, client, database, *self.address()]
        words = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.split()
        return int(words[0]), int(words[1]), words[2]

    def account(self, loaded, user, host):
        found = [u for u in loaded["users"] if u["user"] == user and u["host"] == host]
        self.assertEqual(len(found), 1, loaded["users"])
        return found[0]

    def test_accounts_have_their_facts(self):
        loaded = self.load()
        self.assertEqual(loaded["servers"], "server1")
        self.assertIsNone(loaded["warnings"])
        plain = self.account(loaded, "plain", "127.0.0.%")
        self.assertEqual(plain["plugin"], "mysql_native_password")
        self.assertFalse(plain["global_priv"] or plain["super_priv"] or plain["ssl"])
        self.assertTrue(self.account(loaded, "super", "%")["super_priv"])
        self.assertTrue(self.account(loaded, "super", "%")["global_priv"])
        self.assertTrue(self.account(loaded, "roled", "%")["ssl"])
        self.assertEqual(self.account(loaded, "roled", "%")["default_role"], "outer_role")
        self.assertTrue(self.account(loaded, "", "%")["proxy_priv"])
        self.assertFalse(self.account(loaded, "svc", "%")["proxy_priv"])

    def test_databases_as_the_server_decides(self):
        """What the proxy says is what the server says to the same client."""
        for name, password in (("plain", "secret"), ("roled", ""), ("super", "")):
            for database in ("shop", "shop_x", "other", "viarole", "viatable", "open", "missing",
                             "information_schema"):
                verdict, ours, _ = self.ask(name, "127.0.0.1", database)
                self.assertEqual(verdict, OK)
                if name == "roled":
                    # The server wants TLS for this account, which the match does not look at.
                    theirs = {"viarole": DB_OK, "open": DB_OK, "information_schema": DB_OK,
                              "missing": DB_UNKNOWN}.get(database, DB_DENIED)
                else:
                    theirs = self.server_says(name, password, database)
                self.assertEqual(ours, theirs, (name, database))

    def server_says(self, name, password, database):
        result = subprocess.run(
            ["mariadb", "--no-defaults", "--protocol=tcp", "-h127.0.0.1",
             f"-P{self.servers[0].port}", f"-u{name}", f"-p{password}" if password else "--skip-ssl",
             database, "-e", "DO 1"], capture_output=True, text=True)
        if result.returncode == 0:
            return DB_OK
        if "ERROR 1049" in result.stderr:
            return DB_UNKNOWN
        # For a database that is not there and not allowed the server says "denied".
        self.assertIn("ERROR 1044", result.stderr)
        return DB_UNKNOWN if database == "missing" else DB_DENIED

    def test_hosts(self):
        self.assertEqual(self.ask("plain", "127.0.0.1"), (OK, DB_OK, "127.0.0.%"))
        self.assertEqual(self.ask("plain", "10.0.0.7")[2], "10.0.0.0/255.255.255.0")
        self.assertEqual(self.ask("plain", "192.168.0.7")[0], WRONG_HOST)
        self.assertEqual(self.ask("outer_role", "127.0.0.1")[0], UNKNOWN)

    def test_missing_rights_are_named(self):
        error = self.load("poor", "poor")["error"]
        for table in TABLES[1:]:
            self.assertIn(f"GRANT SELECT ON mysql.{table} TO 'poor'@'%';", error)
        self.assertNotIn("mysql.user ", error)

    def test_without_procs_priv_it_still_works(self):
        loaded = self.load("noproc", "noproc")
        self.account(loaded, "plain", "127.0.0.%")
        self.assertIn("GRANT SELECT ON mysql.procs_priv TO 'noproc'@'%';", loaded["warnings"])
        self.assertIn("GRANT SHOW DATABASES ON *.* TO 'noproc'@'%';", loaded["warnings"])

    def test_wrong_password_and_dead_server(self):
        dead = ["127.0.0.1", str(lab.free_port()), "0"]
        self.assertIn("'user' and 'password'", self.load("svc", "wrong")["error"])
        self.assertIn("server1", self.load(servers=dead)["error"])
        # The next server is asked.
        self.assertEqual(self.load(servers=dead + self.address())["servers"], "server2")

    def test_all_servers_are_merged(self):
        both = self.address(0) + self.address(1)
        first = self.load(servers=both)
        self.assertFalse([u for u in first["users"] if u["user"] == "second"])
        merged = self.load(servers=both, how="all")
        self.assertEqual(merged["servers"], "server1', 'server2")
        self.account(merged, "second", "%")
        self.account(merged, "plain", "127.0.0.%")
        self.account(merged, "svc", "%")

    def test_extra_port_first_then_port(self):
        works = ["127.0.0.1", str(lab.free_port()), str(self.extra)]
        self.account(self.load(servers=works), "plain", "127.0.0.%")
        closed = self.address(0, lab.free_port())
        self.account(self.load(servers=closed), "plain", "127.0.0.%")

    def test_the_password_of_before_is_tried_too(self):
        arguments = [PROBE, "rotate", "svc", "svc", "changed", "-", *self.address(1)]
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as probe:
            before = int(probe.stdout.readline())
            self.servers[1].run("CREATE USER rotated@'%'")
            after = int(probe.communicate("\n", timeout=60)[0])
        self.servers[1].run("DROP USER rotated@'%'")
        self.assertEqual(after, before + 1)
        self.assertEqual(probe.returncode, 0)

    def test_file(self):
        path = os.path.join(self.folder, "accounts.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"user": [{"user": "filed", "host": "%"},
                                {"user": "super", "host": "%", "plugin": "other"}]}, file)
        added = self.load(file=path)
        self.account(added, "filed", "%")
        self.assertEqual(self.account(added, "super", "%")["plugin"], "mysql_native_password")
        only = self.load(file=path, how="file_only", servers=["127.0.0.1", "1", "0"])
        self.assertEqual(len(only["users"]), 2)
        self.assertEqual(only["servers"], path)
        broken = self.load(file=path + ".missing")
        self.account(broken, "plain", "127.0.0.%")
        self.assertIn("cannot be read", broken["warnings"])


if __name__ == "__main__":
    unittest.main()
