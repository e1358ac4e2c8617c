"""Figures for Prometheus: what a scrape says, and how the HTTP door stands up to its visitors."""

import concurrent.futures
import json
import pathlib
import random
import re
import socket
import threading
import time
import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

import servers
from resp import encode
from test_tls import certificates, options_for, trusting, Secure  # noqa: F401 (fixtures)

ROOT = pathlib.Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "docs" / "grafana-dashboard.json"
VISITORS = 64  # MetricsDoor.visitorsMax
SECONDS = 5  # MetricsDoor.nanosecondsMax


@pytest.fixture(params=[1, 4], ids=lambda n: f"threads-{n}")
def measured(request, start):
    port = servers.free_port()
    server = start("apus", "--metrics-port", port, threads=request.param)
    server.metrics_port = port
    return server


def fetch(server, path="/metrics", timeout=10):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}{path}", timeout=timeout) as response:
        return response.status, response.headers, response.read().decode()


def scrape(server):
    """All samples by name and labels; the text must be what Prometheus' own parser takes."""
    status, headers, text = fetch(server)
    assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        for sample in family.samples:
            place = (sample.name, *sorted(sample.labels.items()))
            assert place not in found, place
            found[place] = sample.value
    return found


def exchange(server, data, pause=None):
    """What the door replies until it closes."""
    with socket.create_connection(("127.0.0.1", server.metrics_port), 10) as visitor:
        if pause is None:
            visitor.sendall(data)
        else:
            for byte in data:
                visitor.sendall(bytes([byte]))
                time.sleep(pause)
        reply = b""
        while block := visitor.recv(65536):
            reply += block
        return reply


def test_a_scrape_tells_what_info_tells(measured):
    with measured.connect() as connection:
        for number in range(50):
            connection.command("SET", f"k{number}", "v", *(["EX", "1000"] if number < 20 else []))
        connection.command("GET", "k1")
        connection.command("GET", "none")
        connection.raw("LPUSH", "k1", "x")
        connection.command("CONFIG", "SET", "maxmemory", "123456789")
        # The keyspace is as of the last tick.
        servers.until(lambda: scrape(measured).get(("redis_db_keys", ("db", "db0"))) == 50)
        found = scrape(measured)
        assert found[("redis_db_keys_expiring", ("db", "db0"))] == 20
        assert 0 < found[("redis_db_avg_ttl_seconds", ("db", "db0"))] <= 1000
        assert found[("redis_up",)] == 1 and found[("redis_memory_max_bytes",)] == 123456789
        assert found[("redis_keyspace_hits_total",)] == servers.info(connection, "keyspace_hits")
        assert found[("redis_connected_clients",)] == 1 and found[("redis_blocked_clients",)] == 0
        assert found[("redis_memory_used_bytes",)] > 1000 and found[("redis_memory_used_rss_bytes",)] > 1_000_000
        assert found[("redis_commands_total", ("cmd", "set"))] == 50
        assert found[("redis_commands_failed_calls_total", ("cmd", "lpush"))] == 1
        assert found[("redis_errors_total", ("err", "WRONGTYPE"))] == 1
        assert found[("apus_command_duration_seconds_count", ("cmd", "set"))] == 50
        assert found[("apus_command_duration_seconds_bucket", ("cmd", "set"), ("le", "+Inf"))] == 50
        assert found[("redis_latency_percentiles_usec", ("cmd", "set"), ("quantile", "0.99"))] > 0
        workers = [place for place in found if place[0] == "apus_worker_cpu_seconds_total"]
        assert len(workers) == servers.info(connection, "threads") and sum(found[place] for place in workers) > 0
        assert found[("apus_pause_seconds_count",)] > 0
        assert found[("redis_loading_dump_file",)] == 0 and ("redis_aof_current_size_bytes",) not in found
        info = next(place for place in found if place[0] == "redis_instance_info")
        labels = dict(info[1:])
        assert labels["role"] == "master" and labels["maxmemory_policy"] == "noeviction" and len(labels["run_id"]) == 40


def test_names_are_those_of_the_exporter_for_all_of_info(measured):
    """Every number of INFO's default sections has a family, except those that are for people or only repeat another."""
    table = "".join(file.read_text() for file in (ROOT / "Sources/Server/Metrics").glob("MetricTable*.swift"))
    with measured.connect() as connection:
        text = connection.command("INFO").decode()
    absent = {name for name, value in re.findall(r"^(\w+):(-?[\d.]+)\r$", text, re.M) if f'"{name}"' not in table}
    absent = {name for name in absent if not name.endswith(("_human", "_perc"))}
    assert absent <= {
        "redis_git_sha1", "redis_git_dirty", "arch_bits", "tcp_port", "server_time_usec", "uptime_in_days", "lru_clock", "redis_version",
        "instantaneous_ops_per_sec", "instantaneous_input_kbps", "instantaneous_output_kbps", "instantaneous_input_repl_kbps",
        "instantaneous_output_repl_kbps", "current_cow_peak", "current_cow_size", "current_cow_size_age", "current_fork_perc",
        "current_save_keys_processed", "current_save_keys_total", "allocator_muzzy", "rss_overhead_ratio", "rss_overhead_bytes",
        "mem_replication_backlog", "mem_cluster_links", "mem_aof_buffer", "total_forks", "total_active_defrag_time",
        "current_active_defrag_time", "cluster_enabled", "tls_ca_cert_count", "apus_version", "master_replid2",
    }, absent


