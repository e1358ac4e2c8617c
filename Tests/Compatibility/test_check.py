"""apus-check: what it tells, beside redis-check-rdb and redis-check-aof."""

import json
import os
import pathlib
import re
import shutil
import struct
import subprocess

import pytest

import servers
from resp import parse
from test_dump import VALUES, crc64

APUS = pathlib.Path(servers.APUS).with_name("apus-check")
pytestmark = pytest.mark.skipif(not APUS.exists(), reason="there is no apus-check beside the server")


def run(directory, *words, stdin=""):
    done = subprocess.run([str(word) for word in words], cwd=directory, input=stdin, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout


@pytest.fixture
def tools(tmp_path):
    """Both tools by the names of Redis' ones: a function that runs one and returns code and output of each."""
    for name in ("redis-check-rdb", "redis-check-aof"):
        os.symlink(APUS, tmp_path / name)

    def both(name, *words, stdin="", files=()):
        results = []
        for binary in (tmp_path / name, shutil.which(name)):
            directory = tmp_path / f"run-{len(results)}"
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir()
            for path, content in files:
                target = directory / path
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(content)
            code, output = run(directory, binary, *words, stdin=stdin)
            left = {path: (directory / path).read_bytes() for path, _ in files}
            results.append((code, output.replace(str(binary), name), left))
        return results

    return both


@pytest.fixture(scope="module")
def snapshot():
    """A file with every type, some of them with expiries."""
    with servers.Server(servers.ORACLE, "--enable-debug-command", "yes") as server:
        with server.connect() as client:
            for database in (0, 3):
                client.raw("SELECT", database)
                for name, commands in VALUES.items():
                    client.pipeline(commands)
                    client.raw("RENAME", "k", name)
                    if len(name) % 3 == 0:
                        client.raw("PEXPIREAT", name, 33177117420000)
            assert client.raw("SAVE") == b"+OK\r\n"
            keys = parse(client.raw("DBSIZE"))
        return server.file("dump.rdb"), keys


def test_a_sound_snapshot_reads_the_same(tools, snapshot):
    content, _ = snapshot
    ours, theirs = tools("redis-check-rdb", "dump.rdb", files=[("dump.rdb", content)])
    assert ours == theirs and ours[0] == 0


def test_a_snapshot_without_checksum(tools):
    content = b"REDIS0010\xfe\x00\x00\x01a\x01b\xff" + bytes(8)
    ours, theirs = tools("redis-check-rdb", "dump.rdb", files=[("dump.rdb", content)])
    assert ours == theirs


@pytest.mark.parametrize("damage", ["short", "checksum", "type", "signature", "absent", "empty"])
def test_a_damaged_snapshot(tools, snapshot, damage):
    content, _ = snapshot
    files = {
        "short": content[:-100], "checksum": content[:-8] + struct.pack("<Q", 77), "signature": b"zork" + content[4:],
        "type": b"REDIS0010\xfe\x00\x63\x01a\x01b\xff" + bytes(8), "absent": b"", "empty": b"",
    }
    name = "none.rdb" if damage == "absent" else "dump.rdb"
    ours, theirs = tools("redis-check-rdb", name, files=[("dump.rdb", files[damage])])
    assert ours[0] == theirs[0] == 1
    assert ours[1].splitlines()[0] == theirs[1].splitlines()[0]
    if damage in ("short", "checksum", "type"):
        assert "--- RDB ERROR DETECTED ---" in ours[1] and "--- RDB ERROR DETECTED ---" in theirs[1]


def test_statistics(tmp_path, snapshot):
    content, keys = snapshot
    (tmp_path / "dump.rdb").write_bytes(content)
    code, output = run(tmp_path, APUS, "rdb", "--json", "dump.rdb")
    told = json.loads(output)
    assert code == 0 and told["databases"] == {"0": keys, "3": keys} and told["keys"] == 2 * keys
    assert sum(type["keys"] for type in told["types"].values()) == sum(told["sizes"].values()) == 2 * keys
    assert sum(told["lifetimes"].values()) == told["expires"] > 0 and told["expired"] == 0
    assert len(told["largest"]) == 10 and told["bytes"] == len(content)
    code, output = run(tmp_path, APUS, "rdb", "--stats", "dump.rdb")
    assert code == 0 and "Keys by type:" in output and "Largest keys:" in output


def request(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


SET, MULTI, EXEC = request(b"SET", b"a", b"b"), request(b"MULTI"), request(b"EXEC")
FILES = {
    "sound": SET * 5, "torn": SET + SET[:-3], "transaction": SET + MULTI + SET + EXEC,
    "open": SET + MULTI + SET, "no exec": SET + EXEC, "nested": MULTI + MULTI, "garbage": SET + b"garbage\r\n",
    "annotated": b"#TS:100\r\n" + SET, "prefix": SET + b"*1\r\n+3\r\nfoo\r\n", "end": SET[:-2] + b"xx" + SET, "empty": b"",
}


@pytest.mark.parametrize("name", FILES)
def test_append_only_files(tools, name):
    ours, theirs = tools("redis-check-aof", "a.aof", files=[("a.aof", FILES[name])])
    assert ours == theirs


@pytest.mark.parametrize("answer", ["y\n", "n\n"])
@pytest.mark.parametrize("name", FILES)
def test_append_only_files_are_mended(tools, name, answer):
    ours, theirs = tools("redis-check-aof", "--fix", "a.aof", stdin=answer, files=[("a.aof", FILES[name])])
    assert ours == theirs


@pytest.mark.parametrize("time", [50, 100, 150, 300])
def test_cutting_at_a_time(tools, time):
    content = b"#TS:100\r\n" + SET + b"#TS:200\r\n" + SET + b"#TS:250\r\n" + SET
    ours, theirs = tools("redis-check-aof", "--truncate-to-timestamp", time, "a.aof", files=[("a.aof", content)])
    assert ours == theirs


def test_several_files(tools):
    base = b"REDIS0010\xfe\x00\x00\x01a\x01b\xff"
    base += struct.pack("<Q", crc64(base))
    manifest = (b"file a.aof.1.base.rdb seq 1 type b\nfile a.aof.1.incr.aof seq 1 type i\n"
                b"file a.aof.2.incr.aof seq 2 type i\n")
    for first, last in [(SET, SET), (SET, b""), (SET, SET[:-1]), (SET[:-1], SET), (b"", b"")]:
        for words in [(), ("--fix",)]:
            files = [("d/a.aof.manifest", manifest), ("d/a.aof.1.base.rdb", base), ("d/a.aof.1.incr.aof", first),
                     ("d/a.aof.2.incr.aof", last)]
            results = tools("redis-check-aof", *words, "d/a.aof.manifest", stdin="y\n", files=files)
            # Redis does not begin to count lines anew with each file.
            ours, theirs = [(code, re.sub("ok_up_to_line=[0-9]+", "", output), left) for code, output, left in results]
            assert ours == theirs


def test_a_snapshot_at_the_front(tools):
    base = b"REDIS0010\xfe\x00\x00\x01a\x01b\xff"
    base += struct.pack("<Q", crc64(base))
    ours, theirs = tools("redis-check-aof", "a.aof", files=[("a.aof", base + SET)])
    assert ours == theirs and ours[0] == 0


def test_usage(tools):
    for name in ("redis-check-rdb", "redis-check-aof"):
        ours, theirs = tools(name)
        assert ours[0] == theirs[0] == 1
    ours, theirs = tools("redis-check-aof", "none.aof")
    assert ours == theirs
