"""apus-cli next to Debian's redis-cli: the same words, the same input, the same bytes out.

Both talk to one redis-server, or to a stand-in that sends whatever bytes a case asks for. Standard
output, standard error and the exit code must be equal; only the program's own name may differ.
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading

import pytest

import servers

ROOT = pathlib.Path(__file__).resolve().parents[2]
REFERENCE = shutil.which("redis-cli")


def find_binary():
    """The client under test: $APUS_CLI, else the release build, else the debug build."""
    named = os.environ.get("APUS_CLI")
    if named:
        return shutil.which(named) or named
    for build in ("release", "debug"):
        path = ROOT / ".build" / build / "apus-cli"
        if path.exists():
            return str(path)
    return None


BINARY = find_binary()
PAIR = concurrent.futures.ThreadPoolExecutor(2)

pytestmark = pytest.mark.skipif(
    BINARY is None or REFERENCE is None, reason="needs apus-cli (swift build) and redis-cli")


# MARK: Running

def run(binary, words, stdin=b"", environment=None, seconds=10.0):
    """Exit code, standard output and standard error of one run."""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith(("REDISCLI_", "APUSCLI_", "NO_COLOR"))}
    done = subprocess.run(
        [binary, *words], input=stdin, capture_output=True, timeout=seconds,
        env={**clean, "TERM": "xterm", "HOME": "/nonexistent", **(environment or {})})
    return done.returncode, done.stdout, done.stderr


def nameless(text):
    """`text` with the name and version of either program replaced, and the word for a hang-up.

    Whether the end of a connection is read or its reset is written to is a matter of chance.
    """
    text = re.sub(rb"Error: (Connection reset by peer|Broken pipe)",
                  b"Error: Server closed the connection", text)
    text = re.sub(rb"(redis-cli|apus-cli)( \d+\.\d+\.\d+)?", b"CLI", text)
    return re.sub(rb"\.(redis|apus)clirc", b".CLIrc", text)


def same(words, stdin=b"", environment=None, prepare=None, clean=nameless):
    """Runs both programs, each after `prepare`, else at once, and compares all that they say."""
    def answer(binary):
        if prepare:
            prepare()
        code, out, err = run(binary, words, stdin, environment)
        return code, clean(out), clean(err)

    if prepare:
        theirs, ours = answer(REFERENCE), answer(BINARY)
    else:
        theirs, ours = PAIR.map(answer, (REFERENCE, BINARY))
    assert ours == theirs
    return theirs


# MARK: Servers

class Puppet:
    """Says the bytes that `RAW text` asks for (with escapes), or says them and hangs up (`CUT`)."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                while words := self.request(stream):
                    text = words[-1].decode("unicode_escape").encode("latin1")
                    if words[0].upper() == b"RAW":
                        connection.sendall(text)
                    elif words[0].upper() == b"CUT":
                        connection.sendall(text)
                        return
                    else:
                        connection.sendall(b"+OK\r\n")
            except OSError:
                pass

    @staticmethod
    def request(stream):
        head = stream.readline()
        while head == b"\r\n":
            head = stream.readline()
        if not head:
            return None
        words = []
        for _ in range(int(head[1:])):
            count = int(stream.readline()[1:])
            words.append(stream.read(count + 2)[:-2])
        return words


@pytest.fixture(scope="module")
def puppet():
    return Puppet()


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "redis.sock"
    options = ["--enable-debug-command", "yes", "--unixsocket", path]
    with servers.Server(servers.ORACLE, *options) as server:
        server.socket_path = str(path)
        yield server


@pytest.fixture(scope="module")
def fill(redis):
    """Puts the same keys into the server, whatever the case before did."""
    requests = [
        b"FLUSHALL", b"SET text value", b"SET number 41", b'SET "bin\\x00\\xff" "\\x00\\x01\\"\\n"',
        b"RPUSH list a b c d e f g h i j k l", b"SADD set only", b"HSET hash field value",
        b"ZADD zset 1.5 one 2 two", b"XADD stream 1-1 a b", b"XADD stream 1-2 c d", b'SET empty ""',
        b"SET long " + b"x" * 300,
    ]
    batch = b"".join(request + b"\r\n" for request in requests + [b"PING filled"])

    def prepare():
        with socket.create_connection(("127.0.0.1", redis.port), 10) as connection:
            connection.sendall(batch)
            answer = b""
            while not answer.endswith(b"$6\r\nfilled\r\n"):
                answer += connection.recv(65536)

    return prepare


