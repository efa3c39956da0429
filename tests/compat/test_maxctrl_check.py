"""check monitors, and the readiness inside show monitor."""
import copy
import json

from maxctrl_support import Rest, run

READINESS = {
    "checked_at": "Sun, 22 Nov 2026 06:23:41 GMT",
    "operations": [
        {"operation": "failover", "ready": False, "summary": "no server could take over"},
        {"operation": "switchover", "ready": True, "summary": "server2 would take over"},
        {"operation": "rejoin", "ready": True, "summary": ""}],
    "findings": [
        {"server": "server2", "operation": ["failover", "switchover"], "severity": "blocker",
         "id": "no_binlog", "reason": "it writes no binary log,\nso nobody can follow it",
         "fix": "log_bin = ON"},
        {"server": None, "operation": ["rejoin"], "severity": "warning", "id": "x",
         "reason": "events are disabled", "fix": "SET GLOBAL event_scheduler = ON;"}]}


def monitor(name="M", readiness=None, state="Running"):
    diagnostics = {"state": "Idle"}
    if readiness is not None:
        diagnostics["readiness"] = readiness
    return {"id": name, "type": "monitors",
            "attributes": {"state": state, "monitor_diagnostics": diagnostics}}


def test_one_row_per_finding_and_a_line_per_operation():
    with Rest({"GET monitors": {"data": [monitor(readiness=READINESS)]}}) as rest:
        result = run(rest.host, "check", "monitors")
    assert result.out == (
        "┌─────────┬──────────────────────┬─────────┬──────────────────────────┬──────────────────────────────────┐\n"
        "│ Server  │ Operation            │ Ready   │ Reason                   │ Fix                              │\n"
        "├─────────┼──────────────────────┼─────────┼──────────────────────────┼──────────────────────────────────┤\n"
        "│ server2 │ failover, switchover │ No      │ it writes no binary log, │ log_bin = ON                     │\n"
        "│         │                      │         │ so nobody can follow it  │                                  │\n"
        "├─────────┼──────────────────────┼─────────┼──────────────────────────┼──────────────────────────────────┤\n"
        "│         │ rejoin               │ Warning │ events are disabled      │ SET GLOBAL event_scheduler = ON; │\n"
        "└─────────┴──────────────────────┴─────────┴──────────────────────────┴──────────────────────────────────┘\n"
        "M: failover: NOT READY, no server could take over\n"
        "M: switchover: ready, server2 would take over\n"
        "M: rejoin: ready\n")
    assert (result.err, result.code) == ("", 1)


def test_all_ready_is_exit_0():
    good = copy.deepcopy(READINESS)
    good["operations"][0]["ready"] = True
    good["findings"] = []
    with Rest({"GET monitors/M": {"data": monitor(readiness=good)}}) as rest:
        result = run(rest.host, "--tsv", "check", "monitors", "M")
    assert result.out == ("M\tfailover\tready, no server could take over\n"
                          "M\tswitchover\tready, server2 would take over\nM\trejoin\tready\n")
    assert result.code == 0


def test_stopped_monitor_and_one_that_says_nothing():
    with Rest({"GET monitors": {"data": [monitor("A", state="Stopped"), monitor("B")]}}) as rest:
        result = run(rest.host, "check", "monitors")
    assert result.out == (
        "A: unknown: the monitor is stopped, so no automatic operation takes place\n"
        "B: unknown: nothing is reported about automatic operations; mariadbmon does so from its "
        "first round on\n")
    assert result.code == 1


def test_no_monitor_at_all():
    with Rest({"GET monitors": {"data": []}}) as rest:
        result = run(rest.host, "check", "monitors")
    assert result.out == "There is no monitor, so no automatic operation takes place.\n"
    assert result.code == 0


def test_quiet_still_tells_what_would_not_work():
    with Rest({"GET monitors": {"data": [monitor(readiness=READINESS)]}}) as rest:
        result = run(rest.host, "-q", "check", "monitors")
    assert "NOT READY" in result.out and result.code == 1


def test_show_monitor_has_the_readiness():
    with Rest({"GET monitors/M": {"data": monitor(readiness=READINESS)}}) as rest:
        result = run(rest.host, "--tsv", "show", "monitor", "M")
    line = [row for row in result.out.splitlines() if row.startswith("Monitor Diagnostics\t")][0]
    assert json.loads(line.split("\t", 1)[1])["readiness"] == READINESS


def test_long_reasons_are_wrapped_and_fixes_stay_whole():
    long = {"operations": [], "findings": [
        {"server": "s", "operation": "failover", "severity": "warning",
         "reason": "word " * 30, "fix": "SET GLOBAL " + "x" * 200}]}
    with Rest({"GET monitors": {"data": [monitor(readiness=long)]}}) as rest:
        result = run(rest.host, "check", "monitors")
    rows = [line.split("│") for line in result.out.splitlines() if line.startswith("│")]
    assert [row[4].strip() for row in rows[1:]] == [" ".join(["word"] * n) for n in (12, 12, 6)]
    assert rows[1][5].strip() == "SET GLOBAL " + "x" * 200
