"""The append-only file on disks that fail: full, failing or slow syncs, lost power, killed processes."""

import os
import pathlib
import random
import subprocess
import threading
import time

import pytest

import servers
from resp import Closed, parse
from servers import until
from test_aof import DEBUG, ON, again, digest, folder, info, kill, listed

MISCONF = b"-MISCONF Errors writing to the AOF file: "


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """The library that lets writes and syncs fail."""
    path = tmp_path_factory.mktemp("faults") / "faults.so"
    source = pathlib.Path(__file__).with_name("faults.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", path, source, "-ldl"], check=True)
    return path


class Faults:
    """A server whose disk fails on demand."""

    def __init__(self, start, library, *options, **keywords):
        self.server = start("apus", *ON, *options, environment={"LD_PRELOAD": str(library)}, wait=False, **keywords)
        self.server.stop()
        self.path = os.path.join(self.server.directory, "faults")
        self.server.environment["FAULTS"] = self.path
        self.server.start()

    def say(self, word):
        with open(self.path + ".new", "w") as file:
            file.write(word)
        os.rename(self.path + ".new", self.path)

    def lose_power(self):
        """Kills the server, and takes from its files what was not synced."""
        kill(self.server)
        for name, _ in listed(self.server):
            if ".incr." not in name:
                continue
            size = 0
            if os.path.exists(f"{self.path}.{name}"):
                with open(f"{self.path}.{name}") as file:
                    size = int(file.read())
            os.truncate(os.path.join(folder(self.server), name), size)


@pytest.mark.parametrize("threads", [1, 4])
def test_a_full_disk(start, library, threads):
    faults = Faults(start, library, threads=threads)
    with faults.server.connect() as client:
        client.raw("SET", "before", "1")
        faults.say("full")
        client.raw("SET", "meanwhile", "v" * 1000)
        until(lambda: client.raw("SET", "refused", "1") == MISCONF + b"No space left on device\r\n")
        assert client.raw("PING").startswith(MISCONF)
        assert client.raw("GET", "meanwhile") == b"$1000\r\n" + b"v" * 1000 + b"\r\n"
        assert client.raw("MULTI") == b"+OK\r\n"
        assert client.raw("SET", "a", "1").startswith(MISCONF)
        assert client.raw("EXEC").startswith(b"-EXECABORT")
        assert info(client)["aof_last_write_status"] == "err"
        assert faults.server.output().count("Error writing to the AOF file") == 1
        faults.say("")
        until(lambda: client.raw("SET", "after", "1") == b"+OK\r\n")
        until(lambda: info(client)["aof_pending_bio_fsync"] == "0" and info(client)["aof_buffer_length"] == "0")
        assert info(client)["aof_last_write_status"] == "ok"
        assert "The server can write again" in faults.server.output()
        wanted = digest(client)
    kill(faults.server)
    faults.server.start()
    with faults.server.connect() as client:
        assert digest(client) == wanted
        assert parse(client.raw("MGET", "before", "after")) == [b"1", b"1"]


@pytest.mark.parametrize("word, text", [("full", "Can't recover from AOF write error"), ("sync", "Can't persist AOF for fsync error")])
def test_always_ends_the_server(start, library, word, text):
    faults = Faults(start, library, "--appendfsync", "always")
    with faults.server.connect() as client:
        client.raw("SET", "a", "1")
        faults.say(word)
        with pytest.raises((Closed, OSError)):
            client.raw("SET", "b", "1")
    assert faults.server.process.wait(20) == 1
    assert text in faults.server.output()
    faults.say("")
    faults.server.start()
    with faults.server.connect() as client:
        assert parse(client.raw("GET", "a")) == b"1"


def test_a_failed_sync_needs_new_files(start, library):
    faults = Faults(start, library, "--hz", "100")
    with faults.server.connect() as client:
        client.raw("SET", "a", "1")
        faults.say("sync")
        until(lambda: client.raw("SET", "b", "1") == MISCONF + b"Input/output error\r\n")
        assert client.raw("GET", "a") == b"$1\r\n1\r\n"
        faults.say("")
        until(lambda: client.raw("SET", "b", "1") == b"+OK\r\n")
        assert int(info(client)["aof_rewrites"]) >= 1
        wanted = digest(client)
    kill(faults.server)
    faults.server.start()
    with faults.server.connect() as client:
        assert digest(client) == wanted


