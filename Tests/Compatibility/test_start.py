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
from resp import Connection


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


def test_too_little_room_for_addresses_is_told_and_ends_the_start():
    if not servers.is_apus(servers.APUS) or "release" not in servers.APUS:
        pytest.skip("sanitizers reserve addresses of their own")
    code, output = servers.run_to_end(
        "/bin/sh", "-c", f"ulimit -v 4000000; exec {servers.APUS} --port {servers.free_port()}")
    assert code == 1 and "ulimit -v" in output.splitlines()[-1]


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
