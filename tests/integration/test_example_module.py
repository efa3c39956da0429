"""A module built outside of the tree with nothing but the installed headers, loaded and used."""
import os
import shutil
import subprocess

import pymysql
import pytest

from lab import lab

FLAGS = subprocess.run(["pkg-config", "--cflags", "jansson"], capture_output=True, text=True,
                       check=True).stdout.split()


def build(folder, name, text):
    source = os.path.join(folder, "module.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    library = os.path.join(folder, f"lib{name}.so")
    include = os.path.join(lab.ROOT, "include")
    subprocess.run(["cc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
                    f"-I{include}", *FLAGS, source, "-o", library], check=True)
    return library


@pytest.fixture
def libdir(tmp_path):
    """The module folder of the program with room for one more."""
    folder = tmp_path / "lib"
    shutil.copytree(os.path.join(lab.ROOT, "lib64", "maxscale"), folder)
    return str(folder)


def example_text():
    path = os.path.join(lab.REPO, "modules", "example", "module.c")
    with open(path, encoding="utf-8") as file:
        return file.read()


CHANGES = {
    "Counter": {"type": "filter", "module": "examplefilter", "limit": "3"},
    "Read-Write-Service": {"filters": "Counter"},
}


def test_example_filter_counts_and_limits(cluster, make_proxy, libdir, tmp_path):
    shutil.copy(build(str(tmp_path), "examplefilter", example_text()), libdir)
    proxy = make_proxy(cluster.servers, CHANGES, arguments=[f"--libdir={libdir}"])
    lab.wait_for("users", lambda: proxy.connect(init_command=None).close() or True)
    with proxy.connect() as connection, connection.cursor() as cursor:
        with pytest.raises(pymysql.MySQLError) as error:
            for _ in range(5):
                cursor.execute("SELECT 1")
        assert error.value.args[0] == 1226
    diagnostics = proxy.api("filters/Counter").json()["data"]["attributes"]["filter_diagnostics"]
    assert diagnostics["statements"] >= 3


def test_module_of_another_abi_is_refused_with_the_reason(cluster, make_proxy, libdir, tmp_path):
    text = example_text().replace('#include "mx/module.h"',
                                  '#include "mx/module.h"\n#undef MX_MODULE_ABI\n'
                                  '#define MX_MODULE_ABI 999u')
    shutil.copy(build(str(tmp_path), "examplefilter", text), libdir)
    proxy = make_proxy(cluster.servers, CHANGES, start=False, arguments=[f"--libdir={libdir}"])
    proxy.start(wait=False)
    assert proxy.process.wait(20) in (1, 2)
    proxy.process = None
    assert "999" in proxy.text_output()