def parametrize(name, cases):
    return pytest.mark.parametrize(name, cases, ids=lambda case: repr(case)[:60])


# MARK: Forms of replies

FORMATS = [
    ["-3", "--no-raw"], ["--raw"], ["--csv"], ["--json"], ["--quoted-json"], ["-e", "--no-raw"],
    ["-d", ", ", "-D", ";\\n"],
]

REPLIES = [
    r"+OK\r\n", r"+\r\n", r'+a\\"b\r\n', r"-ERR wrong\r\n", r'-ERR "x" \\ y\r\n', r":12345\r\n",
    r":-9223372036854775808\r\n", r"$5\r\nhello\r\n", r"$0\r\n\r\n", r"$-1\r\n", r"*-1\r\n",
    r"_\r\n", r"*0\r\n", r"%0\r\n", r"~0\r\n", r"#t\r\n", r"#f\r\n", r",3.141\r\n", r",1e5\r\n",
    r",inf\r\n", r",-inf\r\n", r",1.50\r\n", r"=15\r\ntxt:Some string\r\n",
    r'=8\r\ntxt:a"\\\xff\r\n', r"=4\r\ntxt:\r\n",
    r'$9\r\n\xc3\xa9\x01\x7f"\\/\x00\t\r\n',
    r"$34\r\n\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14"
    r"\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\x7f\r\n",
    r"*1\r\n:1\r\n", r"*3\r\n:1\r\n$1\r\na\r\n+b\r\n", r"*2\r\n*2\r\n:1\r\n:2\r\n*1\r\n:3\r\n",
    r"*1\r\n*1\r\n*2\r\n:1\r\n:2\r\n", r"*2\r\n*0\r\n%0\r\n", r"*3\r\n$-1\r\n_\r\n*-1\r\n",
    r"*2\r\n-ERR in\r\n+after\r\n", r"*1\r\n-ERR in\r\n",
    r"*12\r\n" + r":7\r\n" * 10 + r"*2\r\n+a\r\n+b\r\n" + r"%1\r\n+k\r\n+v\r\n",
    r"*101\r\n" + r":7\r\n" * 99 + r"*2\r\n:1\r\n*2\r\n+a\r\n+b\r\n:3\r\n",
    r"~3\r\n:0\r\n:1\r\n$1\r\nx\r\n", r"%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n",
    r"%1\r\n+a\r\n*1\r\n+b\r\n", r"%1\r\n+a\r\n*2\r\n+b\r\n+c\r\n", r"%1\r\n+a\r\n%1\r\n+b\r\n+c\r\n",
    r"%1\r\n+a\r\n%2\r\n+b\r\n+c\r\n+d\r\n+e\r\n", r"%1\r\n+a\r\n~2\r\n+b\r\n+c\r\n",
    r"%2\r\n+a\r\n*1\r\n*2\r\n+b\r\n+c\r\n+z\r\n~1\r\n:1\r\n", r"%1\r\n*0\r\n_\r\n",
    r"%2\r\n*2\r\n:1\r\n:2\r\n+b\r\n*0\r\n*2\r\n:1\r\n%1\r\n:4\r\n*2\r\n:7\r\n:8\r\n",
    r"%1\r\n%2\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n", r"%2\r\n_\r\n:1\r\n#t\r\n-ERR x\r\n",
    r'%6\r\n-ERR "x"\r\n:1\r\n=7\r\ntxt:a"b\r\n:2\r\n%0\r\n:3\r\n$3\r\na"b\r\n:4\r\n+s\r\n:5\r\n,3.0'
    r"\r\n:6\r\n", r"%2\r\n,1.50\r\n:1\r\n*1\r\n+z\r\n%1\r\n+q\r\n~1\r\n:1\r\n",
    r"*2\r\n%2\r\n+a\r\n*2\r\n:1\r\n%1\r\n$1\r\nx\r\n_\r\n:5\r\n~2\r\n#t\r\n,inf\r\n*-1\r\n",
    r"*1\r\n>1\r\n+x\r\n", r"*1\r\n=6\r\ntxt:a\n\r\n",
]

# What is no RESP for redis-cli either, each with the sentence that it ends with.
BROKEN = [r"?\r\n", r"x\r\n", r"\x01\r\n", r"\n\r\n", r":abc\r\n", r"#x\r\n", r",abc\r\n", r"_x\r\n"]


