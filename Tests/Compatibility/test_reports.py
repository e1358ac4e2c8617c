"""INFO, CLIENT LIST and their like: the names of their fields, exact counts, and nobody kept waiting."""

import multiprocessing
import re
import socket
import time

import pytest

from resp import parse

# What Redis 7.0 tells and we do not, with the reason.
NOT_TOLD = {
    "redis_build_id": "there is no build of Redis", "atomicvar_api": "of Redis' C sources", "gcc_version": "of Redis' C sources",
}
# What newer versions of Redis (7.2 to 8), or we alone, tell besides.
TOLD_BESIDES = {
    "apus_version", "threads", "pubsub_clients", "watching_clients", "total_watched_keys", "total_blocking_keys",
    "total_blocking_keys_on_nokey", "allocator_muzzy", "mem_overhead_db_hashtable_rehashing", "expired_subkeys",
    "evicted_scripts", "client_query_buffer_limit_disconnections", "client_output_buffer_limit_disconnections",
    "acl_access_denied_auth", "acl_access_denied_cmd", "acl_access_denied_key", "acl_access_denied_channel",
    "acl_access_denied_db", "used_memory_hash_indexes",
}


def sections(connection, *names):
    """The names of the fields by section, in their order; those that come in numbers left out."""
    found = {}
    for line in connection.command("INFO", *names).decode().split("\r\n"):
        if line.startswith("# "):
            fields = found.setdefault(line[2:], [])
        elif line and not re.match(r"(cmdstat_|errorstat_|latency_percentiles_|db\d|listener\d)", line):
            fields.append(line.split(":", 1)[0])
    return found


def test_info_has_the_fields_of_redis_in_its_order(apus, oracle):
    with apus.connect() as ours, oracle.connect() as theirs:
        mine, redis = sections(ours, "everything"), sections(theirs, "everything")
    # Valkey has a section more.
    assert [name for name in mine if name != "TLS"] == list(redis)
    for name, fields in redis.items():
        expected = [field for field in fields if field not in NOT_TOLD]
        known = [field for field in mine[name] if field not in TOLD_BESIDES]
        assert sorted(known) == sorted(expected), name
        assert known == expected, name
    told = {field for fields in mine.values() for field in fields}
    assert TOLD_BESIDES <= told


def number(connection, section, field):
    return int(re.search(rf"^{field}:(\d+)", connection.command("INFO", section).decode(), re.M)[1])


def test_counts_are_exact_for_whoever_asks_on_another_connection(apus):
    connections = [apus.connect() for _ in range(8)]
    try:
        asker = connections[0]
        asker.command("CONFIG", "RESETSTAT")
        asker.command("DEL", "n", "none")
        for round in range(1, 40):
            other = connections[round % len(connections)]
            other.command("SET", "n", round)
            other.command("GET", "n")
            other.command("GET", "none")
            other.raw("LPUSH", "n", "x")
            text = connections[(round * 3) % len(connections)].command("INFO", "everything").decode()
            assert f"\r\nkeyspace_hits:{round}\r\n" in text and f"\r\nkeyspace_misses:{round}\r\n" in text
            assert f"\r\nerrorstat_WRONGTYPE:count={round}\r\n" in text
            assert re.search(rf"cmdstat_get:calls={2 * round},", text)
            assert re.search(rf"cmdstat_lpush:calls={round},.*failed_calls={round}\r", text)
        asker.command("PSETEX", "due", 1, "x")
        time.sleep(0.005)
        connections[1].command("GET", "due")
        assert number(connections[2], "stats", "expired_keys") == 1
        asker.command("DEL", "n")
    finally:
        for connection in connections:
            connection.close()


def test_the_peak_of_memory_is_seen_though_nobody_asks(start):
    server = start("apus", "--enable-debug-command", "yes", threads=2)
    with server.connect() as connection:
        before = number(connection, "memory", "used_memory")
        connection.command("SET", "big", "x" * (32 << 20))
        time.sleep(0.5)
        connection.command("DEL", "big")
        time.sleep(0.3)
        assert number(connection, "memory", "used_memory") < before + (8 << 20)
        assert number(connection, "memory", "used_memory_peak") >= 32 << 20


