"""apus-cli at a terminal: prompt, editing, history, completion, hints, colours, reconnection."""

import fcntl
import os
import pty
import re
import select
import signal
import stat
import struct
import termios
import time

import pytest

import servers
from test_cli import BINARY

# What a terminal shows at a moment depends on the machine's other work.
pytestmark = [
    pytest.mark.skipif(BINARY is None, reason="needs apus-cli (swift build)"),
    pytest.mark.flaky(reruns=2)]

UP, TAB, CTRL_A, CTRL_C, CTRL_D, CTRL_R = "\x1b[A", "\t", "\x01", "\x03", "\x04", "\x12"


class Terminal:
    """A pseudo-terminal with apus-cli in it."""

    def __init__(self, home, port, *options, environment=None, columns=100):
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("REDISCLI_", "APUSCLI_", "NO_COLOR", "LC_"))}
        environment = {**kept, "HOME": str(home), "TERM": "xterm", "LANG": "C.UTF-8",
                       **(environment or {})}
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.execve(BINARY, [BINARY, "-p", str(port), *options], environment)
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        self.raw = b""
        self.seen = 0
        self.code = None

    def text(self):
        """What was written, without hints, cursor movements and colours."""
        return re.sub(r"\x1b7.*?\x1b8|\x1b\[[0-9;?]*[A-Za-z]|\x1b.?$", "",
                      self.raw.decode("utf-8", "replace"))

    def hints(self):
        """The texts that were shown behind the cursor."""
        return [re.sub(r"\x1b\[[0-9;]*m", "", hint)
                for hint in re.findall(r"\x1b7(.*?)\x1b8", self.raw.decode("utf-8", "replace"))]

    def type(self, text):
        """Types as people do, waiting for each key to be shown."""
        for key in text:
            before = len(self.raw)
            self.send(key)
            while len(self.raw) == before:
                assert self.read(5), f"no echo of {key!r}"
            while self.read(0.03):
                pass

    def read(self, seconds):
        if not select.select([self.file], [], [], seconds)[0]:
            return False
        try:
            more = os.read(self.file, 65536)
        except OSError:
            more = b""
        self.raw += more
        return bool(more)

    def expect(self, pattern, seconds=8.0):
        """Waits until `pattern` stands behind what was expected before."""
        deadline = time.monotonic() + seconds
        while True:
            text = self.text()
            if match := re.search(pattern, text[self.seen:]):
                self.seen += match.end()
                return match
            if time.monotonic() > deadline or not self.read(max(deadline - time.monotonic(), 0.01)):
                if time.monotonic() > deadline or self.ended():
                    raise AssertionError(f"no {pattern!r} in {text[self.seen:]!r}, after {text!r}")

    def send(self, text):
        os.write(self.file, text.encode())

    def line(self, text, pattern):
        self.send(text + "\r")
        return self.expect(pattern)

    def ended(self):
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None

    def end(self, seconds=5.0):
        """The exit code of a program that is about to end."""
        deadline = time.monotonic() + seconds
        while not self.ended():
            self.read(0.02)
            assert time.monotonic() < deadline, f"still running: {self.text()!r}"
        return self.code

    def close(self):
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.file)


@pytest.fixture(scope="module")
def redis():
    with servers.Server(servers.ORACLE, "--enable-debug-command", "yes") as server:
        yield server


@pytest.fixture
def opened(tmp_path, redis):
    """Opens terminals that are closed with the test."""
    terminals = []

    def opener(*options, port=None, **keywords):
        terminal = Terminal(tmp_path, port or redis.port, *options, **keywords)
        terminals.append(terminal)
        return terminal

    yield opener
    for terminal in terminals:
        terminal.close()


@pytest.fixture
def terminal(opened, redis):
    found = opened()
    found.expect(rf"127\.0\.0\.1:{redis.port}> ")
    return found


class TestPrompt:
    def test_tells_database_and_transaction(self, terminal):
        terminal.line("select 2", r"OK\r\n127\.0\.0\.1:\d+\[2\]> ")
        terminal.line("multi", r"OK\r\n127\.0\.0\.1:\d+\[2\]\(TX\)> ")
        terminal.line("get x", r"QUEUED\r\n.*\(TX\)> ")
        terminal.line("exec", r"1\) \(nil\)\r\n127\.0\.0\.1:\d+\[2\]> ")
        terminal.line("quit", "")
        assert terminal.end() == 0

    def test_the_end_of_the_input_ends_the_program(self, terminal):
        terminal.send(CTRL_D)
        assert terminal.end() == 0

    def test_an_interrupt_drops_the_line_only(self, terminal):
        terminal.send("half a li")
        terminal.expect("half a li")
        terminal.send(CTRL_C)
        terminal.expect(r"\n127\.0\.0\.1:\d+> ")
        terminal.line("ping", "PONG\r\n.*> ")

    def test_errors_of_quoting(self, terminal):
        terminal.line('get "x', r"Invalid argument\(s\)\r\n.*> ")
        terminal.line("2 incr two", r"\(integer\) 1\r\n\(integer\) 2\r\n")

    def test_clear_and_slow_commands(self, terminal):
        terminal.line("clear", "> ")
        assert b"\x1b[H\x1b[2J" in terminal.raw
        terminal.line("debug sleep 0.55", r"OK\r\n\(0\.\d\ds\)\r\n.*> ")


