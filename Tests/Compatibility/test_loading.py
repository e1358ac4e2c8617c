"""What clients get while the server loads its file, and after a save has failed."""

import os
import signal
import struct

import pytest

from resp import encode, parse
from servers import until

# Every key pauses loading, and clients are served after each few of them.
SLOW = ("--key-load-delay", 500, "--loading-process-events-interval-bytes", 1024)
KEYS = 10_000


def file_of(count):
    """A file of version 10 with `count` strings, and the facts that servers write."""
    def text(word):
        return bytes([len(word)]) + word

    head = b"REDIS0010" + b"".join(
        b"\xfa" + text(name) + text(value) for name, value in
        [(b"redis-ver", b"7.0.15"), (b"ctime", b"1700000000"), (b"used-mem", b"2097152")])
    keys = b"".join(b"\x00" + text(b"key:%d" % number) + text(b"v" * 20) for number in range(count))
    return head + b"\xfe\x00" + keys + b"\xff" + struct.pack("<Q", 0)


def facts(client):
    text = parse(client.raw("INFO", "persistence")).decode()
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


@pytest.fixture
def loading(start, which):
    """A server in the middle of loading."""
    server = start(which, *SLOW, "--enable-debug-command", "yes", threads=2, wait=False,
                   files={"dump.rdb": file_of(KEYS)})

    def listens():
        try:
            server.connect(timeout=1).close()
            return True
        except OSError:
            return False

    until(listens)
    return server


LOADING = b"-LOADING Redis is loading the dataset in memory\r\n"


def test_what_needs_no_keys_runs_while_loading(loading):
    with loading.connect() as client:
        for request in [("PING",), ("GET", "a"), ("SET", "a", "b"), ("DBSIZE",), ("KEYS", "*"), ("SAVE",),
                        ("BGSAVE",), ("FLUSHALL",), ("BLPOP", "a", "1"), ("EXPIRE", "a", "1")]:
            assert client.raw(*request) == LOADING, request
        assert client.raw("ECHO", "a") == b"$1\r\na\r\n"
        assert client.raw("SELECT", "1") == b"+OK\r\n"
        assert client.raw("CLIENT", "SETNAME", "early") == b"+OK\r\n"
        assert client.raw("CONFIG", "GET", "port").startswith(b"*2\r\n")
        assert client.raw("SUBSCRIBE", "news").startswith(b"*3\r\n")


def test_a_transaction_fails_while_loading(loading):
    with loading.connect() as client:
        assert client.raw("MULTI") == b"+OK\r\n"
        assert client.raw("SET", "a", "b") == LOADING
        assert client.raw("EXEC").startswith(b"-EXECABORT")
        assert client.raw("WATCH", "a") == b"+OK\r\n"
        assert client.raw("MULTI") == b"+OK\r\n"
        assert client.raw("EXEC") == b"*0\r\n"


def test_the_progress_is_told(loading):
    with loading.connect() as client:
        seen = facts(client)
        assert seen["loading"] == "1" and seen["async_loading"] == "0"
        assert int(seen["loading_total_bytes"]) == len(file_of(KEYS))
        assert seen["loading_rdb_used_mem"] == "2097152"
        assert int(seen["loading_start_time"]) > 1_700_000_000
        assert int(seen["loading_eta_seconds"]) >= 0
        until(lambda: int(facts(client)["loading_loaded_bytes"]) > 10_000)
        assert 0 < float(facts(client)["loading_loaded_perc"]) < 100
        assert client.raw("CONFIG", "SET", "key-load-delay", 0) == b"+OK\r\n"
        until(lambda: facts(client)["loading"] == "0")
        assert "loading_start_time" not in facts(client)
        assert client.raw("GET", f"key:{KEYS - 1}") == b"$20\r\n" + b"v" * 20 + b"\r\n"
        assert client.raw("DBSIZE") == b":%d\r\n" % KEYS
        assert client.raw("SET", "a", "b") == b"+OK\r\n"
    output = loading.output()
    for line in ["Loading RDB produced by version 7.0.15", "RDB age ", "RDB memory usage when created 2.00 Mb",
                 f"Done loading RDB, keys loaded: {KEYS}, keys expired: 0.", "DB loaded from disk: ",
                 "Ready to accept connections"]:
        assert line in output, line