class TestReplies:
    @parametrize("options", FORMATS)
    @parametrize("reply", REPLIES)
    def test_form(self, puppet, options, reply):
        same(["-p", str(puppet.port), *options, "RAW", reply])

    @parametrize("options", [["--no-raw"], [], ["--json"]])
    @parametrize("reply", BROKEN)
    def test_no_protocol(self, puppet, options, reply):
        same(["-p", str(puppet.port), *options, "RAW", reply])

    @parametrize("options", [["--no-raw"], [], ["--csv"], ["--json"], ["--quoted-json"]])
    @parametrize("shows", ["yes", "no", "y", None, "foo"])
    def test_pushes(self, puppet, options, shows):
        words = [] if shows is None else ["--show-pushes", shows]
        for push in (r">2\r\n+x\r\n:1\r\n+y\r\n", r">2\r\n+invalidate\r\n*1\r\n$3\r\nfoo\r\n+y\r\n",
                     r">2\r\n+invalidate\r\n_\r\n+y\r\n", r">0\r\n+y\r\n"):
            same(["-p", str(puppet.port), "-3", *words, *options, "RAW", push])

    @parametrize("name", ["info", "lolwut", "client list", "client info", "cluster info",
                          "cluster nodes", "memory doctor", "memory malloc-stats", "latency doctor",
                          "latency graph x", "latency doctor x", "debug htstats 0", "debug object x",
                          "client getname", "memory usage x", "cluster slots", "latency history x",
                          "info all", "lolwut version 5", "debug htstats-key x", "latency graph"])
    @parametrize("options", [["--no-raw"], [], ["--csv"]])
    def test_plain_text(self, puppet, options, name):
        same(["-p", str(puppet.port), *options, *name.split()])

    def test_all_bytes(self, puppet):
        text = "".join(f"\\x{byte:02x}" for byte in range(256))
        for options in FORMATS:
            same(["-p", str(puppet.port), *options, "RAW", rf"$256\r\n{text}\r\n"])

    @parametrize("options", FORMATS)
    @parametrize("kind", ["string", "integer", "double", "null", "array", "set", "map", "verbatim",
                          "true", "false", "push"])
    def test_debug_protocol(self, redis, options, kind):
        same(["-p", str(redis.port), *options, "debug", "protocol", kind])


# MARK: One command

COMMANDS = [
    ["get", "text"], ["GET", "nothing"], ["get"], ["foo", "bar"], [""], ["get", ""], ["incr", "text"],
    ["lrange", "list", "0", "-1"], ["hgetall", "hash"], ["smembers", "set"], ["zrange", "zset", "0",
     "-1", "withscores"], ["zscore", "zset", "one"], ["xrange", "stream", "-", "+"], ["type", "hash"],
    ["command", "info", "get"], ["command", "getkeys", "mset", "a", "1", "b", "2"],
    ["config", "get", "maxmemory*"], ["exists", "text", "list"], ["ping", "--raw"],
    ["ping", "hello world"], ["set", "a", b"\xff\x00"[:1]], ["get", b"bin\xff"], ["keys", "bin*"],
    ["eval", "return {1,{2,{3,'x'},{}},redis.error_reply('FOO bar'),redis.status_reply('FINE')}",
     "0"], ["geopos", "zset", "one", "none"], ["xinfo", "stream", "stream"], ["debug", "jmap"],
    ["object", "help"], ["time", "x"], ["auth", "x"], ["select", "99"], ["select", "3"],
    ["hello", "4"], ["multi"], ["exec"], ["client", "no-evict", "x"], ["memory", "usage", "text"],
    ["info", "nothing"], ["client", "kill", "type", "pubsub"], ["client", "getname"],
    ["subscribe"], ["psubscribe"], ["monitor", "x"], ["MONITOR", "x", "y"], ["acl", "whoami"], ["acl", "cat", "geo"], ["latency", "latest"], ["slowlog", "get", "0"],
]