def test_expiries_at_the_end_of_time_do_not_trap(apus):
    with apus.connect() as connection:
        connection.command("FLUSHALL")
        for key in "abc":
            connection.command("SET", key, "v", "PXAT", (1 << 63) - 1)
        text = connection.command("INFO", "keyspace").decode()
        mean = int(re.search(r"^db0:keys=3,expires=3,avg_ttl=(\d+)", text, re.M)[1])
        assert mean > 9 * 10**18
        connection.command("FLUSHALL")


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_client_list_and_kill_reach_the_clients_of_all_workers(start, threads):
    server = start("apus", threads=threads)
    connections = [server.connect() for _ in range(400)]
    asker = connections[0]
    ids = [connection.command("CLIENT", "ID") for connection in connections]
    for index, connection in enumerate(connections[:20]):
        connection.command("CLIENT", "SETNAME", f"name{index}")
    lines = asker.command("CLIENT", "LIST").decode().splitlines()
    assert [int(re.match(r"id=(\d+) ", line)[1]) for line in lines] == sorted(ids)
    names = {int(re.match(r"id=(\d+) ", line)[1]): re.search(r" name=(\S*) ", line)[1] for line in lines}
    assert all(names[ids[index]] == f"name{index}" for index in range(20))
    # What is sent behind it comes behind it.
    words = [["CLIENT", "LIST"], ["ECHO", "behind"], ["CLIENT", "LIST", "ID", ids[7]], ["PING"]]
    replies = [parse(reply) for reply in asker.pipeline(words)]
    assert len(replies[0].splitlines()) == 400 and replies[1] == b"behind" and replies[3] == "PONG"
    assert replies[2].startswith(f"id={ids[7]} ".encode())
    assert asker.command("CLIENT", "KILL", "ID", ids[5]) == 1
    assert asker.command("CLIENT", "KILL", "ID", ids[5]) == 0
    assert asker.command("CLIENT", "KILL", "TYPE", "normal") == 398
    assert len(asker.command("CLIENT", "LIST").splitlines()) == 1
    assert asker.command("CLIENT", "KILL", "ID", ids[0], "SKIPME", "no") == 1
    with pytest.raises(Exception):
        asker.command("PING")
    assert server.is_running()
    # One that leaves while it waits leaves nothing behind.
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port)) as leaver:
            leaver.sendall(b"CLIENT LIST\r\n")
    with server.connect() as connection:
        deadline = time.monotonic() + 5
        while len(connection.command("CLIENT", "LIST").splitlines()) > 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(connection.command("CLIENT", "LIST").splitlines()) == 1


REPORTS = [["INFO", "everything"], ["CLIENT", "LIST"], ["MEMORY", "STATS"], ["MEMORY", "DOCTOR"], ["LATENCY", "HISTOGRAM"],
           ["CONFIG", "RESETSTAT"]]


def ask_for_reports(server, stop):
    with server.connect() as connection:
        while not stop.is_set():
            for words in REPORTS:
                connection.raw(*words)


def test_reports_keep_nobody_waiting(start, capsys):
    """Pings on one connection while another process asks for reports, with 10,000 idle clients. Both, and four workers, share
    what cores there are, so the bound is a generous one."""
    server = start("apus", "--maxclients", "15000", threads=4)
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(10_000)]
    probe = server.connect()

    def pings(seconds):
        times = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begin = time.perf_counter()
            probe.command("PING")
            times.append(time.perf_counter() - begin)
        return sorted(times)

    stop = multiprocessing.Event()
    probe.command("PING")
    calm = pings(1.0)
    asker = multiprocessing.Process(target=ask_for_reports, args=(server, stop))
    asker.start()
    busy = pings(3.0)
    stop.set()
    asker.join()
    for client in idle:
        client.close()
    share = lambda times, part: times[int(len(times) * part)] * 1000
    with capsys.disabled():
        print(f"\npings, ms: calm p50 {share(calm, 0.5):.2f} p99 {share(calm, 0.99):.2f}; with reports "
              f"p50 {share(busy, 0.5):.2f} p99 {share(busy, 0.99):.2f} max {busy[-1] * 1000:.2f}")
    assert asker.exitcode == 0 and server.is_running()
    assert share(busy, 0.95) < 2 + share(calm, 0.99)


def test_key_sizes_are_counted_when_asked_for(start):
    """Of Redis 8; only by name, as all keys are looked at."""
    server = start("apus", threads=2)
    with server.connect() as client, server.connect() as other:
        client.pipeline([["SET", f"k{number}", "x" * number] for number in range(1, 100)])
        client.pipeline([["RPUSH", "l", *"abcde"], ["SADD", "s", "a"], ["SELECT", "2"], ["HSET", "h", "f", "v"]])
        expected = b"# Keysizes\r\ndb0_distrib_strings_sizes:1=1,2=2,4=4,8=8,16=16,32=32,64=36\r\n" \
            b"db0_distrib_lists_items:4=1\r\ndb0_distrib_sets_items:1=1\r\ndb2_distrib_hashes_items:1=1\r\n"
        assert client.command("INFO", "keysizes") == expected
        replies = client.pipeline([["INFO", "Keysizes"], ["PING"], ["INFO", "keysizes"]])
        assert replies[0] == replies[2] and replies[1] == b"+PONG\r\n"
        assert b"Keysizes" not in client.command("INFO", "everything")
        for connection in (client, other):
            connection.send(b"*2\r\n$4\r\nINFO\r\n$8\r\nkeysizes\r\n" * 20)
        other.close()
        assert all(client.reply().count(b"db0_distrib") == 3 for _ in range(20))
