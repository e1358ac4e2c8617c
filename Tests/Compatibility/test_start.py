"""How the server starts and ends: command line, configuration file, log, exit codes."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest

import servers
from resp import Closed, Connection


@pytest.fixture
def binary(which):
    return servers.APUS if which == "apus" else servers.ORACLE


def setting(server, name):
    with server.connect() as connection:
        reply = connection.command("CONFIG", "GET", name)
        assert len(reply) == 2, f"no setting {name}"
        return reply[1].decode("utf-8", "surrogateescape")


def run(binary, *words, **keywords):
    return servers.run_to_end(binary, *words, **keywords)


# --- The command line


@pytest.mark.parametrize("option", ["--version", "-v"])
def test_the_version_is_printed(binary, option):
    code, output = run(binary, option)
    assert code == 0
    assert re.search(r"\bv=\d+\.\d+\.\d+", output) and len(output.splitlines()) == 1


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_usage_is_printed(binary, option):
    code, output = run(binary, option)
    assert code in (0, 1)
    assert "Usage:" in output and "--version" in output and "Examples:" in output


def test_options_on_the_command_line_take_effect(start, which):
    server = start(which, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru", "--timeout", "77")
    assert setting(server, "maxmemory") == str(100 << 20)
    assert setting(server, "maxmemory-policy") == "allkeys-lru"
    assert setting(server, "timeout") == "77"


def test_a_name_and_its_value_may_be_one_word(start, which):
    server = start(which, "--timeout 78", "--maxmemory", "7mb", "--hz 20")
    assert [setting(server, name) for name in ("timeout", "maxmemory", "hz")] == ["78", str(7 << 20), "20"]


def test_options_with_several_words_take_effect(start, which):
    server = start(which, "--client-output-buffer-limit", "normal", "1mb", "2mb", "60", "--timeout", "9")
    assert "normal 1048576 2097152 60" in setting(server, "client-output-buffer-limit")
    assert setting(server, "timeout") == "9"


def test_options_win_over_the_file(start, which):
    server = start(which, "--timeout", "5", config="timeout 3\nmaxmemory 1mb\n")
    assert setting(server, "timeout") == "5"
    assert setting(server, "maxmemory") == str(1 << 20)


def test_the_configuration_may_come_from_standard_input(binary, tmp_path):
    port = servers.free_port()
    process = subprocess.Popen(
        [binary, "-", "--timeout", "12"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, cwd=tmp_path)
    try:
        process.stdin.write(f'port {port}\nbind 127.0.0.1\nsave ""\nmaxmemory 3mb\n'.encode())
        process.stdin.close()
        with _connect(port) as connection:
            assert connection.command("CONFIG", "GET", "maxmemory")[1] == b"3145728"
            assert connection.command("CONFIG", "GET", "timeout")[1] == b"12"
    finally:
        process.terminate()
        process.wait(20)


def _connect(port, seconds=10.0):
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection = Connection(("127.0.0.1", port))
            connection.raw("PING")
            return connection
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@pytest.mark.parametrize("words", [
    ["--nonsense", "1"], ["--port", "abc"], ["--port", "70000"], ["--maxmemory", "12qq"], ["--timeout"],
    ["--maxmemory-policy", "sometimes"], ["--appendonly", "perhaps"], ["--databases", "0"],
    ["--bind", "999.1.1.1", "--port", "1"],
])
def test_a_bad_option_ends_the_start_with_one(binary, words):
    code, output = run(binary, *words, "--save", "")
    assert code == 1, output
    assert output.strip()


# --- The configuration file


def test_the_file_takes_comments_quotes_escapes_units_and_case(start, which):
    server = start(which, config='''
# a comment
   # another, indented
\t
TIMEOUT 41
maxmemory 2GB
 requirepass   "se\\x63ret\\t1"
proc-title-template 'a b'
hash-max-listpack-entries 7
client-query-buffer-limit 3m
''')
    with server.connect() as connection:
        assert connection.raw("AUTH", b"secret\t1") == b"+OK\r\n"
        get = lambda name: connection.command("CONFIG", "GET", name)[1]
        assert get("timeout") == b"41"
        assert get("maxmemory") == str(2 << 30).encode()
        assert get("proc-title-template") == b"a b"
        assert get("hash-max-ziplist-entries") == b"7"
        assert get("client-query-buffer-limit") == b"3000000"


@pytest.mark.parametrize("text, number", [
    ("1", 1), ("1b", 1), ("1k", 1000), ("1kb", 1024), ("1m", 1000000), ("1mb", 1 << 20), ("1g", 10**9),
    ("1gb", 1 << 30), ("1Gb", 1 << 30), ("10MB", 10 << 20),
])
def test_units_are_those_of_redis(start, which, text, number):
    assert setting(start(which, config=f"maxmemory {text}\n"), "maxmemory") == str(number)


def test_a_later_line_wins_and_lists_add_up(start, which):
    server = start(which, config="timeout 1\ntimeout 2\nsave 100 1\nsave 200 2\n", )
    assert setting(server, "timeout") == "2"


def test_included_files_are_read_in_order_with_patterns(start, which, tmp_path):
    (tmp_path / "a.conf").write_text("timeout 11\nmaxmemory 1mb\n")
    (tmp_path / "b.conf").write_text("maxmemory 2mb\n")
    (tmp_path / "other").write_text("timeout 99\n")
    server = start(which, config=f"include {tmp_path}/*.conf\nhz 20\ninclude {tmp_path}/none-*.conf\n")
    assert (setting(server, "timeout"), setting(server, "maxmemory")) == ("11", str(2 << 20))
    assert setting(server, "hz") == "20"


@pytest.mark.parametrize("text, line", [
    ("timeout 1\nnonsense 5\n", 2),
    ("timeout abc\n", 1),
    ("timeout\n", 1),
    ("timeout 1 2\n", 1),
    ("\n\n# x\nmaxmemory 5zz\n", 4),
    ('requirepass "open\n', 1),
    ("maxmemory-policy sometimes\n", 1),
    ("appendonly maybe\n", 1),
    ("include /nonexistent/file.conf\n", 1),
    ("client-output-buffer-limit nobody 1 1 1\n", 1),
    ("databases 0\n", 1),
    ("save 1\n", 1),
])
def test_a_bad_line_is_told_with_its_number_and_ends_the_start(binary, tmp_path, text, line):
    path = tmp_path / "bad.conf"
    path.write_text(text)
    code, output = run(binary, path)
    assert code == 1, output
    if "include" in text:
        assert "/nonexistent/file.conf" in output
        return
    assert "FATAL CONFIG FILE ERROR" in output
    assert str(line) in output.replace(str(tmp_path), "")
    assert text.splitlines()[line - 1].split('"')[0].strip() in output


@pytest.mark.parametrize("lines, reason", [
    ("rename-command nosuch x", "No such command in rename-command"),
    ("rename-command get set", "Target command name already exists"),
    ('rename-command get ""\nrename-command get x', "No such command in rename-command"),
    ("rename-command get x\nrename-command set X", "Target command name already exists"),
])
def test_a_rename_that_cannot_be_ends_the_start(binary, tmp_path, lines, reason):
    path = tmp_path / "bad.conf"
    path.write_text(lines + "\n")
    code, output = run(binary, path)
    last = lines.splitlines()[-1]
    assert code == 1 and f">>> '{last}'\n{reason}" in output


def test_commands_are_renamed_and_switched_off(start, which):
    long = "b840fc02d524045429941cc15f59e41cb7be6c52"
    server = start(which, config=f"""