ONE_COMMAND = [
    ["-r", "3", "incr", "number"], ["-r", "0", "ping"], ["-r", "x", "ping"], ["-r", "2", "foo"],
    ["-r", "2", "-i", "0.01", "incr", "number"], ["-e", "-r", "3", "foo"], ["-i", "x", "ping"],
    ["-D", "", "get", "text"], ["-D", "; ", "-r", "2", "get", "text"], ["-d", ",", "lrange", "list",
     "0", "-1"], ["-d", "", "lrange", "list", "0", "-1"], ["-n", "5", "set", "a", "b"],
    ["-n", "x", "get", "text"], ["-n", "99", "get", "text"], ["-n", "99", "--no-raw", "get", "text"],
    ["-n", "-1", "get", "text"], ["-a", "foo", "ping"], ["--pass", "foo", "ping"],
    ["-a", "", "ping"], ["--no-auth-warning", "-a", "foo", "ping"], ["--user", "u", "ping"],
    ["--user", "u", "--pass", "x", "ping"], ["--user", "", "--pass", "x", "ping"],
    ["-a", "foo", "auth", "bar"], ["-3", "-a", "foo", "-n", "99", "ping"], ["-2", "ping"],
    ["-2", "-3", "ping"], ["-3", "zrange", "zset", "0", "-1", "withscores"],
    ["-3", "--no-raw", "hgetall", "hash"], ["-3", "--json", "config", "get", "maxmemory*"],
    ["-2", "--json", "config", "get", "maxmemory*"], ["--json", "--no-raw", "hgetall", "hash"],
    ["--raw", "--json", "get", "nothing"], ["--csv", "--raw", "get", "nothing"],
    ["--no-raw", "--csv", "get", "nothing"], ["--quoted-input", "set", '"a\\x00b"', "'x y'"],
    ["--quoted-input", "get", '"bin\\x00\\xff"'], ["--quoted-input", "get", "'it\\'s'"],
    ["--quoted-input", "get", '"open'], ["--quoted-input", "get", "a b"], ["--quoted-input", "get",
     ""], ["--quoted-input", "get", '"a"b'], ["-c", "get", "text"], ["--verbose", "get", "text"],
    ["--show-pushes", "no", "get", "text"], ["help"], ["-x", "-X", "tag", "get", "a"],
    ["-e", "subscribe"], ["-e", "--json", "monitor", "x"], ["-e", "get", "text"], ["-e", "incr", "text"], ["-e", "--no-raw", "incr", "text"],
    ["-e", "--json", "incr", "text"], ["-e", "eval", "return redis.error_reply('MY x')", "0"],
    ["--help", "x"][1:] + ["y"], ["shutdown", "nosave", "now", "foo"], ["-h", "localhost", "ping"],
    ["client", "kill", "type", "normal", "skipme", "no"],
]

REFUSED = [
    ["-z"], ["--foo"], ["--", "ping"], ["-", "ping"], ["-vx"], ["-p"], ["-s"], ["-a"], ["-n"], ["-r"],
    ["-i"], ["-u"], ["-X"], ["-d"], ["-D"], ["--user"], ["--pass"], ["--pattern"],
    ["--quoted-pattern"], ["--quoted-pattern", 'x"', "--scan"], ["--show-pushes"],
    ["--pipe-timeout"], ["--version"], ["-v"],
    ["--version", "x"], ["-u", "http://x", "ping"], ["-u", "redis://%zz@x", "ping"],
    ["-h", "nosuchhost.invalid", "ping"], ["-s", "/nosuch", "ping"], ["-p", "1", "ping"], ["-p", "1"],
    ["-p", "x", "ping"], ["-p", "1", "--scan"], ["-p", "1", "--stat"], ["-p", "1", "--bigkeys"],
    ["-p", "1", "--pipe"], ["-p", "1", "--latency"], ["-p", "1", "-3", "--no-raw", "ping"],
    ["-u", "redis://127.0.0.1:1/3", "ping"], ["-p", "1", "-r", "3", "ping"],
    ["-h", "127.0.0.1", "-p", "1", "-e", "ping"],
]


