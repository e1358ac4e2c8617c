"""Memory and addresses that cannot be had, and memory that is no longer needed."""

import time

import pytest

import servers
from resp import encode

MIB = 1 << 20
OUT_OF_MEMORY = b"-OOM command not allowed"


def needs_a_release_build():
    if not servers.is_apus(servers.APUS) or "release" not in servers.APUS:
        pytest.skip("sanitizers reserve addresses of their own")


def request(*words):
    return encode([word if isinstance(word, bytes) else str(word) for word in words])


def settles(read, limit, seconds=8.0):
    """Whether `read()` comes down to `limit` within some seconds."""
    deadline = time.monotonic() + seconds
    while read() > limit:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


FILLERS = {
    "small strings": (2000, lambda n: request("SET", f"key:{n}", b"x" * 100)),
    "large strings": (20, lambda n: request("SET", f"key:{n}", b"x" * 1_000_000)),
    "strings of 9 kB": (500, lambda n: request("SET", f"key:{n}", b"x" * 9000)),
    "lists": (500, lambda n: request("RPUSH", f"list:{n % 3}", b"x" * 5000)),
    "hashes": (1000, lambda n: request("HSET", f"hash:{n % 3}", f"field:{n}", b"x" * 1000)),
    "appended": (50, lambda n: request("APPEND", "string", b"x" * 200_000)),
}


@pytest.mark.parametrize("threads", [1, 4])
def test_memory_that_cannot_be_had_is_an_error(start, threads):
    needs_a_release_build()
    limit = 400_000 if threads == 1 else 1_000_000
    server = start("apus", threads=threads, address_kilobytes=limit)
    with server.connect(timeout=60) as connection:
        for name, (batch, make) in FILLERS.items():
            refused, number = False, 0
            while not refused and number < 5_000_000:
                connection.send(b"".join(make(number + step) for step in range(batch)))
                replies = [connection.reply() for _ in range(batch)]
                assert all(reply[:1] != b"-" or reply.startswith(OUT_OF_MEMORY) for reply in replies)
                refused = any(reply.startswith(OUT_OF_MEMORY) for reply in replies)
                number += batch
            assert refused, name
            # What takes out, and what reads, goes on.
            assert connection.command("PING") == "PONG"
            assert connection.command("DEL", "list:0", "hash:0", "key:0") is not None
            assert connection.command("FLUSHALL") == "OK"
            deadline = time.monotonic() + 10
            while connection.raw("SET", "again", "x" * 1000).startswith(OUT_OF_MEMORY):
                assert time.monotonic() < deadline, name
                time.sleep(0.05)
        connection.command("CONFIG", "SET", "proto-max-bulk-len", str(1 << 41))
        for words in (["SETRANGE", "s", str(1 << 40), "x"], ["SETBIT", "s", "4294967295", "1"]):
            assert connection.raw(*words).startswith(OUT_OF_MEMORY)
    assert server.is_running()


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_databases_cost_nothing_until_they_are_used(start, threads):
    server = start("apus", "--databases", "10000", threads=threads)
    if "release" in servers.APUS:
        assert server.resident_bytes() < 16 * MIB
    with server.connect() as connection:
        for database in range(0, 10000, 100):
            connection.command("SELECT", str(database))
            assert connection.command("SET", "key", str(database)) == "OK"
        for database in range(0, 10000, 100):
            connection.command("SELECT", str(database))
            assert connection.command("GET", "key") == str(database).encode()
            connection.command("SELECT", str(database + 1))
            assert connection.command("GET", "key") is None
            assert connection.command("DBSIZE") == 0
        connection.command("SELECT", "9999")
        assert connection.command("SET", "moved", "x") == "OK"
        assert connection.command("MOVE", "moved", "5001") == 1
        assert connection.command("SWAPDB", "5001", "7777") == "OK"
        connection.command("SELECT", "7777")
        assert connection.command("COPY", "moved", "copied", "DB", "6001") == 1
        assert connection.command("KEYS", "*") == [b"moved"]
        connection.command("SELECT", "6001")
        assert connection.command("GET", "copied") == b"x"
        info = connection.command("INFO", "keyspace").decode()
        assert "db7777:keys=1," in info and "db6001:keys=1," in info and "db5001:" not in info
        assert connection.command("FLUSHALL") == "OK"
        assert "db" not in connection.command("INFO", "keyspace").decode().replace("# Keyspace", "")


