"""DEBUG: what is printed, crashes and restarts, each on a server of its own."""

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


@pytest.mark.parametrize("crash", ["SEGFAULT", "PANIC", "ASSERT", "OOM"])
def test_the_server_crashes_on_demand(start, crash):
    server = start("apus", "--enable-debug-command", "yes", "--threads", "2")
    with server.connect() as connection, pytest.raises((Closed, OSError)):
        connection.command("DEBUG", crash)
    assert server.process.wait(10) != 0
    assert f"crashes on purpose: DEBUG {crash}" in server.output()


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
