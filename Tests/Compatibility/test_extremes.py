"""Numbers near every edge in every place of every command: the server must neither end nor fall silent.

Between the commands everything is asked that adds, multiplies or divides what they left behind: INFO, MEMORY,
DEBUG and OBJECT. `--extremes SECONDS` says how long the random part goes on, `--first-seed` repeats a run.
"""

import time

import pytest

import extremes
import oracle as engine
import servers
from resp import Closed, parse

pytestmark = pytest.mark.skipif(not servers.is_apus(servers.APUS), reason="a stand-in has limits of its own")

class Run:
    """Sends commands and remembers the last ones, for the report of a failure."""

    def __init__(self, server, protocol):
        self.server = server
        self.protocol = protocol
        self.last = []
        self.open()

    def open(self):
        self.connection = self.server.connect(self.protocol, timeout=60)
        for line in extremes.SEEDS:
            self.connection.raw(*line.split(" "))

    def send(self, commands):
        self.last = (self.last + commands)[-60:]
        try:
            for words, reply in zip(commands, self.connection.pipeline(commands)):
                parse(reply)
                assert reply[:1] != b"-" or reply.count(b"\r") == 1, f"{words}: {reply!r}"
        except (Closed, TimeoutError, OSError) as problem:
            shown = "\n".join("  " + engine.readable(words) for words in self.last)
            state = "is silent" if self.server.is_running() else "ENDED"
            pytest.fail(
                f"the server {state}: {problem}\n{shown}\n{self.server.output()[-2000:]}", pytrace=False)

    def reports(self):
        self.send(extremes.REPORTS)
        self.send([[*words, key] for key in extremes.KEYS for words in extremes.KEY_REPORTS])

    def renew(self):
        """Now and then all begins anew, as some values end all change: a stream with the last id."""
        self.send([["FLUSHALL"], *(line.split(" ") for line in extremes.SEEDS)])


@pytest.fixture
def edge_server(start):
    # With a bound that keeps the strings small that SETRANGE and SETBIT make.
    return start("apus", "--enable-debug-command", "yes", "--proto-max-bulk-len", "1mb", threads=2)


def documents(server):
    with server.connect(3) as connection:
        return extremes.documents(connection)


def test_each_word_of_each_command_at_each_limit(edge_server):
    run = Run(edge_server, 3)
    batch = []
    for number, words in enumerate(extremes.every_place(documents(edge_server))):
        batch.append(words)
        if len(batch) == 50:
            run.send(batch)
            batch = []
        if number % 1000 == 999:
            run.reports()
            run.renew()
    run.send(batch)
    run.reports()


def test_what_is_not_drawn_at_each_limit(edge_server):
    run = Run(edge_server, 2)
    for line in extremes.BESIDES.strip().splitlines():
        for limit in extremes.LIMITS + extremes.FLOATS + ["", "-1", "0"]:
            if line.startswith("DEBUG SLEEP"):
                if limit.lstrip("-").lower() in ("nan", "0", "5e-324", "") or limit.startswith("-"):
                    run.send([["DEBUG", "SLEEP", limit]])
                continue
            run.send([[limit if word == "?" else word for word in line.split()], ["SELECT", "0"], ["HELLO", "2"]])
    run.reports()


def test_every_number_of_the_configuration_at_each_limit(edge_server):
    run = Run(edge_server, 2)
    rows = parse(run.connection.raw("CONFIG", "GET", "*"))
    work = [line.split(" ") for line in extremes.SEEDS]
    for name, value in zip(rows[::2], rows[1::2]):
        if name.decode() in extremes.NOT_SET or not value.lstrip(b"-").isdigit():
            continue
        for limit in extremes.LIMITS + ["0", "1", "-1", "100"]:
            run.send([["CONFIG", "SET", name, limit], ["FLUSHALL"], *work])
        run.reports()
        run.send([["CONFIG", "SET", name, value]])


def test_random_commands_of_extreme_words(edge_server, request):
    seed = request.config.getoption("first_seed")
    deadline = time.monotonic() + request.config.getoption("extremes")
    source = extremes.Extremes(documents(edge_server), seed)
    run = Run(edge_server, 2)
    rounds = 0
    while time.monotonic() < deadline:
        run.send([source.command() for _ in range(20)])
        rounds += 1
        if rounds % 10 == 0:
            run.reports()
        if rounds % 50 == 0:
            run.renew()
    run.reports()
    assert rounds > 10


def test_long_strings_where_only_memory_bounds_them(start):
    server = start("apus", "--proto-max-bulk-len", "9223372036854775807",
                   "--client-query-buffer-limit", "9223372036854775807", threads=2)
    run = Run(server, 2)
    far = [str(2**n - 1 - less) for n in (63, 62, 50, 47) for less in (0, 1, 8, 1 << 20)]
    run.send([["SETRANGE", key, place, "x"] for key in ("none", "string", "long", "number") for place in far])
    run.send([["SETBIT", key, place, "1"] for key in ("none", "string", "long") for place in far])
    fields = far + [f"#{2**63 // 64 - n}" for n in (1, 2, 3)]
    run.send([["BITFIELD", key, action, width, place, *rest] for key in ("none", "string", "long")
              for action, rest in (("GET", []), ("SET", ["1"]), ("INCRBY", ["1"])) for width in ("u1", "i64", "u63")
              for place in fields])
    run.send([["GETBIT", "long", place] for place in far] + [["GETRANGE", "long", place, place] for place in far])
    run.send([["STRLEN", key] for key in ("none", "string", "long", "number")])


@pytest.mark.parametrize("length", [2**63 - 1, 2**63 - 2, 2**63 - 3, 2**62, 2**40])
@pytest.mark.parametrize("before", [b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n", b"*2\r\n"])
def test_the_announcement_of_a_word_without_end(start, length, before):
    server = start("apus", "--proto-max-bulk-len", "9223372036854775807",
                   "--client-query-buffer-limit", "9223372036854775807")
    with server.connect() as announcing, server.connect() as other:
        announcing.send(before + b"$%d\r\nabc" % length)
        assert other.raw("PING") == b"+PONG\r\n"
        announcing.send(b"def")
        assert other.raw("PING") == b"+PONG\r\n"
    with server.connect() as later:
        assert later.raw("PING") == b"+PONG\r\n"
