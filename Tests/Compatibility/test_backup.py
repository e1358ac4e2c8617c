"""BACKUP: a base and the changes up to the seal, restored elsewhere, with and without an append-only file."""

import os
import shutil

import pytest

from resp import parse
from servers import until
from test_aof import DEBUG, FOLDER, MANIFEST, ON, digest, fill, info, listed

OFF = DEBUG + ("--appendonly", "no")


def status(client):
    found = parse(client.raw("BACKUP", "STATUS"))
    return dict(zip(found[::2], found[1::2]))


def stage(client):
    return status(client)[b"state"].decode()


def begin(client):
    assert client.raw("BACKUP", "START") == b"+OK\r\n"
    until(lambda: stage(client) == "incrementing")


def restore(start, server, which="apus"):
    """A new server with the files of the backup."""
    target = start(which, *ON, wait=False)
    target.stop()
    folder = os.path.join(target.directory, FOLDER)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(os.path.join(server.directory, "backupdir"), folder)
    return target.start()


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("options", [ON, OFF, ON + ("--appendfsync", "always")])
def test_a_backup_has_everything_up_to_its_seal(start, options, threads):
    server = start("apus", *options, threads=threads)
    with server.connect() as client:
        fill(client)
        assert status(client) == {b"state": b"idle", b"error": b"", b"start_time": b"0", b"end_time": b"0"}
        assert client.raw("BACKUP", "SEAL").startswith(b"-ERR")
        begin(client)
        assert client.raw("BACKUP", "START").startswith(b"-ERR")
        base, = parse(client.raw("BACKUP", "LIST"))
        assert base.startswith(server.directory.encode() + b"/backupdir/appendonly.aof.") and base.endswith(b".base.rdb")
        client.pipeline([["SET", f"during:{number}", number] for number in range(100)])
        if options is not OFF:
            assert client.raw("BGREWRITEAOF") == b"+Background append only file rewriting scheduled\r\n"
        assert client.raw("BACKUP", "SEAL") == b"+OK\r\n"
        wanted = digest(client)
        client.pipeline([["SET", "after", "1"], ["DEL", "during:7"]])
        files = parse(client.raw("BACKUP", "LIST"))
        assert [os.path.exists(path) for path in files] == [True] * 3
        facts = status(client)
        assert facts[b"state"] == b"sealed" and int(facts[b"end_time"]) >= int(facts[b"start_time"]) > 0
        assert info(client)["aof_enabled"] == ("0" if options is OFF else "1")
        assert parse(client.raw("CONFIG", "GET", "appendonly"))[1] == (b"no" if options is OFF else b"yes")
        if options is not OFF:
            # The rewrite that had to wait.
            until(lambda: int(info(client)["aof_rewrites"]) >= 2)
        now = digest(client)
    with restore(start, server).connect() as client:
        assert digest(client) == wanted
    if options is not OFF:
        server.stop()
        server.start()
        with server.connect() as client:
            assert digest(client) == now
    with server.connect() as client:
        if options is OFF:
            assert client.raw("BACKUP", "CLEANUP") == b"+OK\r\n"
            assert stage(client) == "idle" and os.listdir(os.path.join(server.directory, "backupdir")) == []
            assert not os.path.exists(os.path.join(server.directory, FOLDER))


def test_a_backup_is_for_redis_too(start):
    server = start("apus", *OFF)
    with server.connect() as client:
        fill(client)
        begin(client)
        client.raw("SET", "during", "1")
        client.raw("BACKUP", "SEAL")
        wanted = digest(client)
    with restore(start, server, "oracle").connect() as client:
        assert digest(client) == wanted


@pytest.mark.parametrize("options", [ON, OFF])
def test_aborted_backups_leave_nothing(start, options):
    server = start("apus", *options)
    with server.connect() as client:
        assert client.raw("BACKUP", "ABORT").startswith(b"-ERR")
        for _ in range(3):
            begin(client)
            client.raw("SET", "a", "1")
            assert client.raw("BACKUP", "ABORT") == b"+OK\r\n"
            assert status(client)[b"state"] == b"failed" and status(client)[b"error"] != b""
            assert os.listdir(os.path.join(server.directory, "backupdir")) == []
            assert parse(client.raw("BACKUP", "LIST")) == []
        # Right away, whatever the rewrite is doing.
        client.pipeline([["BACKUP", "START"], ["BACKUP", "ABORT"]])
        until(lambda: client.raw("BACKUP", "START") == b"+OK\r\n")
        until(lambda: stage(client) == "incrementing")
        with open(os.path.join(server.directory, "backupdir", "other"), "w"):
            pass
        client.raw("BACKUP", "ABORT")
        assert os.listdir(os.path.join(server.directory, "backupdir")) == ["other"]
        assert client.raw("BACKUP", "START") == b"-ERR The backup directory is not empty\r\n"


def test_turning_the_file_on_ends_a_backup_without_one(start):
    server = start("apus", *OFF)
    with server.connect() as client:
        client.raw("SET", "a", "1")
        begin(client)
        client.raw("SET", "b", "1")
        assert client.raw("CONFIG", "SET", "appendonly", "yes") == b"+OK\r\n"
        assert stage(client) == "failed"
        until(lambda: os.path.exists(os.path.join(server.directory, FOLDER, MANIFEST)))
        until(lambda: [kind for _, kind in listed(server)] == ["b", "i"])
        wanted = digest(client)
    server.process.kill()
    server.process.wait()
    server.options += ["--appendonly", "yes"]
    server.start()
    with server.connect() as client:
        assert digest(client) == wanted


def test_sealed_backups_expire(start):
    server = start("apus", *OFF, "--backup-sealed-ttl", "1")
    with server.connect() as client:
        begin(client)
        client.raw("BACKUP", "SEAL")
        until(lambda: stage(client) == "idle")
        assert os.listdir(os.path.join(server.directory, "backupdir")) == []