rename-command FLUSHALL ""
rename-command get Fetch
rename-command config {long}
rename-command fetch FETCH2
rename-command keys "a key"
rename-command append get
""")
    with server.connect() as connection:
        raw = connection.raw
        assert raw("FLUSHALL") == b"-ERR unknown command 'FLUSHALL', with args beginning with: \r\n"
        assert raw("flushall", "x").startswith(b"-ERR unknown command 'flushall'")
        assert raw("SET", "k", "v") == b"+OK\r\n"
        assert raw("fetch2", "k") == raw("FETCH2", "k") == b"$1\r\nv\r\n"
        assert raw("fetch", "k").startswith(b"-ERR unknown command 'fetch'")
        assert raw("get", "k", "w") == b":2\r\n"
        assert raw("fetch2") == b"-ERR wrong number of arguments for 'get' command\r\n"
        assert raw("a key", "*") == b"*1\r\n$1\r\nk\r\n"
        assert raw("config", "get", "port").startswith(b"-ERR unknown command 'config'")
        assert connection.command(long.upper(), "get", "port")[0] == b"port"
        assert raw(long + "1", "get", "port").startswith(b"-ERR unknown command")
        assert raw("command", "info", "flushall", "keys")[:2] == b"*2"
        assert connection.command("command", "info", "flushall", "keys") == [None, None]
        assert connection.command("command", "info", "fetch2")[0][0] == b"get"
        assert connection.command("command", "getkeys", "fetch2", "k") == [b"k"]
        names = connection.command("command", "list")
        assert b"flushall" not in names and b"get" in names and b"config|get" in names
        assert connection.command("command", "count") == len([n for n in names if b"|" not in n])


@pytest.mark.parametrize("line", [
    "tls-replication yes",
    "tls-cluster yes", "replicaof 127.0.0.1 1", "min-replicas-to-write 1", "loadmodule /tmp/m.so", "socket-mark-id 5",
])
def test_a_protection_that_does_not_work_yet_ends_the_start(tmp_path, line):
    path = tmp_path / "hard.conf"
    path.write_text(f"port {servers.free_port()}\n{line}\n")
    code, output = run(servers.APUS, path)
    name = line.split()[0]
    assert code == 1
    assert f"at line 2\n>>> '{line}'\n'{name}' is not supported yet" in output


def test_a_protection_cannot_be_switched_on_while_running(start):
    with start("apus").connect() as connection:
        for name, value in (("min-slaves-to-write", "1"), ("tls-cluster", "yes")):
            reply = connection.raw("CONFIG", "SET", name, value)
            assert reply.startswith(b"-ERR CONFIG SET failed (possibly related to argument '%s')" % name.encode())
            assert b"is not supported yet" in reply
        assert connection.raw("CONFIG", "SET", "tls-cluster", "no") == b"+OK\r\n"


def test_too_many_connections_are_refused_and_do_not_keep_a_worker_busy(tmp_path):
    """Fewer descriptors than workers and clients want: `maxclients` gives way, and accepting never spins."""
    if not servers.is_apus(servers.APUS):
        pytest.skip("redis-server spins")
    port = servers.free_port()
    # Sixteen descriptors fewer than the server believes it has.
    script = f"ulimit -n 200; exec {servers.APUS} --port {port} --bind 127.0.0.1 --save '' --threads 8"
    process = subprocess.Popen(
        ["/bin/bash", "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    connections = []
    try:
        with _connect(port) as control:
            reserved = 32 + 3 * 7
            assert int(control.command("CONFIG", "GET", "maxclients")[1]) == 200 - reserved
            subprocess.run(["prlimit", f"--nofile=60:200", "--pid", str(process.pid)], check=True)
            refused = 0
            for _ in range(100):
                connection = Connection(("127.0.0.1", port), 5.0)
                connections.append(connection)
            for connection in connections:
                try:
                    if connection.raw("PING").startswith(b"-ERR max number of clients reached"):
                        refused += 1
                except (Closed, OSError):
                    refused += 1
            assert 50 < refused < 100
            before = _cpu_seconds(process.pid)
            time.sleep(1)
            assert _cpu_seconds(process.pid) - before < 0.3
            assert control.raw("PING") == b"+PONG\r\n"
            for connection in connections:
                connection.close()
            time.sleep(0.3)
            with Connection(("127.0.0.1", port), 5.0) as again:
                assert again.raw("PING") == b"+PONG\r\n"
    finally:
        process.terminate()
        output = process.communicate(timeout=20)[0].decode()
    assert "maxclients has been reduced to 147" in output
    lines = output.count("Error accepting a client connection: Too many open files")
    assert 1 <= lines <= 5


def _cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_missing_file_ends_the_start(binary, tmp_path):
    code, output = run(binary, tmp_path / "none.conf")
    assert code == 1
    assert "none.conf" in output


def test_settings_of_features_to_come_are_accepted_and_kept(start, which):
    names = {
        "appendfsync": "always", "repl-backlog-size": "1000000", "maxmemory-samples": "7", "lfu-log-factor": "9",
        "cluster-node-timeout": "5000", "slowlog-max-len": "64", "activedefrag": "no", "latency-monitor-threshold": "10",
        "repl-diskless-sync": "no", "stop-writes-on-bgsave-error": "no", "tracking-table-max-keys": "5",
        "set-max-intset-entries": "100", "stream-node-max-entries": "50", "list-compress-depth": "2",
    }
    server = start(which, config="".join(f"{name} {value}\n" for name, value in names.items()))
    for name, value in names.items():
        assert setting(server, name) == value


def test_config_rewrite_keeps_the_file_and_writes_what_changed(start, which):
    text = "# my comment\ntimeout 5\nmaxmemory 1mb\n\n# the end\n"
    server = start(which, config=text)
    with server.connect() as connection:
        for words in (["timeout", "9"], ["maxmemory-policy", "allkeys-lru"], ["requirepass", 'a "b" \x01']):
            assert connection.raw("CONFIG", "SET", *words) == b"+OK\r\n"
        assert connection.raw("CONFIG", "REWRITE") == b"+OK\r\n"
    written = pathlib.Path(server.directory, "server.conf").read_text()
    lines = written.splitlines()
    assert lines[0] == "# my comment" and "# the end" in lines
    assert "timeout 9" in lines and "timeout 5" not in lines
    assert "maxmemory-policy allkeys-lru" in lines
    assert 'requirepass "a \\"b\\" \\x01"' in lines
    server.stop()
    again = servers.Server(server.binary, config=written)
    with again:
        with again.connect() as connection:
            assert connection.raw("AUTH", 'a "b" \x01') == b"+OK\r\n"
            assert connection.command("CONFIG", "GET", "timeout")[1] == b"9"
            assert connection.command("CONFIG", "GET", "maxmemory")[1] == b"1048576"


def test_config_rewrite_without_a_file_is_refused(start, which):
    with start(which).connect() as connection:
        assert connection.raw("CONFIG", "REWRITE") == b"-ERR The server is running without a config file\r\n"


# --- Log, pid file, end


READY = re.compile(r"^\d+:M \d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3} \* .*Ready to accept connections", re.M)


def test_the_log_has_redis_form_and_the_ready_line(start, which):
    assert READY.search(start(which).output())


@pytest.mark.parametrize("logo", ["no", "yes"])
def test_the_log_has_the_lines_that_tools_wait_for(start, which, logo, tmp_path):
    path = tmp_path / "server.log"
    server = start(which, "--logfile", path, "--always-show-logo", logo)
    lines = path.read_text()
    number = server.process.pid
    assert re.search(rf"^{number}:C .*is starting", lines, re.M)
    assert re.search(rf"^{number}:C .*version=.*pid={number}, just started$", lines, re.M)
    if which == "apus" or logo == "yes":
        assert re.search(rf"PID: {number}\b", lines)
    assert re.search(rf"^{number}:M .* Server initialized$", lines, re.M)
    assert lines.index("Server initialized") < lines.index("Ready to accept connections")
    assert ("Running mode=standalone, port=" in lines) == (logo == "no")


def test_the_title_follows_its_template(start, which):
    server = start(which, "--proc-title-template", "one {port}")
    title = lambda: pathlib.Path(f"/proc/{server.process.pid}/cmdline").read_bytes().split(b"\0")[0].rstrip()
    assert title() == f"one {server.port}".encode()
    with server.connect() as connection:
        assert connection.raw("CONFIG", "SET", "proc-title-template", "two {port}") == b"+OK\r\n"
        assert title() == f"two {server.port}".encode()
        reply = connection.raw("CONFIG", "SET", "proc-title-template", "{nothing}")
        assert reply.startswith(b"-ERR CONFIG SET failed") and title() == f"two {server.port}".encode()


def test_the_log_may_go_to_a_file_and_the_level_counts(start, which, tmp_path):
    path = tmp_path / "server.log"
    server = start(which, "--logfile", path)
    assert READY.search(path.read_text())
    assert "Ready" not in server.output()
    quiet = start(which, "--loglevel", "warning")
    assert "Ready" not in quiet.output()


def test_the_pid_file_holds_the_pid_and_goes_away(start, which, tmp_path):
    path = tmp_path / "server.pid"
    server = start(which, "--pidfile", path)
    assert path.read_text().strip() == str(server.process.pid)
    assert server.stop() == 0
    assert not path.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_the_server_cleanly(start, which, number):
    server = start(which)
    with server.connect() as connection:
        connection.raw("SET", "a", "1")
        server.process.send_signal(number)
        assert connection.is_closed()
    assert server.process.wait(10) == 0
    output = server.output()
    assert re.search(r"signal|SIGTERM|SIGINT", output) and re.search(r"bye|exit", output, re.I)


@pytest.mark.parametrize("words", [["SHUTDOWN"], ["SHUTDOWN", "NOSAVE"], ["shutdown", "nosave", "now", "force"]])
def test_the_shutdown_command_ends_the_server(start, which, words):
    server = start(which)
    with server.connect() as connection:
        from resp import encode
        connection.send(encode(words))
        assert connection.until_close() == b""
    assert server.process.wait(10) == 0


def test_many_connected_clients_do_not_delay_the_end(start, which):
    server = start(which)
    connections = [server.connect() for _ in range(200)]
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 3
    for connection in connections:
        connection.close()


def test_a_port_in_use_is_told_and_ends_the_start(binary):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, output = run(binary, "--port", port, "--bind", "127.0.0.1", "--save", "")
    assert code == 1
    assert "Address already in use" in output and str(port) in output


def test_an_address_of_nobody_ends_the_start_unless_marked_optional(binary, start, which):
    code, output = run(binary, "--port", servers.free_port(), "--bind", "192.0.2.77", "--save", "")
    assert code == 1 and "192.0.2.77" in output
    server = start(which, "--bind", "127.0.0.1 -192.0.2.77")
    with server.connect() as connection:
        assert connection.raw("PING") == b"+PONG\r\n"


def test_port_zero_listens_on_the_unix_socket_alone(binary, tmp_path):
    path = str(tmp_path / "only.sock")
    process = subprocess.Popen(
        [binary, "--port", "0", "--unixsocket", path, "--save", ""], cwd=tmp_path,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not os.path.exists(path) and time.monotonic() < deadline:
            time.sleep(0.01)
        with Connection(path) as connection:
            assert connection.raw("PING") == b"+PONG\r\n"
            assert connection.command("CONFIG", "GET", "port")[1] == b"0"
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_a_working_directory_that_is_missing_ends_the_start(binary):
    code, output = run(binary, "--dir", "/nonexistent", "--port", servers.free_port())
    assert code == 1
    assert "/nonexistent" in output or "No such file" in output


def test_daemonize_lets_go_of_the_terminal(binary, tmp_path):
    port, pid_path, log = servers.free_port(), tmp_path / "d.pid", tmp_path / "d.log"
    code, _ = run(
        binary, "--daemonize", "yes", "--port", port, "--bind", "127.0.0.1", "--pidfile", pid_path,
        "--logfile", log, "--dir", tmp_path, "--save", "")
    assert code == 0
    with _connect(port) as connection:
        info = connection.command("INFO", "server").decode()
        pid = int(re.search(r"process_id:(\d+)", info).group(1))
        assert pid_path.read_text().strip() == str(pid)
        assert os.getsid(pid) == pid
        os.kill(pid, signal.SIGTERM)
        assert connection.is_closed()
    deadline = time.monotonic() + 10
    while pid_path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not pid_path.exists()


def test_systemd_is_told_when_the_server_is_ready(binary, tmp_path):
    if binary == servers.ORACLE and "systemd" not in os.popen(f"ldd {binary}").read():
        pytest.skip("this redis-server was built without systemd")
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(path)
        notify.settimeout(10)
        server = servers.Server(binary, "--supervised", "systemd", environment={"NOTIFY_SOCKET": path})
        with server:
            told = b""
            while b"READY=1" not in told:
                told += notify.recv(4096)


def test_the_start_is_quick(start):
    begun = time.monotonic()
    server = start("apus")
    took = time.monotonic() - begun
    assert took < 2, f"{took:.2f} s until the first PONG"
    if servers.is_apus(server.binary) and "release" in server.binary:
        assert server.resident_bytes() < 24 << 20


def test_defaults_are_those_of_redis():
    """CONFIG GET of every parameter that both servers know; those that differ on purpose are named."""
    on_purpose = {
        "port", "bind", "dir", "logfile", "pidfile", "proc-title-template", "oom-score-adj-values", "save", "io-threads",
        # Newer versions changed these defaults.
        "stream-node-max-bytes", "repl-diskless-sync-delay", "lazyfree-lazy-eviction", "lazyfree-lazy-expire",
        "lazyfree-lazy-server-del", "lazyfree-lazy-user-del", "lazyfree-lazy-user-flush", "enable-debug-command",
    }
    with servers.Server(servers.APUS) as ours, servers.Server(servers.ORACLE) as theirs:
        values = []
        for server in (ours, theirs):
            with server.connect() as connection:
                flat = connection.command("CONFIG", "GET", "*")
                values.append({flat[i].decode(): flat[i + 1] for i in range(0, len(flat), 2)})
    mine, redis = values
    different = {
        name: (mine[name], redis[name]) for name in sorted(set(mine) & set(redis) - on_purpose)
        if mine[name] != redis[name]}
    assert not different
    missing = set(redis) - set(mine) - on_purpose
    assert not missing, f"parameters that redis-server knows and we do not: {sorted(missing)}"
