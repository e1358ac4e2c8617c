"""Roots of Debian 12 in folders, in which what we built is installed and run."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / ".build" / "package"
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def only(pattern):
    """The one file in the output folder whose name matches."""
    found = list(OUT.glob(pattern))
    assert len(found) == 1, found
    return found[0]


def newer(package, folder):
    """The same package with a higher version and another line in its configuration."""
    subprocess.run(["dpkg-deb", "--raw-extract", package, folder], check=True)
    control = folder / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: (.*)$", r"Version: \1+next", control.read_text(), flags=re.M))
    conf = folder / "etc/apus/apus.conf"
    conf.write_text(conf.read_text() + "\n# A line of the next version.\n")
    (folder / "DEBIAN/md5sums").unlink()
    path = folder.with_suffix(".deb")
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", "-Znone", folder, path], check=True,
                   capture_output=True)
    return path


def children(process):
    """The processes that `process` has started."""
    try:
        listed = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    except OSError:
        return []
    return [int(number) for number in listed.split()]


def end(process):
    """Ends `unshare`: the first process in there takes the others along."""
    for child in children(process):
        os.kill(child, signal.SIGKILL)
    process.wait()


class Lower:
    """An unpacked archive, which many roots share and none changes."""

    def __init__(self, archive):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="apus-lower-"))
        self.path.chmod(0o755)
        subprocess.run(["tar", "--extract", "--numeric-owner", "--file", archive,
                        "--directory", self.path], check=True)

    def remove(self):
        shutil.rmtree(self.path)


class Root:
    """A folder with a system in it. Commands run with it as their root, and processes of their own.

    It begins as the folder `lower`; changes go to a layer of its own.
    """

    def __init__(self, lower):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-root-"))
        self.path = self.folder / "root"
        for name in ("root", "upper", "work"):
            (self.folder / name).mkdir()
        self.folder.chmod(0o755)
        subprocess.run(
            ["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={lower},"
             f"upperdir={self.folder}/upper,workdir={self.folder}/work", self.path], check=True)
        for device in DEVICES:
            (self.path / "dev").mkdir(exist_ok=True)
            (self.path / "dev" / device).touch()

    def words(self, command, user=None, folder="/"):
        """The command line that runs `command` in the root."""
        # Devices are those of the machine, and `proc` shows only what runs in here.
        script = (f'for d in {" ".join(DEVICES)}; do mount --bind /dev/$d "$0/dev/$d"; done; '
                  'mkdir -p "$0/proc" && mount -t proc proc "$0/proc"; exec "$@"')
        enter = ["chroot", *([f"--userspec={user}"] if user else []), str(self.path),
                 "/usr/bin/env", f"--chdir={folder}"]
        return ["unshare", "--mount", "--pid", "--fork", "sh", "-c", script,
                str(self.path), *enter, *command]

    def run(self, *command, check=True, **keywords):
        """Runs a command to its end; returns its code and what it printed."""
        done = subprocess.run(
            self.words(command, **keywords), env=ENVIRONMENT, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}"
        return done.returncode, done.stdout

    def shell(self, script, **keywords):
        """Runs a script; returns what it printed."""
        return self.run("sh", "-ec", script, **keywords)[1]

    @contextlib.contextmanager
    def running(self, *command, environment=None, **keywords):
        """A command that goes on until the block ends."""
        log = self.folder / "log"
        with open(log, "w") as output:
            process = subprocess.Popen(
                self.words(command, **keywords), env=ENVIRONMENT | (environment or {}),
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield Running(process, log)
        finally:
            end(process)

    def exists(self, path):
        return os.path.lexists(self.path / path.lstrip("/"))

    def read(self, path):
        return (self.path / path.lstrip("/")).read_text()

    def remove(self):
        subprocess.run(["umount", self.path], check=True)
        shutil.rmtree(self.folder)


class Running:
    """A process in a root, and its log."""

    def __init__(self, process, log):
        self.process, self.log = process, log

    def output(self):
        return self.log.read_text()

    def wait_for(self, text, seconds=20):
        """Waits until `text` is in the log."""
        for _ in range(int(seconds / 0.02)):
            if text in self.output():
                return
            assert self.process.poll() is None, self.output()
            time.sleep(0.02)
        raise AssertionError(f"no '{text}' in\n{self.output()}")


class Notifications:
    """The end of systemd's socket on which services tell that they are ready."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        os.chmod(path, 0o777)
        self.socket.settimeout(20)

    def wait_for(self, text):
        while text not in self.socket.recv(4096).decode():
            pass

    def close(self):
        self.socket.close()


# Nothing of the machine's settings, as a bare system has none.
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