@pytest.mark.parametrize("threads", [1, 4])
def test_nothing_leaves_before_it_is_durable(start, library, threads):
    """While a sync is slow, neither the writer is answered nor does a reader see what was written."""
    faults = Faults(start, library, "--appendfsync", "always", threads=threads)
    with faults.server.connect() as writer, faults.server.connect() as reader, faults.server.connect() as listener:
        listener.raw("SUBSCRIBE", "__keyspace@0__:a")
        reader.raw("CONFIG", "SET", "notify-keyspace-events", "KEA")
        faults.say("slow")
        for number in range(4):
            begin = time.monotonic()
            writer.send(b"SET a %d\r\n" % number)
            time.sleep(0.05)
            seen = parse(reader.raw("GET", "a"))
            if seen == b"%d" % number:
                assert time.monotonic() - begin >= 0.3
            assert writer.reply() == b"+OK\r\n"
            assert time.monotonic() - begin >= 0.3
            listener.reply()
            assert time.monotonic() - begin >= 0.3


class Load:
    """Clients that append numbers to lists of their own and move money, until the server is gone."""

    def __init__(self, server, clients, pipelined):
        self.server = server
        self.pipelined = pipelined
        # What was acknowledged, and when, by client.
        self.acknowledged = [[] for _ in range(clients)]
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        count = self.server.counts[number]
        rng = random.Random()
        try:
            with self.server.connect() as client:
                while True:
                    batch = []
                    for _ in range(rng.randrange(1, self.pipelined + 1)):
                        batch.append(["RPUSH", f"l:{number}", count])
                        count += 1
                    batch += [["MULTI"], ["INCRBY", f"a:{rng.randrange(20)}", 3], ["DECRBY", f"a:{rng.randrange(20)}", 3], ["EXEC"]]
                    batch += [["SET", f"t:{rng.randrange(50)}", "x" * rng.randrange(500), "PX", rng.randrange(1, 50)]]
                    client.pipeline(batch)
                    self.acknowledged[number].append((time.monotonic(), count))
        except (Closed, OSError):
            pass

    def join(self):
        for thread in self.threads:
            thread.join()


def check(server, load, before):
    """Every list is complete and holds at least what was acknowledged `before`; no money is lost."""
    with server.connect() as client:
        for number, acknowledged in enumerate(load.acknowledged):
            numbers = parse(client.raw("LRANGE", f"l:{number}", 0, -1))
            assert numbers == [b"%d" % index for index in range(len(numbers))]
            sure = max((count for moment, count in acknowledged if moment <= before), default=0)
            assert len(numbers) >= sure, (number, len(numbers), sure)
            server.counts[number] = len(numbers)
        assert sum(int(value or 0) for value in parse(client.raw("MGET", *[f"a:{number}" for number in range(20)]))) == 0


def save_without_end(server):
    """Saves again and again until the server is gone; each save lasts 0.1 s or longer."""
    try:
        with server.connect() as client:
            while True:
                client.raw("BGSAVE")
                until(lambda: info(client)["rdb_bgsave_in_progress"] == "0")
    except (Closed, OSError):
        pass


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
@pytest.mark.parametrize("work", ["rewrites", "snapshots"])
def test_killed_under_load(start, request, work, policy, threads):
    """While the file is rewritten, to bases of either form, or snapshots are saved; `--rounds` sets how often."""
    options = {"rewrites": ["--auto-aof-rewrite-min-size", "1kb", "--auto-aof-rewrite-percentage", "20", "--hz", "100",
                            "--aof-use-rdb-preamble", "yes" if threads == 1 else "no"],
               # Lists soon are so long that they are saved in slices.
               "snapshots": ["--auto-aof-rewrite-percentage", "0", "--rdb-key-save-delay", "1000"]}[work]
    server = start("apus", *DEBUG, "--appendonly", "yes", "--appendfsync", policy, *options, threads=threads)
    server.counts = [0] * 6
    for round in range(request.config.getoption("--rounds")):
        if round % 25 == 24:
            with server.connect() as client:
                client.raw("FLUSHALL")
                client.raw("BGREWRITEAOF")
                until(lambda: info(client)["aof_rewrite_in_progress"] == "0")
            server.counts = [0] * 6
        load = Load(server, 6, 10)
        saver = threading.Thread(target=save_without_end, args=(server,))
        if work == "snapshots":
            saver.start()
        time.sleep(random.uniform(0.02, 0.4))
        server.process.kill()
        killed = time.monotonic()
        server.process.wait()
        load.join()
        if work == "snapshots":
            saver.join()
        server.start()
        check(server, load, killed - 2 if policy == "everysec" else killed)


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("policy, lost", [("always", 0), ("everysec", 2)])
def test_power_lost_under_load(start, request, library, policy, lost, threads):
    faults = Faults(start, library, "--appendfsync", policy, threads=threads)
    faults.server.counts = [0] * 4
    for _ in range(request.config.getoption("--rounds")):
        load = Load(faults.server, 4, 5)
        time.sleep(random.uniform(0.05, 0.4) + random.choice([0, 1.2]) * (lost > 0))
        before = time.monotonic()
        faults.lose_power()
        load.join()
        faults.server.start()
        check(faults.server, load, before - lost)
