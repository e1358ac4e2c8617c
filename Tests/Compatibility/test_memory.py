"""MEMORY: the reports have Redis' form, and their figures follow the data."""

import re

from oracle import fields


def stats(connection):
    return fields(connection.command("MEMORY", "STATS"))


def test_stats_have_the_same_names_and_types(apus, oracle):
    found = []
    for server in (apus, oracle):
        with server.connect(3) as connection:
            connection.command("FLUSHALL")
            connection.command("SET", "a", "1", "EX", "1000")
            connection.pipeline([["SELECT", "3"], ["SET", "b", "2"]])
            found.append(stats(connection))
            connection.command("FLUSHALL")
    ours, theirs = found
    assert ours.pop(b"hash.indexes") == 0
    assert list(ours) == list(theirs)
    assert [type(value) for value in ours.values()] == [type(value) for value in theirs.values()]
    for database in (b"db.0", b"db.3"):
        assert list(fields(ours[database])) == list(fields(theirs[database]))


def test_stats_follow_the_data(apus):
    with apus.connect() as connection:
        connection.command("FLUSHALL")
        connection.command("DEBUG", "POPULATE", "20000", "key", "100")
        full = stats(connection)
        assert full[b"keys.count"] == 20000
        assert 100 < full[b"keys.bytes-per-key"] < 250
        tables = fields(full[b"db.0"])[b"overhead.hashtable.main"]
        assert 20000 * 8 < tables < 20000 * 24
        assert full[b"total.allocated"] == full[b"overhead.total"] + full[b"dataset.bytes"]
        assert full[b"peak.allocated"] >= full[b"total.allocated"]
        info = connection.command("INFO", "memory").decode()
        overhead = int(re.search(r"used_memory_overhead:(\d+)", info)[1])
        assert abs(overhead - full[b"overhead.total"]) < 100_000
        text = connection.command("MEMORY", "MALLOC-STATS").decode()
        rows = [line.split() for line in text.splitlines() if re.match(r" +\d", line)]
        assert any(int(blocks) >= 20000 for _, _, blocks, _, _ in rows)
        assert all(int(size) * int(blocks) == int(total) for size, _, blocks, total, _ in rows)
        connection.command("FLUSHALL")
        assert connection.command("MEMORY", "PURGE") == "OK"
        assert stats(connection)[b"keys.count"] == 0


def test_the_doctor_says_so_when_there_is_nothing_to_look_at(start):
    replies = []
    # Fresh ones: the doctor remembers what a server once held.
    for which in ("apus", "oracle"):
        server = start(which)
        for protocol in (2, 3):
            with server.connect(protocol) as connection:
                replies.append(connection.raw("MEMORY", "DOCTOR"))
                for words in (["DOCTOR", "x"], ["STATS", "x"], ["PURGE", "x"], ["MALLOC-STATS", "x"], ["junk"]):
                    replies.append(connection.raw("MEMORY", *words))
    assert replies[: len(replies) // 2] == replies[len(replies) // 2 :]
