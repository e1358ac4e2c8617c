"""The archive runs on a bare Debian 12, with no library but those that it names."""

import os
import re
import subprocess
import tarfile

import pytest

import roots

# INSTALL.md in the archive lists the same.
LIBRARIES = ["libc6", "libgcc-s1", "libstdc++6", "libssl3", "libedit2"]
PROGRAMS = ["apus-server", "apus-cli", "apus-benchmark", "apus-check"]
# It is the only one that needs PostgreSQL's client library, which a bare system lacks.
BRIDGE = "apus-hstore"


@pytest.fixture
def unpacked(root):
    archive = roots.only("apus-*-linux-*.tar.gz")
    subprocess.run(["tar", "xf", archive, "-C", root.path / "opt"], check=True)
    (root.path / "opt" / archive.name.removesuffix(".tar.gz")).rename(root.path / "opt/apus")
    return root


def test_it_has_everything(unpacked):
    for path in ("INSTALL.md", "LICENSE", "COPYRIGHT", "README.md", "apus.conf",
                 *(f"bin/{name}" for name in [*PROGRAMS, BRIDGE]),
                 *(f"share/man/man1/{name}.1.gz" for name in [*PROGRAMS, BRIDGE]),
                 "share/man/man5/apus.conf.5.gz", "share/bash-completion/completions/apus-cli",
                 "share/zsh/vendor-completions/_apus-cli"):
        assert unpacked.exists(f"opt/apus/{path}"), path


def test_the_list_of_libraries_is_complete(unpacked):
    listed = set(re.findall(r"`([a-z0-9+-]+)`", unpacked.read("opt/apus/INSTALL.md")))
    assert set(LIBRARIES) <= listed
    for name in PROGRAMS:
        needed = unpacked.shell(f"ldd /opt/apus/bin/{name}")
        assert "not found" not in needed
        for path in re.findall(r"=> (\S+)", needed):
            owner = unpacked.shell(f"dpkg -S {path} 2>/dev/null || dpkg -S $(realpath {path})").split(":")[0]
            recursive = {"libbsd0", "libmd0", "libtinfo6"}  # of libedit2
            assert owner in set(LIBRARIES) | recursive, path
    missing = re.findall(r"(\S+) => not found", unpacked.shell(f"ldd /opt/apus/bin/{BRIDGE}"))
    assert missing == ["libpq.so.5"] and "libpq5" in listed


def test_it_runs(unpacked):
    server = unpacked.running(
        "/opt/apus/bin/apus-server", "/opt/apus/apus.conf", "--port", "0", "--unixsocket", "/tmp/s")
    with server as process:
        process.wait_for("Ready to accept connections")
        client = "/opt/apus/bin/apus-cli -s /tmp/s"
        assert unpacked.shell(f"{client} SET greeting hello; {client} GET greeting") == "OK\nhello\n"
        assert '"SET"' in unpacked.shell(
            "/opt/apus/bin/apus-benchmark -s /tmp/s -t set -n 1000 --csv")
        assert unpacked.shell(f"{client} EVAL \"return cjson.encode({{1, 2}})\" 0") == "[1,2]\n"
        assert unpacked.shell(f"{client} SAVE; /opt/apus/bin/apus-check rdb --json /dump.rdb")


def test_two_archives_are_the_same(tmp_path):
    """What goes in does not depend on when it was packed, but on the time of the commit."""
    archive = roots.only("apus-*-linux-*.tar.gz")
    before = archive.read_bytes()
    with tarfile.open(archive) as tar:
        time = str(tar.next().mtime)
    subprocess.run(["Tools/package", "dist"], cwd=roots.ROOT, check=True, capture_output=True,
                   env={"APUS_BINARIES": ".build/release"} | os.environ
                   | {"SOURCE_DATE_EPOCH": time})
    assert archive.read_bytes() == before
