"""Tables and lines, byte by byte as recorded. A recording is two files in data/maxctrl/: NAME.json has
the arguments and the REST answers, NAME.txt what must be printed."""
import json

import pytest

from maxctrl_support import ROOT, Rest, run

DATA = ROOT / "tests/compat/data/maxctrl"
CASES = sorted(path.stem for path in DATA.glob("*.json"))


def test_recordings_are_there():
    assert len(CASES) > 50


@pytest.mark.parametrize("name", CASES)
def test_output_is_as_recorded(name):
    case = json.loads((DATA / f"{name}.json").read_text())
    expected = (DATA / f"{name}.txt").read_text()
    with Rest(case["answers"]) as rest:
        result = run(rest.host, *case["args"])
    assert result.err == ""
    assert result.out == expected
    assert result.code == case["exit"]
    assert [f"{method} {resource}" for method, resource, _ in rest.requests] == list(case["answers"])