@pytest.mark.parametrize("ending", ["SHUTDOWN", "SIGTERM"])
def test_the_server_can_be_stopped_while_loading(loading, ending):
    content = loading.file("dump.rdb")
    with loading.connect() as client:
        until(lambda: int(facts(client)["loading_loaded_bytes"]) > 5_000)
        if ending == "SHUTDOWN":
            client.send(encode(("SHUTDOWN",)))
        else:
            loading.process.send_signal(signal.SIGTERM)
        assert loading.process.wait(10) == 0
    assert loading.file("dump.rdb") == content


@pytest.mark.parametrize("threads", [1, 4])
def test_a_damaged_file_ends_the_server_while_clients_are_served(start, threads):
    content = file_of(KEYS)
    server = start("apus", "--loading-process-events-interval-bytes", 1024, threads=threads, wait=False,
                   files={"dump.rdb": content[:-100]})
    assert server.process.wait(20) == 1
    assert "Fatal error loading the DB" in server.output() and server.file("dump.rdb") == content[:-100]


# Failed saves.

MISCONF = (
    b"-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. "
    b"Commands that may modify the data set are disabled, because this instance is configured to report "
    b"errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the "
    b"Redis logs for details about the RDB error.\r\n")


def fail_to_save(client, server):
    """Makes the next background saves fail, as a directory stands where the file should be."""
    os.makedirs(os.path.join(server.directory, "dump.rdb", "in-the-way"), exist_ok=True)
    assert client.raw("BGSAVE").startswith(b"+Background saving started")
    until(lambda: facts(client)["rdb_last_bgsave_status"] == "err")


def heal(client, server):
    os.rmdir(os.path.join(server.directory, "dump.rdb", "in-the-way"))
    os.rmdir(os.path.join(server.directory, "dump.rdb"))
    assert client.raw("BGSAVE").startswith(b"+Background saving started")
    until(lambda: facts(client)["rdb_last_bgsave_status"] == "ok")


@pytest.mark.parametrize("threads", [1, 4])
def test_writes_are_refused_until_a_save_succeeds(start, which, threads):
    server = start(which, "--save", "3600 1", threads=threads)
    with server.connect() as client, server.connect() as other:
        assert client.raw("SET", "a", "1") == b"+OK\r\n"
        assert other.raw("MULTI") == b"+OK\r\n"
        assert other.raw("SET", "a", "2") == b"+QUEUED\r\n"
        fail_to_save(client, server)
        for request in [("SET", "a", "2"), ("DEL", "a"), ("LPUSH", "l", "1"), ("FLUSHALL",), ("PING",),
                        ("GETEX", "a"), ("BLPOP", "l", "1"), ("EXPIRE", "a", "10")]:
            assert client.raw(*request) == MISCONF, request
        assert client.raw("GET", "a") == b"$1\r\n1\r\n"
        assert client.raw("PUBLISH", "news", "a") == b":0\r\n"
        assert client.raw("PFCOUNT", "absent") == b":0\r\n"
        assert client.raw("ECHO", "a") == b"$1\r\na\r\n"
        assert client.raw("MULTI") == b"+OK\r\n"
        assert client.raw("SET", "a", "2") == MISCONF
        assert client.raw("EXEC").startswith(b"-EXECABORT")
        assert other.raw("EXEC") == b"-EXECABORT Transaction discarded because of: " + MISCONF[1:]
        heal(client, server)
        assert client.raw("SET", "a", "2") == b"+OK\r\n"
        assert client.raw("PING") == b"+PONG\r\n"


@pytest.mark.parametrize("option", [("save", ""), ("stop-writes-on-bgsave-error", "no")])
def test_writes_go_on_where_saving_is_not_wanted(start, which, option):
    server = start(which, "--save", "3600 1")
    with server.connect() as client:
        assert client.raw("SET", "a", "1") == b"+OK\r\n"
        fail_to_save(client, server)
        assert client.raw("SET", "a", "2") == MISCONF
        assert client.raw("CONFIG", "SET", *option) == b"+OK\r\n"
        assert client.raw("SET", "a", "2") == b"+OK\r\n"
        assert client.raw("CONFIG", "SET", "save", "3600 1", "stop-writes-on-bgsave-error", "yes") == b"+OK\r\n"
        assert client.raw("SET", "a", "3") == MISCONF
    # It would try to save before its end.
    server.process.kill()
