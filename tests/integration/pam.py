"""PAM for tests without touching the machine: libpam_wrapper makes libpam read its services from a
scratch folder, tests/support/pam_mxtest.c is the module that they name."""
import os
import subprocess

from lab import lab

WRAPPER = "libpam_wrapper.so"


class Pam:
    """A folder of PAM services, and the environment of processes that are to use it."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "pam.d")
        self.module = os.path.join(folder, "pam_mxtest.so")
        os.makedirs(self.folder, exist_ok=True)
        source = os.path.join(lab.REPO, "tests", "support", "pam_mxtest.c")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", source, "-o",
                        self.module, "-lpam"], check=True)
        suppressions = os.path.join(folder, "lsan")
        with open(suppressions, "w", encoding="utf-8") as file:
            file.write("leak:libpam.so\n")  # pam_start leaves something behind when it fails
        self.environment = {"LD_PRELOAD": WRAPPER, "PAM_WRAPPER": "1",
                            "PAM_WRAPPER_SERVICE_DIR": self.folder,
                            # DEEPBIND and the order of libraries disturb the sanitizers.
                            "UID_WRAPPER_DISABLE_DEEPBIND": "1",
                            "LSAN_OPTIONS": f"suppressions={suppressions}:print_suppressions=0",
                            "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99:"
                                            "verify_asan_link_order=0"}

    def service(self, name, *auth, account=()):
        """A service of pam_mxtest with these arguments (see there)."""
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            for kind, arguments in (("auth", auth), ("account", account)):
                words = " ".join(f"[{argument}]" for argument in arguments)
                file.write(f"{kind} required {self.module} {words}\n")