class TestOneCommand:
    @parametrize("options", [[], ["-3", "--no-raw"], ["-2", "--json"]])
    @parametrize("command", COMMANDS)
    def test_command(self, redis, fill, options, command):
        same(["-p", str(redis.port), *options, *command], prepare=fill)

    @parametrize("words", ONE_COMMAND)
    def test_options(self, redis, fill, words):
        same(["-p", str(redis.port), *words], prepare=fill)

    @parametrize("words", REFUSED)
    def test_refused(self, words):
        same(words)

    @parametrize("words", [["-x", "set", "k"], ["-x", "ping"], ["-X", "tag", "set", "k", "tag", "get"],
                           ["-X", "tag", "set", "tag", "v"], ["-X", "tag", "ping", "x"],
                           ["-X", "tag", "mset", "tag", "1", "tag", "2"], ["-x", "get"],
                           ["-x", "-r", "2", "append", "text"]])
    @parametrize("stdin", [b"", b"value", b"line\nline\n", b"\x00\xff\r\n"])
    def test_last_word(self, redis, fill, words, stdin):
        same(["-p", str(redis.port), *words], stdin, prepare=fill)

    def test_unix_socket(self, redis, fill):
        same(["-s", redis.socket_path, "get", "text"], prepare=fill)
        same(["-s", redis.socket_path, "-p", "1", "get", "text"], prepare=fill)

    @parametrize("uri", ["redis://127.0.0.1:{}", "redis://127.0.0.1:{}/", "redis://127.0.0.1:{}/3",
                         "redis://127.0.0.1:{}/99", "redis://me:pw@127.0.0.1:{}/3",
                         "redis://pw@127.0.0.1:{}", "redis://m%65:p%40@127.0.0.1:{}",
                         "redis://localhost:{}"])
    def test_uri(self, redis, uri):
        same(["-u", uri.format(redis.port), "client", "no-touch"])
        same(["-u", uri.format(redis.port), "--no-auth-warning", "get", "text"])

    @parametrize("words", [["get", "text"], ["lrange", "list", "0", "-1"], ["-3", "get", "text"],
                           ["--raw", "get", "text"], ["--csv", "get", "text"], ["nonsense"]])
    @parametrize("value", ["1", ""])
    def test_a_feigned_terminal(self, redis, words, value):
        same(["-p", str(redis.port), *words], environment={"FAKETTY": value, "NO_COLOR": "1"})

    @parametrize("variables", [{"REDISCLI_AUTH": "foo"}, {"REDISCLI_AUTH": ""}])
    @parametrize("words", [["ping"], ["-a", "bar", "ping"], ["--askpass", "ping"],
                           ["--user", "me", "ping"], ["--user", "default", "ping"]])
    def test_password_of_the_environment(self, redis, variables, words):
        same(["-p", str(redis.port), *words], b"secret\n", variables)

    @parametrize("words", [["get", "text"], ["-a", "hello", "get", "text"], ["-3", "get", "text"],
                           ["-3", "-a", "hello", "get", "text"], ["-n", "3", "get", "text"],
                           ["--json", "get", "text"], ["--user", "default", "--pass", "hello", "ping"],
                           ["-a", "wrong", "get", "text"], ["--scan"], ["--bigkeys"], ["--memkeys"],
                           ["--hotkeys"], ["--stat"], ["-a", "wrong", "--scan"],
                           ["--no-auth-warning", "-a", "hello", "-n", "3", "dbsize"]])
    def test_with_a_password(self, start, words):
        server = start("oracle", "--requirepass", "hello")
        same(["-p", str(server.port), *words])

    def test_server_hangs_up(self, puppet):
        for words in (["CUT", ""], ["CUT", "+O"], ["-e", "CUT", ""], ["--json", "CUT", "*2\\r\\n:1"],
                      ["shutdown", "x"]):
            same(["-p", str(puppet.port), *words])

    def test_shutdown(self, start):
        for binary in (REFERENCE, BINARY):
            server = start("oracle")
            assert run(binary, ["-p", str(server.port), "shutdown", "nosave"]) == (0, b"", b"")


# MARK: Commands from a stream

SCRIPTS = [
    b"", b"\n", b"\n  \n\t\n", b"get text", b"get text\n", b"  get   text  \n", b"get text\r\nping\r\n",
    b'set a "b\\x00c"\nget a\n', b"set a 'it\\'s'\nget a\n", b'get "unbalanced\nping\n',
    b'get "a"b\nping\n', b"3 incr number\nget number\n", b"0 ping\nping\n", b"-1 ping\nping\n",
    b"99999999999999999999 ping\nping\n", b"2x ping\n", b"3\n", b" 3  echo hi\n", b"3 4 echo hi\n",
    b"3 help\n", b"2 foo\n", b"help\n", b"?\n", b"HELP\n", b"clear\nping\n", b"exit\nping\n",
    b"quit\nping\n", b"EXIT now\nping\n", b"restart\n", b":set hints\n:set nohints\nping\n",
    b":get foo\n", b":set foo\n", b":\n", b"connect\n", b"connect x\n", b"multi\nget text\nexec\n",
    b"multi\nget text\ndiscard\nget text\n", b"select 3\nset a b\nselect 0\nget a\n", b"select 99\n",
    b"reset\nget text\n", b"auth x\nget text\n",
    b"get\nping\n", b"connect 127.0.0.1 1\nping\nping\n", b"debug sleep 0.01\nping\n",
    b"client no-touch on\nget text\n", b"shutdown nosave now foo\nping\n",
    b"client kill type normal skipme no\nping\nget text\n", b"help foo\n", b"help @foo\n",
    b"help get\n", b"help GET\n", b"help config\n", b"help acl cat\n", b"help @string\n",
    b"help @hyperloglog\n", b"help @bitmap\n",
]


