"""DEBUG: what is printed, crashes and restarts, each on a server of its own."""

import os
import re
import signal
import time

import pytest

from resp import Closed


def test_packs_and_nodes_are_printed(start):
    server = start("apus", "--enable-debug-command", "yes", "--list-compress-depth", "1", "--list-max-listpack-size", "4")
    with server.connect() as connection:
        connection.command("HSET", "h", "a", "1", "b", "two")
        connection.command("RPUSH", "l", *("a text, a text, a text, a text" for _ in range(20)))
        assert connection.command("DEBUG", "LISTPACK", "h") == "Listpack structure printed on stdout"
        assert connection.command("DEBUG", "QUICKLIST", "l", "1") == "Quicklist structure printed on stdout"
    output = server.output()
    assert "[field]b [value]two" in output
    assert output.count("encoding: LZF") == 3 and output.count("encoding: RAW") == 2
    assert output.count("[str]a text, a text, a text, a text") == 20


CRASHES = {"SEGFAULT": signal.SIGSEGV, "PANIC": signal.SIGILL, "ASSERT": signal.SIGILL}


def reports(server):
    """Builds under a sanitizer leave crashes to it; debug builds trap as they like."""
    return "release" in server.binary


@pytest.mark.parametrize("crash", ["SEGFAULT", "PANIC", "ASSERT", "OOM"])
@pytest.mark.parametrize("to_file", [False, True])
def test_a_crash_leaves_a_report_in_the_log(start, tmp_path, crash, to_file):
    path = tmp_path / "server.log"
    words = ["--logfile", path] if to_file else []
    server = start("apus", "--enable-debug-command", "yes", "--threads", "2", *words)
    with server.connect() as connection:
        connection.command("SET", "secret-key", "secret-value")
        with pytest.raises((Closed, OSError)):
            connection.command("DEBUG", crash)
    code = server.process.wait(15)
    assert code != 0
    log = path.read_text() if to_file else server.output()
    assert f"Crashing on purpose: DEBUG {crash}" in log
    if not reports(server):
        return
    outputs = [log, server.output()] if to_file else [log]
    for text in outputs:
        if crash == "OOM":
            assert code == 1 and re.search(r"signal-handler .* Out of memory: the system refused \d+ bytes", text)
            continue
        assert code == -CRASHES[crash]
        assert text.count("=== APUS BUG REPORT START") == 1 and text.count("=== APUS BUG REPORT END") == 1
        report = text[text.index("=== APUS BUG REPORT START"):]
        assert f"crashed by signal: {CRASHES[crash].value} ({CRASHES[crash].name})" in report
        assert re.search(r"Accessing address: 0x[0-9a-f]+", report)
        assert re.search(r"Thread: worker [01]\n", report) and "Command: DEBUG\n" in report
        trace = report[report.index("Backtrace:"):]
        assert len(re.findall(r"\[0x[0-9a-f]+\]", trace)) >= 5
        assert "secret" not in report


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT"])
def test_a_signal_from_outside_is_reported_and_ends_the_server(start, name):
    server = start("apus")
    if not reports(server):
        pytest.skip("a sanitizer has the signals")
    number = signal.Signals[name]
    server.process.send_signal(number)
    assert server.process.wait(15) == -number
    report = server.output()
    assert f"crashed by signal: {number.value} ({name})" in report
    assert f"Killed by PID: {os.getpid()}, UID: {os.getuid()}" in report and "Command: none" in report


def test_crash_reports_can_be_switched_off_and_on(start):
    for setting, is_reported in (("no", False), ("yes", True)):
        server = start("apus", "--crash-log-enabled", "yes" if setting == "no" else "no")
        if not reports(server):
            pytest.skip("a sanitizer has the signals")
        with server.connect() as connection:
            assert connection.command("CONFIG", "SET", "crash-log-enabled", setting) == "OK"
        server.process.send_signal(signal.SIGABRT)
        assert server.process.wait(15) == -signal.SIGABRT
        assert ("BUG REPORT" in server.output()) == is_reported


@pytest.mark.parametrize("way", ["RESTART", "CRASH-AND-RECOVER"])
def test_the_server_starts_anew(start, way):
    server = start("apus", "--enable-debug-command", "yes", "--threads", "2", "--timeout", "77")
    with server.connect() as connection:
        connection.command("SET", "k", "v")
        connection.command("CONFIG", "SET", "timeout", "78")
        with pytest.raises((Closed, OSError)):
            connection.command("DEBUG", way, "50")
    deadline = time.time() + 10
    while True:
        try:
            with server.connect() as connection:
                assert connection.command("DBSIZE") == 0
                assert connection.command("CONFIG", "GET", "timeout")[1] == b"77"
                break
        except (Closed, OSError):
            assert time.time() < deadline
            time.sleep(0.05)
    assert server.is_running()
