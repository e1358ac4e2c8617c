"""The service under a real systemd, in its sandbox: a copy of this machine in namespaces."""

import contextlib
import os
import pathlib
import re
import subprocess
import time

import pytest

import roots

BOOT = pathlib.Path(__file__).with_name("boot")


def cgroups():
    """Where the kernel's control groups (version 2) are, or None."""
    found = re.search(r"^\S+ (\S+) cgroup2 rw", pathlib.Path("/proc/mounts").read_text(), re.M)
    return pathlib.Path(found[1]) if found and os.access(found[1], os.W_OK) else None


class Machine:
    """A layer on top of this machine's system, in which systemd runs with nothing but basics."""

    def __init__(self):
        self.root = roots.Root("/")
        (self.root.path / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
        self.group = cgroups() / f"apus-test-{os.getpid()}"
        self.group.mkdir()
        script = 'echo $$ > "$0/cgroup.procs"; exec "$@"'
        self.log = open(self.root.folder / "boot.log", "w")
        self.process = subprocess.Popen(
            ["sh", "-c", script, self.group, "unshare", "--mount", "--pid", "--fork", "--cgroup",
             "--uts", "--ipc", "--net", BOOT, self.root.path], stdout=self.log, stderr=self.log,
            env=roots.ENVIRONMENT)
        for _ in range(600):
            if self.run("systemctl", "is-active", "basic.target", check=False) == "active\n":
                return
            time.sleep(0.05)
        raise AssertionError((self.root.folder / "boot.log").read_text())

    def run(self, *command, check=True):
        """Runs a command there; returns what it printed."""
        first = roots.children(self.process)
        if not first:
            return ""
        done = subprocess.run(
            ["nsenter", f"--target={first[0]}", "--mount", "--pid", "--uts", "--ipc", "--net",
             *command], env=roots.ENVIRONMENT, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}"
        return done.stdout

    def wait_for(self, expected, *command):
        """Repeats the command until it prints what is expected."""
        for _ in range(400):
            printed = self.run(*command, check=False)
            if printed == expected:
                return
            time.sleep(0.05)
        raise AssertionError(f"{command}: {printed}")

    def number(self):
        """The process of the server."""
        return int(self.run("systemctl", "show", "--property=MainPID", "--value", "apus"))

    def remove(self):
        roots.end(self.process)
        self.log.close()
        for folder in sorted(self.group.rglob("*/"), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()
        with contextlib.suppress(OSError):
            self.group.rmdir()
        self.root.remove()


@pytest.fixture
def machine():
    if cgroups() is None:
        pytest.skip("no control groups of version 2 that may be changed")
    made = Machine()
    yield made
    made.remove()


def test_the_life_of_the_service(machine, tmp_path):
    package = roots.only("apus_*.deb")
    subprocess.run(["cp", package, machine.root.path / "opt/apus.deb"], check=True)

    # Installed, not enabled, not started.
    machine.run("dpkg", "--install", "/opt/apus.deb")
    assert machine.run("systemctl", "is-enabled", "apus", check=False) == "disabled\n"
    assert machine.run("systemctl", "is-active", "apus", check=False) == "inactive\n"

    # Started, in its sandbox.
    machine.run("systemctl", "start", "apus")
    assert machine.run("apus-cli", "SET", "greeting", "hello") == "OK\n"
    facts = machine.run("cat", f"/proc/{machine.number()}/status")
    for fact in ("NoNewPrivs:\t1", "Seccomp:\t2", "CapBnd:\t0000000000000000"):
        assert fact in facts
    assert machine.run("stat", "-c", "%U", f"/proc/{machine.number()}") == "apus\n"
    assert "Read-only file system" in machine.run("apus-cli", "CONFIG", "REWRITE")
    assert "Ready to accept connections" in machine.run("journalctl", "--unit=apus")

    # An upgrade restarts it, and it has its keys again.
    before = machine.number()
    newer = roots.newer(package, tmp_path / "next")
    subprocess.run(["cp", newer, machine.root.path / "opt/next.deb"], check=True)
    machine.run("dpkg", "--install", "--force-confold", "/opt/next.deb")
    machine.wait_for("hello\n", "apus-cli", "GET", "greeting")
    assert machine.number() != before

    # A crash restarts it, with a report in the log.
    machine.run("systemctl", "kill", "--signal=SEGV", "apus")
    machine.wait_for("hello\n", "apus-cli", "GET", "greeting")
    assert "signal" in machine.run("journalctl", "--unit=apus")

    # SHUTDOWN ends it, and so does systemctl.
    machine.run("apus-cli", "SHUTDOWN")
    machine.wait_for("inactive\n", "systemctl", "is-active", "apus")
    machine.run("systemctl", "start", "apus")
    machine.run("systemctl", "stop", "apus")
    facts = machine.run("stat", "-c", "%U %a", "/var/lib/apus/dump.rdb")
    assert facts == "apus 600\n"

    # What docs/operating/install.md says about CONFIG REWRITE.
    folder = machine.root.path / "etc/systemd/system/apus.service.d"
    folder.mkdir()
    (folder / "override.conf").write_text("[Service]\nReadWritePaths=/etc/apus\n")
    machine.run("chown", "apus:", "/etc/apus", "/etc/apus/apus.conf")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "apus")
    assert machine.run("apus-cli", "CONFIG", "SET", "hz", "20") == "OK\n"
    assert machine.run("apus-cli", "CONFIG", "REWRITE") == "OK\n"
    assert "\nhz 20\n" in machine.root.read("/etc/apus/apus.conf")

    # Removed while it runs, and purged.
    machine.run("dpkg", "--remove", "apus")
    assert machine.run("systemctl", "is-active", "apus", check=False) == "inactive\n"
    assert machine.root.exists("/var/lib/apus/dump.rdb")
    machine.run("dpkg", "--purge", "apus")
    assert machine.run("systemctl", "is-active", "apus", check=False) == "inactive\n"
    assert machine.run("systemctl", "cat", "apus", check=False).startswith("No files found")