class TestEditing:
    def test_history_outlives_the_program_without_secrets(self, opened, tmp_path):
        terminal = opened()
        terminal.line("set colour blue", "OK\r\n.*> ")
        terminal.line("auth default secret", ">")
        terminal.line("acl setuser me >secret", "OK\r\n.*> ")
        terminal.line("acl deluser me", "1\r\n.*> ")
        terminal.line("get colour", '"blue"\r\n.*> ')
        terminal.line('auth "secret', r"Invalid argument\(s\)\r\n.*> ")
        terminal.line('config set requirepass "secret', r"Invalid argument\(s\)\r\n.*> ")
        terminal.line('echo "open', r"Invalid argument\(s\)\r\n.*> ")
        terminal.send(CTRL_D)
        assert terminal.end() == 0
        path = tmp_path / ".apuscli_history"
        assert path.read_text() == "set colour blue\nget colour\necho \"open\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        again = opened()
        again.expect("> ")
        again.send(UP)
        again.expect('echo "open')
        again.send(UP)
        again.expect("get colour")
        again.send(UP)
        again.expect("set colour blue")
        again.send("\r")
        again.expect("OK\r\n")

    def test_the_history_goes_where_the_variable_says(self, opened, tmp_path):
        other = tmp_path / "elsewhere"
        terminal = opened(environment={"REDISCLI_HISTFILE": str(other)})
        terminal.line("ping", "PONG")
        terminal.expect("> ")
        assert other.read_text() == "ping\n"

    def test_reverse_search(self, terminal):
        terminal.line("echo needle", r'"needle"\r\n.*> ')
        terminal.line("echo hay", r'"hay"\r\n.*> ')
        terminal.send(CTRL_R + "need")
        terminal.expect("echo needle")
        terminal.send("\r")
        terminal.expect('"needle"\r\n')

    def test_the_cursor_moves(self, terminal):
        terminal.send('o "a b"' + CTRL_A + "ech\r")
        terminal.expect('"a b"\r\n.*> ')

    def test_any_language(self, terminal):
        terminal.send("echo grün€😀x\x7f\r")
        terminal.expect(re.escape(r'"gr\xc3\xbcn\xe2\x82\xac\xf0\x9f\x98\x80"'))

    def test_a_line_longer_than_the_window(self, terminal):
        text = "".join(chr(97 + index % 26) for index in range(250))
        terminal.send(f"echo {text}\r")
        terminal.expect(f'"{text}"')


class TestHelp:
    def test_tab_completes(self, terminal):
        terminal.send("hgeta" + TAB + "nothing\r")
        terminal.expect(r"\(empty array\)\r\n.*> ")
        terminal.send("CONFIG " + TAB)
        terminal.expect(r"GET +HELP +RESETSTAT +REWRITE +SET")
        terminal.send("G" + TAB + "port\r")
        terminal.expect(r'1\) "port"')

    def test_tab_completes_topics(self, terminal):
        terminal.send("help @hyp" + TAB + "\r")
        terminal.expect("PFADD key")

    def test_hints_show_what_is_missing(self, terminal):
        terminal.type("getrange ")
        assert terminal.hints()[-2:] == [" key start end", "key start end"]
        assert b"\x1b7\x1b[90mkey start end\x1b[0m\x1b8" in terminal.raw
        terminal.type("k ")
        assert terminal.hints()[-1] == "start end"
        terminal.type("0 1")
        terminal.line("", '""\r\n.*> ')
        terminal.line(":set nohints", "> ")
        count = len(terminal.hints())
        terminal.type("getrange ")
        assert len(terminal.hints()) == count

    def test_preferences_come_from_a_file(self, opened, tmp_path):
        (tmp_path / ".apusclirc").write_text(":set nohints\n")
        terminal = opened()
        terminal.expect("> ")
        terminal.type("getrange ")
        assert terminal.hints() == []

    def test_help_of_a_command(self, terminal):
        terminal.line("help getrange", r"GETRANGE key start end\r\r\n  summary: Get a substring")
        terminal.line("help", r'"quit" to exit')