class TestStream:
    @parametrize("options", [[], ["--no-raw"], ["-3", "--json", "-e", "-r", "3"]])
    @parametrize("script", SCRIPTS)
    def test_script(self, redis, fill, options, script):
        same(["-p", str(redis.port), *options], script, prepare=fill)

    def test_hello(self, redis, fill):
        for options in ([], ["--no-raw"], ["--json"], ["-3"]):
            same(["-p", str(redis.port), *options],
                 b"hello 3\nhgetall hash\nhello 2\nhgetall hash\n", prepare=fill,
                 clean=lambda text: re.sub(rb"\d{2,}", b"N", text))

    @parametrize("script", [b"ping\n", b"ping\nping\n", b"help\n", b"connect 127.0.0.1 1\nping\n"])
    @parametrize("options", [[], ["-e"], ["--no-raw"]])
    def test_nobody_listens(self, script, options):
        same(["-p", "1", *options], script)

    @parametrize("script", [b"ping\ncut x\nping\n", b"ping\ncut ''\nping\n", b"raw '?\\\\r\\\\n'\nping\n",
                            b"cut ''\ncut ''\nping\n"])
    def test_hanging_up(self, puppet, script):
        same(["-p", str(puppet.port)], script)

    def test_slow_commands_are_timed(self, redis):
        code, out, err = run(BINARY, ["-p", str(redis.port), "--no-raw"], b"debug sleep 0.55\n")
        assert code == 0 and re.fullmatch(rb"OK\n\(0\.\d\ds\)\n", out) and err == b""
        assert run(BINARY, ["-p", str(redis.port)], b"debug sleep 0.55\n")[1] == b"OK\n"

    @parametrize("group", ["generic", "string", "list", "set", "sorted-set", "hash", "pubsub",
                           "transactions", "connection", "server", "scripting", "hyperloglog",
                           "cluster", "geo", "stream", "bitmap", "nothing"])
    def test_help_of_a_group(self, redis, group):
        same(["-p", str(redis.port)], f"help @{group}\n".encode())

    @parametrize("words", ["get", "SET", "nothing", "acl", "acl cat", "ACL CAT x", "@", "x y", "config"])
    def test_help_of_a_command(self, redis, words):
        same(["-p", str(redis.port)], f"help {words}\n".encode())
        same(["-p", str(redis.port), "help", *words.split()])


# MARK: Modes

def unordered(text):
    """The lines of a survey, sorted: the order of types is by chance, that of keys the server's."""
    lines = nameless(text).split(b"\n")
    return sorted(line for line in lines if b"Biggest string found so far" not in line)


