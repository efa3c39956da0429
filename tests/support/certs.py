"""A certificate authority for tests, made with the openssl program."""
import os
import ssl
import subprocess


def openssl(*arguments, **more):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Authority:
    """ca.crt, and <name>.crt with <name>.key for everyone it signs."""

    def __init__(self, folder, name="ca"):
        self.folder = folder
        self.name = name
        os.makedirs(folder, exist_ok=True)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/C=FI/O=Tests/CN={name}", "-days", "2", "-keyout", self.path(f"{name}.key"),
                "-out", self.path(f"{name}.crt"))

    def path(self, file):
        return os.path.join(self.folder, file)

    @property
    def ca(self):
        return self.path(f"{self.name}.crt")

    def make(self, name, hosts="DNS:localhost,IP:127.0.0.1", usage=None, subject=None, days=2):
        """Replaces the files in one step each, as an administrator would."""
        key, request, cert = (self.path(f"{name}.{end}") for end in ("key", "csr", "crt"))
        extensions = f"subjectAltName={hosts}\n" if hosts else ""
        extensions += f"extendedKeyUsage={usage}\n" if usage else ""
        with open(self.path("ext"), "w", encoding="utf-8") as file:
            file.write(extensions)
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                subject or f"/C=FI/O=Tests/CN={name}", "-keyout", key + ".new", "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.path(f"{self.name}.key"),
                "-CAcreateserial", "-days", str(days), "-extfile", self.path("ext"), "-out", cert + ".new")
        for file in (key, cert):
            os.chmod(file + ".new", 0o644)
            os.replace(file + ".new", file)
        return cert, key

    def revoke(self, *names):
        """A list with these revoked."""
        config = self.path("crl.cnf")
        database = self.path("index.txt")
        open(database, "a", encoding="utf-8").close()
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={database}\ndefault_md=sha256\n"
                       f"default_crl_days=1\ncertificate={self.ca}\n"
                       f"private_key={self.path(self.name + '.key')}\n")
        for name in names:
            openssl("ca", "-config", config, "-revoke", self.path(f"{name}.crt"))
        openssl("ca", "-config", config, "-gencrl", "-out", self.path("crl.pem.new"))
        os.replace(self.path("crl.pem.new"), self.path("crl.pem"))
        return self.path("crl.pem")

    def context(self, cert=None, version=None, ciphers=None):
        """What a client uses; cert: the name of its own certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.ca)
        if cert:
            context.load_cert_chain(self.path(f"{cert}.crt"), self.path(f"{cert}.key"))
        if version:
            context.minimum_version = context.maximum_version = version
        if ciphers:
            context.set_ciphers(ciphers)
        return context
