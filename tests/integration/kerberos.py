"""A Kerberos realm in a scratch folder: a real KDC on a free port, keytabs and tickets of its own. No
file of the machine is read or written: KRB5_CONFIG and the others lead to the folder."""
import os
import subprocess

from lab import lab

REALM = "TEST.EXAMPLE"
SERVICE = "mariadb/db.test.example"
SBIN = "/usr/sbin"


class Realm:
    def __init__(self, folder):
        self.folder = folder
        self.port = lab.free_port()
        self.process = None
        self.environment = {
            "KRB5_CONFIG": self.path("krb5.conf"), "KRB5_KDC_PROFILE": self.path("kdc.conf"),
            "KRB5RCACHENAME": "none:", "KRB5_KTNAME": self.path("none.keytab"),
            "LSAN_OPTIONS": f"suppressions={self.path('lsan')}:print_suppressions=0"}
        # The library forgets a name when a keytab has no key for it.
        self.write("lsan", "leak:krb5_copy_principal")
        self.write("krb5.conf", f"""[libdefaults]
            default_realm = {REALM}
            dns_lookup_realm = false
            dns_lookup_kdc = false
            dns_canonicalize_hostname = false
            rdns = false
            udp_preference_limit = 1
            [realms]
            {REALM} = {{
                kdc = 127.0.0.1:{self.port}
            }}
            """)
        self.write("kdc.conf", f"""[realms]
            {REALM} = {{
                database_name = {self.path("principal")}
                key_stash_file = {self.path("stash")}
                acl_file = {self.path("acl")}
                kdc_listen = 127.0.0.1:{self.port}
                kdc_tcp_listen = 127.0.0.1:{self.port}
                max_life = 1h
            }}
            [logging]
            kdc = FILE:{self.path("kdc.log")}
            default = FILE:{self.path("default.log")}
            """)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write("\n".join(line.strip() for line in text.splitlines()) + "\n")

    def run(self, *command, given=None, **more):
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, **self.environment, **more))
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def admin(self, query):
        return self.run(f"{SBIN}/kadmin.local", "-r", REALM, "-q", query)

    def start(self):
        self.run(f"{SBIN}/kdb5_util", "create", "-s", "-r", REALM, "-P", "master")
        self.process = subprocess.Popen(
            [f"{SBIN}/krb5kdc", "-n", "-r", REALM, "-P", self.path("pid")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=dict(os.environ, **self.environment))
        self.keytab(SERVICE)
        lab.wait_for("the KDC", lambda: self.ticket(SERVICE, keytab=self.path("keytab")))

    def keytab(self, principal, name="keytab"):
        """A new principal with a random key, its key in the file."""
        self.admin(f"addprinc -randkey {principal}")
        self.admin(f"ktadd -k {self.path(name)} {principal}")
        return self.path(name)

    def user(self, name, password="secret"):
        self.admin(f"addprinc -pw {password} {name}")
        return self.ticket(name, password)

    def ticket(self, name, password=None, keytab=None):
        """The environment of a client that has a ticket."""
        cache = {"KRB5CCNAME": "FILE:" + self.path("cc-" + name.replace("/", "-"))}
        if keytab:
            self.run("kinit", "-k", "-t", keytab, name, **cache)
        else:
            self.run("kinit", name, given=password + "\n", **cache)
        return dict(self.environment, **cache)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20)