class TestColours:
    def test_a_terminal_has_colours(self, terminal):
        terminal.line("incr colours", r"\(integer\) 1")
        assert b"\x1b[36m(integer) 1\x1b[0m" in terminal.raw

    def test_no_colour_if_not_wanted(self, opened):
        terminal = opened(environment={"NO_COLOR": "1"})
        terminal.expect("> ")
        terminal.type("getrange ")
        assert terminal.hints()[-1] == "key start end"
        terminal.line("k 0 1", '""\r\n')
        assert not re.search(rb"\x1b\[[0-9;]+m", terminal.raw)


class TestConnection:
    def test_nobody_listens(self, opened):
        terminal = opened(port=1)
        terminal.expect(r"Could not connect to Redis at 127\.0\.0\.1:1: Connection refused\r\n")
        terminal.expect("not connected> ")
        terminal.line("ping", r"Could not connect to Redis at 127\.0\.0\.1:1: Connection refused")
        terminal.expect("not connected> ")

    def test_connect_goes_elsewhere(self, opened, redis):
        terminal = opened(port=1)
        terminal.expect("not connected> ")
        terminal.line(f"connect localhost {redis.port}", f"localhost:{redis.port}> ")
        terminal.line("ping", "PONG")

    def test_a_server_that_comes_back_is_found_again(self, opened):
        with servers.Server(servers.ORACLE) as server:
            terminal = opened("-n", "3", port=server.port)
            terminal.expect(r":\d+\[3\]> ")
            terminal.line("ping", r"PONG\r\n.*\[3\]> ")
            server.stop()
            terminal.line("ping", r"Could not connect to Redis at .*: Connection refused")
            terminal.expect("not connected> ")
            server.start()
            terminal.line("client info", r"db=3")
            terminal.expect(r":\d+\[3\]> ")

    def test_an_interrupt_ends_monitor(self, terminal, redis):
        with redis.connect() as other:
            terminal.line("monitor", "OK\r\n")
            other.line(b"PING seen")
            terminal.expect('"PING" "seen"')
            terminal.send(CTRL_C)
            terminal.expect(r"\n127\.0\.0\.1:\d+> ")
            terminal.line("ping", "PONG")

    READING = r"Reading messages\.\.\. \(press Ctrl-C to quit or any key to type command\)\r"

    @pytest.mark.parametrize("options", [[], ["-3"]], ids=["resp2", "resp3"])
    def test_messages_are_shown_until_a_key_is_pressed(self, opened, redis, options):
        terminal = opened(*options)
        with redis.connect() as other:
            terminal.line("subscribe channel", r'1\) "subscribe"\r\n2\) "channel"\r\n3\) \(integer\) 1\r\n' + self.READING)
            other.line(b"PUBLISH channel hello")
            terminal.expect(r'1\) "message"\r\n2\) "channel"\r\n3\) "hello"\r\n' + self.READING)
            terminal.send("s")
            terminal.expect(r"\(subscribed mode\)> s")
            terminal.line("ubscribe b c", r'2\) "c"\r\n3\) \(integer\) 3\r\n' + self.READING)
            terminal.send("u")
            terminal.expect(r"\(subscribed mode\)> u")
            terminal.line("nsubscribe channel b c", r"3\) \(integer\) 0\r\n127\.0\.0\.1:\d+> ")
            terminal.line("get x", r"\(nil\)")

    def test_an_interrupt_ends_a_subscription(self, terminal):
        terminal.line("psubscribe a*", self.READING)
        terminal.send(CTRL_C)
        terminal.expect(r"127\.0\.0\.1:\d+> ")
        terminal.line("get x", r"\(nil\)")

    def test_pushes_are_shown(self, opened, redis):
        terminal = opened("-3")
        terminal.line("client tracking on", "OK\r\n.*> ")
        terminal.line("get watched", r"\(nil\)\r\n.*> ")
        with redis.connect() as other:
            other.line(b"SET watched 1")
        terminal.line("ping", r'1\) "invalidate"\r\n2\) 1\) "watched"\r\n')
        terminal.expect("PONG")

    def test_the_password_is_asked_for(self, opened):
        with servers.Server(servers.ORACLE, "--requirepass", "hello") as server:
            terminal = opened("--askpass", port=server.port)
            terminal.expect("Please input password: ")
            terminal.send("hallo\x7f\x7f\x7f\x7fello\r")
            terminal.expect(r"\*+")
            terminal.line("ping", "PONG")
            assert "hello" not in terminal.text()