class TestModes:
    @parametrize("options", [[], ["--no-raw"], ["--csv"], ["--json"], ["-i", "0.01"],
                             ["--pattern", "*t*"], ["--pattern", "nothing*"], ["-n", "3"],
                             ["--quoted-pattern", '"bin\\x00*"'], ["-3"], ["-n", "99"]])
    def test_scan(self, redis, fill, options):
        fill()
        # redis-cli ends a key at its first zero byte.
        same(["-p", str(redis.port), "--scan", *options],
             clean=lambda text: sorted(nameless(text.replace(b"\x00\xff", b"")).split(b"\n")))

    def test_scan_many(self, start):
        server = start("oracle", "--enable-debug-command", "yes")
        same(["-p", str(server.port), "debug", "populate", "2000"])
        code, out, _ = run(BINARY, ["-p", str(server.port), "--scan"])
        assert len(set(out.split())) == 2000
        code, out, _ = run(BINARY, ["-p", str(server.port), "--scan", "--count", "500"])
        assert len(set(out.split())) == 2000

    @parametrize("options", [["--bigkeys"], ["--memkeys"], ["--memkeys-samples", "3"], ["--hotkeys"],
                             ["--bigkeys", "-i", "0.01"], ["--bigkeys", "-n", "3"],
                             ["--bigkeys", "--pattern", "s*"], ["--memkeys", "-3"]])
    def test_key_surveys(self, redis, fill, options):
        fill()
        same(["-p", str(redis.port), *options], clean=unordered)

    def test_an_interrupt_ends_a_walk_with_its_summary(self, start):
        server = start("oracle", "--enable-debug-command", "yes")
        run(BINARY, ["-p", str(server.port), "debug", "populate", "20000"])
        with subprocess.Popen([BINARY, "-p", str(server.port), "--bigkeys", "-i", "0.2"],
                              stdout=subprocess.PIPE) as process:
            threading.Timer(0.3, process.send_signal, [signal.SIGINT]).start()
            out = process.stdout.read()
        sampled = int(re.search(rb"Sampled (\d+) keys in the keyspace!\n", out)[1])
        assert 0 < sampled < 20000 and process.wait() == 0

    def test_hot_keys(self, start):
        server = start("oracle", "--maxmemory-policy", "allkeys-lfu")
        for index in range(30):
            run(BINARY, ["-p", str(server.port), "-r", str(index % 7 + 1), "incr", f"key:{index}"])
        same(["-p", str(server.port), "config", "set", "maxmemory-policy", "allkeys-lfu"])
        code, out, _ = same(["-p", str(server.port), "--hotkeys"],
                            clean=lambda text: re.sub(rb"(?s)\[.*", b"", text))
        code, out, _ = run(BINARY, ["-p", str(server.port), "--hotkeys"])
        assert b"Sampled 30 keys in the keyspace!\n" in out
        assert out.count(b"hot key found with counter: ") == 16

    @parametrize("stdin", [
        b"", b"*1\r\n$4\r\nPING\r\n", b"SET a b\r\nGET a\r\nset a\r\nfoo\r\n", b"ping", b"PING\r\n" * 500,
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\n\x00\r\n\xff!\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
        b"multi\r\nget a\r\nexec\r\n", b"hello 3\r\nhgetall hash\r\n",
    ])
    def test_pipe(self, redis, fill, stdin):
        same(["-p", str(redis.port), "--pipe"], stdin, prepare=fill)

    def test_pipe_of_much(self, redis, fill):
        fill()
        value = b"v" * 1000
        stdin = b"".join(
            b"*3\r\n$3\r\nSET\r\n$8\r\nkey:%04d\r\n$1000\r\n%b\r\n" % (i, value) for i in range(5000))
        code, out, err = same(["-p", str(redis.port), "--pipe"], stdin)
        assert out.endswith(b"errors: 0, replies: 5000\n")

    def test_pipe_gives_up(self, puppet):
        code, out, err = run(
            BINARY, ["-p", str(puppet.port), "--pipe", "--pipe-timeout", "1"],
            b"*2\r\n$3\r\nRAW\r\n$0\r\n\r\n")
        assert code == 1 and err == b"No replies for 1 seconds: exiting.\n"
        assert out.startswith(b"All data transferred. Waiting for the last reply...\nerrors: 1, rep")

    @parametrize("options, form", [
        ([], rb"\d+ \d+ \d+\.\d\d \d+\n"), (["--raw"], rb"\d+ \d+ \d+\.\d\d \d+\n"),
        (["--csv"], rb"\d+,\d+,\d+\.\d\d,\d+\n"),
        (["--json"], rb'\{"min": \d+, "max": \d+, "avg": \d+\.\d\d, "count": \d+\}\n')])
    def test_latency(self, redis, options, form):
        for binary in (REFERENCE, BINARY):
            code, out, err = run(binary, ["-p", str(redis.port), "--latency", "-i", "0.1", *options])
            assert code == 0 and re.fullmatch(form, out) and err == b""

    @parametrize("options, form", [
        (["--stat", "-i", "0.05"],
         rb"------- data ------ -+ load -+ - child -\n"
         rb"keys       mem      clients blocked requests            connections          \n"
         rb"(\d+ +\d+\.\d\d[KM] +\d+ +0 +\d+ \(\+\d+\) +\d+ +\n)+"),
        (["--latency-history", "-i", "0.1"],
         rb"(\d+ \d+ \d+\.\d\d \d+\n)+ -- 0\.\d\d seconds range\n(.|\n)*"),
        (["--latency-dist", "-i", "0.1"], rb"-+\n\. - \* # +\.01 (.|\n)*\x1b\[0m\n(.|\n)*"),
    ])
    def test_endless(self, redis, options, form):
        for binary in (["stdbuf", "-oL", REFERENCE], [BINARY]):
            with subprocess.Popen([*binary, "-p", str(redis.port), *options],
                                  stdout=subprocess.PIPE) as process:
                threading.Timer(0.6, process.kill).start()
                out = process.stdout.read()
            assert re.fullmatch(form, out[:out.rfind(b"\n") + 1]), out

    def test_columns_of_stat_are_those_of_redis(self, redis):
        rows = []
        for binary in (["stdbuf", "-oL", REFERENCE], [BINARY]):
            with subprocess.Popen([*binary, "-p", str(redis.port), "--stat", "-i", "0.05"],
                                  stdout=subprocess.PIPE) as process:
                threading.Timer(0.4, process.kill).start()
                lines = process.stdout.read().split(b"\n")
            rows.append([[match.start() for match in re.finditer(rb"\S+( \(\S+\))?", line)]
                         for line in lines[:3]])
        assert rows[0] == rows[1]

    def test_intrinsic_latency(self):
        code, out, err = run(BINARY, ["--intrinsic-latency", "0"])
        assert code == 0 and b" total runs (avg latency: " in out and err == b""

    @parametrize("words", [["subscribe", "a", "b"], ["psubscribe", "a*"], ["monitor"]])
    @parametrize("options", [[], ["--no-raw"], ["--csv"], ["--json"], ["-3", "--no-raw"]])
    def test_listening(self, redis, words, options):
        answers = []
        for binary in (["stdbuf", "-oL", REFERENCE], [BINARY]):
            with subprocess.Popen([*binary, "-p", str(redis.port), *options, *words],
                                  stdout=subprocess.PIPE) as process:
                with redis.connect() as connection:
                    while b" cmd=" + words[0].encode() not in connection.line(b"CLIENT LIST"):
                        pass
                    connection.line(b"PUBLISH a hello")
                    threading.Timer(0.1, process.kill).start()
                    answers.append(process.stdout.read())
        cleaned = [re.sub(rb'(?m)"CLIENT" "LIST"', b"", re.sub(rb"\d+\.\d+ \[0 .*?\] ", b"", answer))
                   for answer in answers]
        cleaned = [set(answer.split(b"\n")) for answer in cleaned]
        assert cleaned[0] == cleaned[1]


