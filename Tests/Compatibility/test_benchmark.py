"""apus-benchmark against a redis-server of its own, and next to redis-benchmark."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import pytest

# These measure time; a machine with other work may disturb one of them.
pytestmark = pytest.mark.flaky(reruns=2)

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = (
    '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms",'
    '"p95_latency_ms","p99_latency_ms","max_latency_ms"'
)


def find_binary():
    """The load generator: $APUS_BENCHMARK, else the release build, else the debug build."""
    named = os.environ.get("APUS_BENCHMARK")
    if named:
        return shutil.which(named) or named
    for build in ("release", "debug"):
        path = ROOT / ".build" / build / "apus-benchmark"
        if path.exists():
            return str(path)
    return None


BINARY = find_binary()


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Redis:
    """A redis-server without files, and one connection to look into it."""

    def __init__(self, *options):
        self.port = unused_port()
        self.directory = tempfile.TemporaryDirectory(prefix="apus-benchmark-")
        self.socket_path = os.path.join(self.directory.name, "redis.sock")
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--unixsocket", self.socket_path, "--enable-debug-command", "yes", *options],
            cwd=self.directory.name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                self.connection = socket.create_connection(("127.0.0.1", self.port), 10)
                self.reader = self.connection.makefile("rb")
                return
            except OSError:
                assert time.monotonic() < deadline, "redis-server does not start"
                time.sleep(0.02)

    def ask(self, *words):
        parts = [str(word).encode() for word in words]
        request = b"*%d\r\n" % len(parts)
        request += b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
        self.connection.sendall(request)
        return self.reply()

    def reply(self):
        line = self.reader.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            return None if rest == b"-1" else self.reader.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest.decode()

    def calls(self):
        """How often each command ran since the last reset."""
        stats = self.ask("INFO", "commandstats")
        return {name: int(count)
                for name, count in re.findall(r"cmdstat_([^:]+):calls=(\d+)", stats)}

    def reset(self):
        self.ask("FLUSHALL")
        self.ask("CONFIG", "RESETSTAT")

    def stop(self):
        self.connection.close()
        self.process.terminate()
        self.process.wait(10)
        self.directory.cleanup()


@pytest.fixture(scope="module")
def redis():
    server = Redis()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def fresh(redis):
    assert BINARY, "no apus-benchmark: run `swift build --product apus-benchmark` first"
    redis.reset()


def run(redis, *arguments, binary=None, stdin=None, timeout=60):
    result = subprocess.run(
        [binary or BINARY, "-p", str(redis.port), *map(str, arguments)],
        capture_output=True, timeout=timeout, input=stdin and stdin.encode())
    # Not text=True: that would make a carriage return a line end.
    result.stdout, result.stderr = result.stdout.decode(), result.stderr.decode()
    return result


def good(redis, *arguments, **keywords):
    result = run(redis, *arguments, **keywords)
    assert result.returncode == 0, result.stderr + result.stdout
    assert result.stderr == ""
    return result.stdout


def shape(text):
    """What stays on the screen, with every number as N and each distribution as one row."""
    text = "\n".join(line.split("\r")[-1] for line in text.split("\n"))
    text = re.sub(r"\d+(\.\d+)?|\binf\b", "N", text)
    text = re.sub(r" +", " ", text)
    return re.sub(r"(N% <= N milliseconds \(cumulative count N\)\n)+", "ROWS\n", text)


# The counts that the server saw.


@pytest.mark.parametrize("arguments", [
    [], ["-P", 16], ["-P", 7], ["-c", 1], ["-c", 2000], ["--threads", 2], ["-k", 0],
    ["--threads", 3, "-P", 5, "-c", 10], ["-3"], ["--rps", 20000], ["-d", 100000, "-n", 500],
    ["-3", "--enable-tracking", "-r", 100, "-P", 8],
], ids=lambda arguments: " ".join(map(str, arguments)) or "plain")
def test_sends_exactly_as_many_requests_as_asked_for(redis, arguments):
    count = 500 if "-n" in arguments else 1003
    result = run(redis, "-t", "set,get", "-q", "-n", 1003, *arguments)
    assert result.returncode == 0, result.stderr
    calls = redis.calls()
    assert calls["set"] == count and calls["get"] == count


def test_every_test_runs_its_command(redis):
    good(redis, "-n", 100, "-q", "-r", 1000)
    calls = redis.calls()
    expected = dict.fromkeys(
        "set get incr rpush lpop rpop sadd hset spop zadd zpopmin mset xadd".split(), 100)
    expected |= {"ping": 200, "lpush": 200, "lrange": 400}
    assert {name: calls[name] for name in expected} == expected


@pytest.mark.parametrize("names, commands", [
    ("get", {"get"}), ("SET,incr", {"set", "incr"}), ("ping", {"ping"}), ("ping_inline", {"ping"}),
    ("lrange_300", {"lpush", "lrange"}), ("mset", {"mset"}), ("zpopmin", {"zpopmin"}),
])
def test_t_chooses_tests(redis, names, commands):
    good(redis, "-n", 10, "-q", "-t", names)
    ours = {name for name in redis.calls() if "|" not in name} - {"info", "flushall"}
    assert ours == commands


def test_random_keys_fill_the_keyspace(redis):
    good(redis, "-n", 5000, "-r", 100, "-t", "set", "-q", "-d", 7)
    assert redis.ask("DBSIZE") == 100
    assert redis.ask("STRLEN", "key:000000000042") == 7
    redis.reset()
    good(redis, "-n", 50, "-t", "set", "-q")
    assert redis.ask("KEYS", "*") == ["key:__rand_int__"]


def test_a_seed_repeats_the_keys(redis):
    seen = []
    for seed in (1, 1, 2):
        redis.reset()
        good(redis, "-n", 50, "-c", 1, "-r", 1000000, "-t", "set", "-q", "--seed", seed)
        seen.append(sorted(redis.ask("KEYS", "*")))
    assert seen[0] == seen[1] != seen[2]


def test_zipf_prefers_low_numbers(redis):
    good(redis, "-n", 20000, "-P", 16, "-r", 1000, "--zipf", 1, "-q", "incr", "__rand_int__")
    counts = [int(redis.ask("GET", f"{key:012}") or 0) for key in range(1000)]
    assert sum(counts) == 20000
    # The harmonic sum of 1000 is 7.485: a share of 1/7.485 for the first, half that for the next.
    assert abs(counts[0] - 2672) < 300 and abs(counts[1] - 1336) < 220
    assert sum(counts[500:]) < 3000


def test_a_free_command_is_sent_word_by_word(redis):
    good(redis, "-n", 20, "-q", "-r", 10, "-d", 5, "hset", "h", "a b", "<__data__>", "-n", "7")
    assert redis.ask("HGET", "h", "-n") == "7"
    assert re.fullmatch(r"<.{5}>", redis.ask("HGET", "h", "a b"))


def test_x_reads_the_last_argument_from_standard_input(redis):
    good(redis, "-n", 5, "-q", "-x", "set", "foo", stdin="two\nlines\n")
    assert redis.ask("GET", "foo") == "two\nlines\n"


def test_dbnum_password_user_uri_and_unix_socket(redis):
    redis.ask("ACL", "SETUSER", "bench", "on", ">secret", "~*", "+@all")
    try:
        good(redis, "-n", 10, "-q", "-t", "set", "--dbnum", 3, "--user", "bench", "-a", "secret")
        uri = f"redis://bench:secret@127.0.0.1:{redis.port}/4"
        good(redis, "-u", uri, "-n", 10, "-q", "-t", "set")
        good(redis, "-s", redis.socket_path, "-n", 10, "-q", "-t", "set", "--dbnum", 5)
        assert re.findall(r"db(\d):keys=1,", redis.ask("INFO", "keyspace")) == ["3", "4", "5"]
        wrong = run(redis, "-n", 10, "-t", "set", "--user", "bench", "-a", "wrong")
        assert wrong.returncode == 1
        assert "WRONGPASS" in wrong.stderr
    finally:
        redis.ask("ACL", "DELUSER", "bench")


# The formats.


def test_csv_has_redis_benchmarks_header_and_rows(redis):
    lines = good(redis, "--csv", "-n", 200, "-t", "get,lrange_100,mset").splitlines()
    assert lines[0] == HEADER
    rows = [line.strip('"').split('","') for line in lines[1:]]
    assert [row[0] for row in rows] == [
        "GET", "LPUSH (needed to benchmark LRANGE)", "LRANGE_100 (first 100 elements)",
        "MSET (10 keys)"]
    for row in rows:
        assert len(row) == 8
        least, median, greatest = float(row[3]), float(row[4]), float(row[7])
        assert 0 < least <= median <= float(row[5]) <= float(row[6]) <= greatest
        assert least <= float(row[2]) <= greatest and float(row[1]) > 0


@pytest.mark.skipif(not shutil.which("redis-benchmark"), reason="no redis-benchmark")
@pytest.mark.parametrize("arguments", [
    ["--csv", "-t", "ping,set,get,lrange,mset"], ["-q", "-t", "set"], ["-t", "get"],
    ["-t", "set,get"], ["-t", "get", "--threads", 2], ["-q", "lpush", "l", "x"],
    ["lpush", "l", "x"], ["--csv", "lpush", "l", "x"],
], ids=lambda arguments: " ".join(map(str, arguments)))
def test_output_has_redis_benchmarks_shape(redis, arguments):
    options = ["-n", 2000, *arguments]
    theirs = run(redis, *options, binary="redis-benchmark").stdout
    ours = good(redis, *options)
    assert shape(ours) == shape(theirs)


def test_json_report_tells_config_and_results(redis, tmp_path):
    path = tmp_path / "report.json"
    good(redis, "-n", 3000, "-c", 7, "-P", 3, "-r", 50, "-t", "set,get", "-q", "--json", path)
    report = json.loads(path.read_text())
    assert report["server"]["redis_version"] == redis.ask("INFO", "server").split(
        "redis_version:")[1].split("\r\n")[0]
    config = report["config"]
    assert (config["clients"], config["pipeline"], config["keyspace"]) == (7, 3, 50)
    assert config["rps"] is None and config["keep_alive"] is True
    assert [test["test"] for test in report["tests"]] == ["SET", "GET"]
    for test in report["tests"]:
        assert test["requests"] == 3000
        assert abs(test["rps"] - 3000 / test["seconds"]) / test["rps"] < 0.01
        assert test["client_cpu"]["user_seconds"] + test["client_cpu"]["system_seconds"] > 0
        latency = test["latency_ms"]
        names = ["min", "p50", "p90", "p95", "p99", "p99.9", "max"]
        assert sorted(latency[name] for name in names) == [latency[name] for name in names]


def test_json_that_cannot_be_written_is_an_error(redis, tmp_path):
    result = run(redis, "-n", 10, "-t", "get", "-q", "--json", tmp_path / "no" / "report")
    assert result.returncode == 1
    assert "cannot write" in result.stderr


def test_a_terminal_shows_live_progress(redis):
    script = shutil.which("script")
    if not script:
        pytest.skip("no script(1)")
    command = f"{BINARY} -p {redis.port} -t get -q -n 400 --rps 400"
    shown = subprocess.run([script, "-qec", command, "/dev/null"], capture_output=True, text=True,
                           timeout=30).stdout
    assert re.search(r"GET: rps=[\d.]+ \(overall: [\d.]+\) avg_msec=", shown)
    assert re.search(r"GET: [\d.]+ requests per second, p50=[\d.]+ msec", shown)


# The open loop.


@pytest.mark.parametrize("rate, arguments", [
    (500, []), (5000, []), (5000, ["--threads", 2]), (20000, ["-P", 8]),
])
def test_rps_is_kept(redis, rate, arguments):
    report = json.loads(good(
        redis, "-n", rate * 2, "--rps", rate, "-t", "get", "--csv", "--json", "-",
        *arguments).splitlines()[-1])
    assert abs(report["tests"][0]["rps"] - rate) / rate < 0.05


def test_rps_counts_the_waiting_that_a_stall_causes(redis):
    """A closed loop would hide it: only the requests in flight would be late."""
    threading.Timer(0.5, lambda: redis.ask("DEBUG", "SLEEP", "0.5")).start()
    report = json.loads(good(
        redis, "-n", 4000, "--rps", 2000, "-t", "get", "--csv", "--json", "-").splitlines()[-1])
    latency = report["tests"][0]["latency_ms"]
    # A quarter of the run was stalled; each request then waited what was left of half a second.
    assert 400 < latency["max"] < 1000
    assert latency["p90"] > 200


# Failures.


def test_nothing_listens(redis):
    port = unused_port()
    for arguments in ([], ["-q"], ["--csv"], ["-I"], ["--threads", "2"]):
        result = subprocess.run([BINARY, "-p", str(port), "-n", "10", *arguments],
                                capture_output=True, text=True, timeout=10)
        assert result.returncode == 1
        assert result.stderr == \
            f"Could not connect to Redis at 127.0.0.1:{port}: Connection refused\n"
        assert result.stdout == ""


def test_an_error_reply_ends_the_run(redis):
    result = run(redis, "-n", 1000, "-q", "nonsense", "x")
    assert result.returncode == 1
    assert result.stderr.startswith("Error from server: ERR unknown command 'nonsense'")
    redis.ask("SET", "mylist", "no list")
    result = run(redis, "-n", 1000, "-P", 16, "-t", "lpush")
    assert result.returncode == 1
    assert result.stderr.startswith("Error from server: WRONGTYPE")


def test_a_server_that_goes_away_ends_the_run(redis):
    doomed = Redis()
    threading.Timer(0.3, doomed.process.kill).start()
    result = run(doomed, "-n", 100000000, "-q", "-t", "get", timeout=20)
    doomed.stop()
    assert result.returncode == 1
    assert result.stderr == "Error: Server closed the connection\n"


@pytest.mark.parametrize("arguments, message", [
    (["--foo"], 'Invalid option "--foo" or option argument missing'),
    (["-n"], 'Invalid option "-n" or option argument missing'),
    (["-n", "x"], 'option -n cannot take "x"'),
    (["-t", "bogus"], 'option -t cannot take "bogus"'),
    (["--zipf", "1"], "give -r too"),
    (["--tls", "--cert", "x"], "--cert and --key go together"),
    (["--cluster"], "apus-benchmark has no --cluster"),
])
def test_a_command_line_that_cannot_be_meant(redis, arguments, message):
    result = run(redis, *arguments)
    assert result.returncode == 1
    assert message in result.stdout + result.stderr
    assert "set" not in redis.calls()


def test_help_and_version():
    text = subprocess.run([BINARY, "--help"], capture_output=True, text=True)
    assert text.returncode == 0 and text.stdout.startswith("Usage: apus-benchmark")
    text = subprocess.run([BINARY, "--version"], capture_output=True, text=True)
    assert text.returncode == 0 and text.stdout.startswith("apus-benchmark ")


def test_idle_mode_holds_its_connections(redis):
    before = len(redis.ask("CLIENT", "LIST").splitlines())
    process = subprocess.Popen([BINARY, "-p", str(redis.port), "-I", "-c", "5"],
                               stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline().startswith("Creating 5 idle connections")
        assert process.stdout.readline() == "clients: 5\n"
        assert len(redis.ask("CLIENT", "LIST").splitlines()) == before + 5
    finally:
        process.kill()
        process.wait()


def test_loop_repeats_until_it_is_ended(redis):
    process = subprocess.Popen([BINARY, "-p", str(redis.port), "-l", "-q", "-n", "10", "-t", "get"],
                               stdout=subprocess.PIPE, text=True)
    try:
        lines = [process.stdout.readline() for _ in range(6)]
        assert sum(line.startswith("GET: ") for line in lines) == 3
    finally:
        process.kill()
        process.wait()