def test_health_and_other_paths(measured):
    assert fetch(measured, "/healthz")[0] == 200 and fetch(measured, "/readyz")[0] == 200
    with pytest.raises(urllib.error.HTTPError) as failure:
        fetch(measured, "/other")
    assert failure.value.code == 404
    head = exchange(measured, b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n") and head.endswith(b"\r\n\r\n")
    assert exchange(measured, b"POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello").startswith(b"HTTP/1.1 405 ")
    assert exchange(measured, b"GET /metrics HTTP/1.0\n\n").startswith(b"HTTP/1.1 200 OK\r\n")
    # Two requests at once get one answer, after which the connection ends.
    assert exchange(measured, b"GET /healthz HTTP/1.1\r\n\r\n" * 2).count(b"HTTP/1.1") == 1
    assert exchange(measured, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", pause=0.001).startswith(b"HTTP/1.1 200")


def test_it_is_not_ready_while_it_loads(start):
    first = start("apus", "--enable-debug-command", "yes")
    with first.connect() as connection:
        connection.command("DEBUG", "POPULATE", "20000")
        assert connection.raw("SAVE") == b"+OK\r\n"
    port = servers.free_port()
    slow = start("apus", "--metrics-port", port, "--key-load-delay", "500", "--dir", first.directory,
                 "--loading-process-events-interval-bytes", "1024", wait=False)
    slow.metrics_port = port
    codes = set()

    def is_ready():
        try:
            codes.add(fetch(slow, "/readyz")[0])
            return True
        except urllib.error.HTTPError as failure:
            codes.add(failure.code)
            assert fetch(slow, "/healthz")[0] == 200 and scrape(slow)[("redis_up",)] == 1
        except OSError:
            pass
        return False

    servers.until(is_ready, 60)
    assert codes == {503, 200}


def test_the_port_changes_at_run_time(start):
    server = start("apus")
    server.metrics_port = servers.free_port()
    with server.connect() as connection:
        assert connection.command("CONFIG", "GET", "metrics-*") == [b"metrics-bind", b"127.0.0.1", b"metrics-port", b"0"]
        assert connection.raw("CONFIG", "SET", "metrics-port", server.metrics_port) == b"+OK\r\n"
        assert scrape(server)[("redis_up",)] == 1
        # Another address with the same port.
        assert connection.raw("CONFIG", "SET", "metrics-bind", "127.0.0.1 127.0.0.2") == b"+OK\r\n"
        assert scrape(server)[("redis_up",)] == 1
        socket.create_connection(("127.0.0.2", server.metrics_port), 5).close()
        # A port in use is refused, and the old one is served again.
        reply = connection.raw("CONFIG", "SET", "metrics-port", server.port)
        assert reply.startswith(b"-ERR CONFIG SET failed"), reply
        assert scrape(server)[("redis_up",)] == 1
        assert connection.raw("CONFIG", "SET", "metrics-port", "0") == b"+OK\r\n"
        with pytest.raises(OSError):
            fetch(server)


def test_noise_and_halves_of_requests(measured):
    chance = random.Random(12)
    good = b"GET /metrics HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\r\n"

    def visit(number):
        data = bytearray(good) if number % 2 else bytearray(chance.randbytes(chance.randrange(1, 3000)))
        for _ in range(chance.randrange(4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        end = chance.randrange(len(data) + 1) if number % 3 else len(data)
        try:
            with socket.create_connection(("127.0.0.1", measured.metrics_port), 10) as visitor:
                visitor.sendall(bytes(data[:end]))
                visitor.shutdown(socket.SHUT_WR)
                reply = b""
                while block := visitor.recv(65536):
                    reply += block
                return reply
        except ConnectionError:
            return b""

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(visit, range(600)))
    codes = {reply.split()[1] for reply in replies if reply}
    assert codes <= {b"200", b"400", b"404", b"405"} and b"400" in codes
    long = exchange(measured, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n")
    assert long.startswith(b"HTTP/1.1 431 ")
    assert scrape(measured)[("redis_up",)] == 1 and measured.is_running()


def test_a_thousand_slow_visitors_keep_nobody_out(measured):
    """They are at most 64, the oldest goes first, and all are gone after five seconds."""
    begin = time.monotonic()
    slow = []
    for number in range(1000):
        visitor = socket.create_connection(("127.0.0.1", measured.metrics_port), 10)
        visitor.sendall(b"GET /metrics HTTP/1.1\r\n"[: number % 20])
        slow.append(visitor)
    assert scrape(measured)[("redis_up",)] == 1
    with measured.connect() as connection:
        assert connection.raw("PING") == b"+PONG\r\n"
        # They do not count as clients.
        assert servers.info(connection, "connected_clients") == 1

    def are_open():
        count = 0
        for visitor in slow:
            visitor.setblocking(False)
            try:
                count += visitor.recv(1) != b""
            except BlockingIOError:
                count += 1
            except ConnectionError:
                pass
        return count

    servers.until(lambda: are_open() <= VISITORS)
    # One that sends a byte now and then is not spared.
    dripping = socket.create_connection(("127.0.0.1", measured.metrics_port), 10)
    started = time.monotonic()
    with pytest.raises(ConnectionError):
        while time.monotonic() < started + 3 * SECONDS:
            dripping.sendall(b"G")
            time.sleep(0.1)
    assert time.monotonic() - started < 2 * SECONDS
    servers.until(lambda: are_open() == 0, 2 * SECONDS)
    assert time.monotonic() - begin < 6 * SECONDS
    for visitor in slow:
        visitor.close()


def test_a_scrape_stops_nobody(measured):
    """Clients and CONFIG SET go on while four scrapers ask without pause."""
    done = threading.Event()

    def ask():
        count = 0
        while not done.is_set():
            assert fetch(measured)[0] == 200
            count += 1
        return count

    with concurrent.futures.ThreadPoolExecutor(4) as pool, measured.connect() as connection:
        scrapers = [pool.submit(ask) for _ in range(4)]
        for number in range(300):
            connection.send(b"".join(encode(["SET", f"k{i}", "v"]) for i in range(100)))
            for _ in range(100):
                assert connection.reply() == b"+OK\r\n"
            if number % 10 == 0:
                policy = ["allkeys-lru", "noeviction"][number // 10 % 2]
                assert connection.raw("CONFIG", "SET", "maxmemory-policy", policy, "maxclients", 1000 + number) == b"+OK\r\n"
                assert connection.raw("CONFIG", "RESETSTAT") == b"+OK\r\n"
        done.set()
        assert all(scraper.result() > 0 for scraper in scrapers)


def test_certificates_and_handshakes(start, certificates):
    port, tls_port = servers.free_port(), servers.free_port()
    server = start("apus", *options_for(certificates, tls_port), "--metrics-port", port, "--appendonly", "yes")
    server.metrics_port, server.tls_port = port, tls_port
    with Secure(server, trusting(certificates)) as connection:
        text = connection.command("INFO", "tls").decode()
        fields = dict(re.findall(r"^(\w+):(\S+)\r$", text, re.M))
        left = int(fields["tls_server_cert_expires_in_seconds"])
        assert 86400 < left <= 2 * 86400 and 86400 < int(fields["tls_ca_cert_expires_in_seconds"]) <= 2 * 86400
        assert fields["tls_client_cert_serial"] == "none" and fields["tls_client_cert_expires_in_seconds"] == "0"
        assert fields["tls_ca_cert_count"] == "1"
        number = connection.socket.getpeercert()["serialNumber"]
        assert fields["tls_server_cert_serial"] == number
    socket.create_connection(("127.0.0.1", tls_port), 5).close()
    servers.until(lambda: scrape(server)[("apus_tls_handshake_failures_total",)] == 1)
    found = scrape(server)
    assert found[("apus_tls_handshakes_total",)] == 1 and found[("apus_tls_handshakes_in_progress",)] == 0
    assert abs(found[("redis_tls_server_cert_expires_in_seconds",)] - left) < 100
    assert found[("redis_tls_certificate_info", ("certificate", "server"), ("serial", number))] == 1
    assert found[("redis_aof_enabled",)] == 1 and ("redis_aof_current_size_bytes",) in found


def test_info_without_tls(measured):
    with measured.connect() as connection:
        fields = dict(re.findall(r"^(\w+):(\S+)\r$", connection.command("INFO", "tls").decode(), re.M))
    for which in ("server", "client", "ca"):
        assert fields[f"tls_{which}_cert_serial"] == "none" and fields[f"tls_{which}_cert_expires_in_seconds"] == "0"


def test_every_panel_of_the_dashboard_has_its_figures(start, certificates):
    port, tls_port = servers.free_port(), servers.free_port()
    server = start("apus", *options_for(certificates, tls_port), "--metrics-port", port, "--appendonly", "yes",
                   "--latency-monitor-threshold", "1", "--enable-debug-command", "yes")
    server.metrics_port = port
    with server.connect() as connection:
        connection.command("SET", "k", "v", "EX", "100")
        connection.raw("NONSENSE")
        connection.command("DEBUG", "SLEEP", "0.01")
    servers.until(lambda: ("redis_db_keys", ("db", "db0")) in scrape(server))
    names = {place[0] for place in scrape(server)}
    dashboard = json.loads(DASHBOARD.read_text())
    assert dashboard["title"] and dashboard["uid"] and dashboard["schemaVersion"] >= 36
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    expressions += [variable["query"]["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    assert len(panels) >= 12
    for expression in expressions:
        used = set(re.findall(r"\b(?:redis|apus)_\w+", expression))
        assert used and used <= names, (expression, used - names)
