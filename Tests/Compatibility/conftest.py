"""Fixtures: apus-server with one, two and four workers, and redis-server as the oracle."""

import sys

import pytest

import oracle as engine
import servers

sys.setrecursionlimit(10000)

THREADS = [1, 2, 4] if servers.is_apus(servers.APUS) else [1]


def pytest_addoption(parser):
    parser.addoption("--soak", type=float, default=3.0, help="seconds of the soak test")
    parser.addoption("--extremes", type=float, default=60.0, help="seconds of random extreme words")
    parser.addoption("--rounds", type=int, default=2, help="how often servers are killed per policy")
    parser.addoption("--seeds", type=int, default=3, help="seeds per family of the oracle tests")
    parser.addoption("--first-seed", type=int, default=1, help="the first seed")
    parser.addoption("--steps", type=int, default=2000, help="random steps per seed")


def pytest_collection_modifyitems(items):
    missing = []
    if servers.APUS is None:
        missing.append("no apus-server: run `swift build -c release --product apus-server` first")
    if servers.ORACLE is None:
        missing.append("no redis-server: run `make setup` first")
    if missing:
        pytest.exit("; ".join(missing), returncode=1)


def pytest_terminal_summary(terminalreporter):
    if engine.unknown_commands:
        terminalreporter.write_sep("-", "commands that the server does not know yet")
        for family, names in sorted(engine.unknown_commands.items()):
            terminalreporter.write_line(f"{family}: {' '.join(sorted(names))}")


_OPTIONS = ["--enable-debug-command", "yes"]


@pytest.fixture(scope="session")
def oracle():
    """Debian's redis-server."""
    with servers.Server(servers.ORACLE, *_OPTIONS) as server:
        yield server


@pytest.fixture(scope="session", params=THREADS, ids=lambda n: f"threads-{n}")
def apus(request):
    """The server under test, once per number of workers."""
    server = servers.Server(servers.APUS, *_OPTIONS, threads=request.param)
    with server:
        yield server
        if not server.is_running():
            pytest.fail(f"the server ended by itself:\n{server.output()[-4000:]}")


_EACH = [("apus", n) for n in THREADS] + [("oracle", 1)]


@pytest.fixture(scope="session", params=_EACH, ids=lambda p: f"{p[0]}-{p[1]}")
def server(request):
    """Each server in turn: what the oracle passes is what is expected of us."""
    name, threads = request.param
    binary = servers.APUS if name == "apus" else servers.ORACLE
    with servers.Server(binary, *_OPTIONS, threads=threads) as running:
        yield running


@pytest.fixture(scope="module", params=_EACH, ids=lambda p: f"{p[0]}-{p[1]}")
def place(request):
    """As `server`, but a module's own: for tests that leave traces in its tables and statistics."""
    name, threads = request.param
    binary = servers.APUS if name == "apus" else servers.ORACLE
    with servers.Server(binary, *_OPTIONS, threads=threads) as running:
        running.name = name
        yield running


@pytest.fixture
def start(request):
    """Starts a server of its own for one test: start('apus'|'oracle', options…)."""
    started = []

    def starter(which, *options, wait=True, **keywords):
        binary = servers.APUS if which == "apus" else servers.ORACLE
        server = servers.Server(binary, *options, **keywords)
        started.append(server)
        return server.start(wait=wait)

    yield starter
    for server in started:
        server.remove()


@pytest.fixture(params=["apus", "oracle"])
def which(request):
    """The same test for both servers: what the oracle does is what is expected of us."""
    return request.param