@pytest.mark.parametrize("threads", [1, 4])
def test_flushing_over_and_over_uses_nothing_up(start, threads):
    server = start("apus", threads=threads)
    with server.connect(timeout=30) as connection:
        for first in range(0, 50_000, 500):
            connection.send(b"".join(request("SET", f"b{n}", b"v" * 9000) for n in range(first, first + 500)))
            assert [connection.reply() for _ in range(500)] == [b"+OK\r\n"] * 500
        assert connection.command("FLUSHALL") == "OK"
        end = time.monotonic() + 3
        while time.monotonic() < end:
            batch = b"".join(
                request("SELECT", database) + b"".join(request("SET", f"k{n}", "v") for n in range(100))
                for database in range(16))
            connection.send(batch + request("FLUSHALL"))
            count = 16 * 101 + 1
            assert [connection.reply() for _ in range(count)] == [b"+OK\r\n"] * count
    if "release" in servers.APUS:
        assert settles(server.resident_bytes, 40 * MIB)


@pytest.mark.parametrize("threads", [1, 4])
def test_what_clients_leave_goes_back_to_the_system(start, threads):
    server = start("apus", threads=threads)
    clients = [server.connect() for _ in range(100)]
    for index, client in enumerate(clients):
        length = (100_000, 1_000_000, 3_000_000)[index % 3]
        client.send(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$%d\r\n" % length + b"x" * (length // 2))
    with server.connect() as connection:
        connection.command("RPUSH", "list", *["e" * 100] * 10_000)
        readers = [server.connect() for _ in range(20)]
        for reader in readers:
            reader.send(request("LRANGE", "list", 0, -1) * 20)
        time.sleep(0.5)
        for client in clients + readers:
            client.close()
        if "release" in servers.APUS:
            assert settles(server.resident_bytes, 32 * MIB)
        assert connection.command("PING") == "PONG"


def test_announced_lengths_take_no_memory(start):
    server = start("apus", "--proto-max-bulk-len", str(1 << 41))
    clients = [server.connect() for _ in range(20)]
    for index, client in enumerate(clients):
        length = (1 << 40, 1_000_000_000)[index % 2]
        client.send(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$%d\r\n" % length + b"x" * 100_000)
    with server.connect() as connection:
        assert connection.command("PING") == "PONG"
        listed = connection.command("CLIENT", "LIST").decode().splitlines()
        memory = [int(line.split(" tot-mem=")[1].split(" ")[0]) for line in listed]
        assert max(memory) < 2 * MIB
        if "release" in servers.APUS:
            assert server.resident_bytes() < 40 * MIB


def test_the_words_of_a_request_are_counted(start):
    server = start("apus", "--client-query-buffer-limit", "4mb")
    with server.connect() as connection, server.connect() as other:
        connection.send(b"*1000000\r\n" + b"$0\r\n\r\n" * 50_000)
        time.sleep(0.2)
        listed = other.command("CLIENT", "LIST").decode().splitlines()
        memory = [int(line.split(" tot-mem=")[1].split(" ")[0]) for line in listed]
        assert max(memory) > 50_000 * (6 + 16)
        # 6 MB of words' places, though less than 4 MB of bytes.
        try:
            connection.send(b"$0\r\n\r\n" * 350_000)
        except OSError:
            pass
        assert connection.is_closed()
        assert other.command("PING") == "PONG"
