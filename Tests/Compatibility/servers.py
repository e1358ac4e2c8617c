"""Starts and ends the servers under test: apus-server, and Debian's redis-server as the oracle."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from resp import Closed, Connection

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Ports are handed out from here upwards, below the range that the kernel gives to clients.
_PORTS = 100
_first_port = int(os.environ.get("TEST_PORT_BASE", 20000 + os.getpid() % 90 * _PORTS))
_next_port = _first_port


def free_port():
    """A port of 127.0.0.1 that nothing listens on now."""
    global _next_port
    for _ in range(_PORTS):
        port = _next_port
        _next_port = _first_port + (port + 1 - _first_port) % _PORTS
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError(f"no free port from {_first_port} on")


def find_apus():
    """The server under test: $APUS_SERVER, else the release build, else the debug build."""
    named = os.environ.get("APUS_SERVER")
    if named:
        return shutil.which(named) or named
    for build in ("release", "debug"):
        path = ROOT / ".build" / build / "apus-server"
        if path.exists():
            return str(path)
    return None


APUS = find_apus()
ORACLE = shutil.which("redis-server")
# The driver that apus-server is to serve connections with, else the one it takes by itself.
EVENT_LOOP = os.environ.get("APUS_EVENT_LOOP")


def is_apus(binary):
    """Whether the binary is ours; a stand-in given by APUS_SERVER takes no option `threads`."""
    return binary is not None and "apus" in os.path.basename(binary)


class StartFailed(Exception):
    """The server ended, or did not answer in time; the text is what it printed."""


class Server:
    """A server process in a directory of its own."""

    def __init__(self, binary, *options, port=None, threads=None, environment=None, config=None,
                 address_kilobytes=None, files=None):
        self.binary = binary
        self.port = port or free_port()
        self.directory = tempfile.mkdtemp(prefix="apus-test-")
        self.options = list(options)
        self.threads = threads
        self.environment = environment
        self.config = config
        self.address_kilobytes = address_kilobytes
        # Files that lie in the directory before the server starts, by name.
        self.files = files or {}
        self.process = None
        self.output_path = os.path.join(self.directory, "output.txt")

    def arguments(self):
        words = [self.binary]
        if self.config is not None:
            path = os.path.join(self.directory, "server.conf")
            with open(path, "wb") as file:
                file.write(self.config if isinstance(self.config, bytes) else self.config.encode())
            words.append(path)
        words += ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.directory]
        words += ["--save", "", "--appendonly", "no"]
        if self.threads and is_apus(self.binary):
            words += ["--threads", str(self.threads)]
        if EVENT_LOOP and is_apus(self.binary):
            words += ["--event-loop", EVENT_LOOP]
        words += [str(option) for option in self.options]
        if self.address_kilobytes:
            return ["/bin/sh", "-c", f'ulimit -v {self.address_kilobytes}; exec "$@"', "sh"] + words
        return words

    def file(self, name):
        """The content of a file in the server's directory."""
        with open(os.path.join(self.directory, name), "rb") as file:
            return file.read()

    def start(self, wait=True):
        for name, content in self.files.items():
            with open(os.path.join(self.directory, name), "wb") as file:
                file.write(content)
        output = open(self.output_path, "wb")
        environment = dict(os.environ, **(self.environment or {}))
        self.process = subprocess.Popen(
            self.arguments(), cwd=self.directory, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, env=environment)
        output.close()
        if wait:
            self.wait_until_ready()
        return self

    def wait_until_ready(self, seconds=30.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise StartFailed(f"exit code {self.process.returncode}:\n{self.output()}")
            try:
                with Connection(("127.0.0.1", self.port), 2.0) as connection:
                    if not connection.raw("PING").startswith(b"-LOADING"):
                        return
                time.sleep(0.01)
            except (OSError, Closed):
                time.sleep(0.01)
        raise StartFailed(f"no answer on port {self.port}:\n{self.output()}")

    def output(self):
        with open(self.output_path, "rb") as file:
            return file.read().decode("utf-8", "replace")

    def connect(self, protocol=2, timeout=8.0):
        connection = Connection(("127.0.0.1", self.port), timeout)
        if protocol == 3:
            connection.raw("HELLO", "3")
        return connection

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            for line in file:
                if line.startswith("VmRSS"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, seconds=20.0):
        """Ends the server with SIGTERM and returns its exit code; a server that stays is killed."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def remove(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.remove()


def run_to_end(binary, *words, seconds=20.0, stdin=b"", directory=None):
    """Runs a server that is expected to end by itself; returns its exit code and its output."""
    done = subprocess.run(
        [binary, *map(str, words)], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=seconds, cwd=directory)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def until(condition, seconds=20.0):
    """Waits until `condition` holds; a test in which it does not, fails."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.005)


def info(connection, field):
    """A number that INFO tells."""
    text = connection.command("INFO", "everything").decode()
    return int(re.search(rf"^{field}:(\d+)", text, re.M)[1])