# MARK: What redis-cli lacks, or says in its own way

class TestOwnWays:
    def test_scripts_of_files_run(self, start, tmp_path):
        server = start("oracle")
        file = tmp_path / "x.lua"
        file.write_text("return {KEYS[1], #KEYS, ARGV[1], #ARGV}")
        for words in (["a", "b", ",", "c"], ["a"], [",", "c", "d"], []):
            answers = [run(binary, ["-p", str(server.port), "--eval", str(file), *words]) for binary in (BINARY, REFERENCE)]
            assert answers[0] == answers[1]
        for binary in (BINARY, REFERENCE):
            code, out, err = run(binary, ["-p", str(server.port), "--eval", str(tmp_path / "none")])
            assert code == 1 and b"Can't open file" in err

    @parametrize("option", ["--cluster", "--replica", "--rdb", "--lru-test"])
    def test_absent(self, option):
        assert run(BINARY, [option, "x"]) == (1, b"", b"apus-cli has no %b\n" % option.encode())

    @parametrize("reply, form", [
        (r"(1234567999999999999999999999999999999\r\n", b"(big number) 1234567" + b"9" * 30 + b"\n"),
        (r"|1\r\n+key\r\n:1\r\n+after\r\n", b"after\n"), (r"!5\r\nERR x\r\n", b"(error) ERR x\n"),
        (r",nan\r\n", b"(double) nan\n")])
    def test_replies_that_redis_cli_refuses(self, puppet, reply, form):
        assert run(BINARY, ["-p", str(puppet.port), "--no-raw", "RAW", reply]) == (0, form, b"")

    def test_a_uri_without_user_means_the_default_user(self, start):
        server = start("oracle", "--requirepass", "p@ss")
        words = ["-u", f"redis://:p%40ss@127.0.0.1:{server.port}", "--no-auth-warning", "ping"]
        assert run(BINARY, words) == (0, b"PONG\n", b"")

    def test_usage(self):
        code, out, err = run(BINARY, ["--help"])
        assert code == 0 and err == b"" and run(BINARY, ["-h"]) == (0, out, b"")
        theirs = run(REFERENCE, ["--help"])[1]
        ours = set(re.findall(rb"^ +(--?[\w-]+)", out, re.M))
        absent = {b"--lru-test", b"--replica", b"--rdb", b"--functions-rdb", b"--ldb", b"--ldb-sync-mode", b"--cluster"}
        assert set(re.findall(rb"^ +(--?[\w-]+)", theirs, re.M)) - ours == absent

    def test_own_variables(self, start):
        server = start("oracle", "--requirepass", "hello")
        words = ["-p", str(server.port), "ping"]
        assert run(BINARY, words, environment={"APUSCLI_AUTH": "hello"}) == (0, b"PONG\n", b"")

    def test_no_colour(self, redis):
        words = ["-p", str(redis.port)]
        code, out, err = run(BINARY, words, b"help get\n", {"NO_COLOR": "1"})
        assert code == 0 and b"\x1b" not in out and b"GET key" in out
