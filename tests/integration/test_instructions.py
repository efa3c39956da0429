"""Instructions per statement: a count that repeats exactly, against the numbers recorded in
tests/data/instructions.tsv. What is counted is the release build; bench/count.py says how."""
import os
import shutil
import sys

import pytest

from lab import lab

sys.path.insert(0, os.path.join(lab.REPO, "bench"))
import count  # noqa: E402

BUILD = os.path.join(lab.REPO, "build-release")
MADE_WITH, ROWS = count.read(count.LIST)


@pytest.fixture(scope="module")
def build():
    if not os.path.exists(os.path.join(BUILD, "bench", "sql_bench")):
        pytest.skip("there is no release build (make release)")
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not installed")
    if count.compiler(BUILD) != MADE_WITH:
        pytest.skip("the numbers are those of " + MADE_WITH)
    return BUILD


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_no_more_instructions_than_recorded(build, row):
    [(name, recorded, now)] = count.measure(build, [row])
    assert now <= recorded * count.GROWTH, (
        "%s takes %d instructions instead of %d; when that is worth it: bench/count.py --update"
        % (name, now, recorded))
