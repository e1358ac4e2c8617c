"""The image: what it says of itself, and what runs when it is unpacked."""

import hashlib
import json
import subprocess
import tarfile

import pytest

import roots
import servers

LAYOUT = roots.OUT / "image" / "oci"
MEGABYTE = 1_000_000
PORT = str(servers.free_port())


def blob(descriptor):
    return LAYOUT / "blobs" / descriptor["digest"].replace(":", "/")


def manifest():
    index = json.loads((LAYOUT / "index.json").read_text())
    return json.loads(blob(index["manifests"][0]).read_text())


def configuration():
    return json.loads(blob(manifest()["config"]).read_text())


@pytest.fixture(scope="module")
def unpacked():
    """The file system of the image."""
    made = roots.Lower(blob(manifest()["layers"][0]))
    yield made
    made.remove()


@pytest.fixture
def container(unpacked):
    """The file system of a new container."""
    made = roots.Root(unpacked.path)
    yield made
    made.remove()


def run(container, *words, **keywords):
    """Runs the image with these words, as its configuration says."""
    config = configuration()["config"]
    words = config["Entrypoint"] + (list(words) or config["Cmd"])
    return container.running(*words, user=config["User"], folder=config["WorkingDir"], **keywords)


def execute(container, *words, check=True):
    """As `docker exec`."""
    return container.run(*words, user=configuration()["config"]["User"], check=check)


def test_blobs_have_their_digests():
    for path in (LAYOUT / "blobs" / "sha256").iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    layer = manifest()["layers"][0]
    plain = subprocess.run(["gzip", "-dc", blob(layer)], capture_output=True, check=True).stdout
    assert configuration()["rootfs"]["diff_ids"] == [
        "sha256:" + hashlib.sha256(plain).hexdigest()]


def test_it_is_small_and_not_root():
    archive = roots.only("image/apus-*.tar")
    assert archive.stat().st_size < 60 * MEGABYTE
    config = configuration()["config"]
    assert config["User"] == "999:999"
    assert config["ExposedPorts"] == {"6379/tcp": {}} and config["Volumes"] == {"/data": {}}
    assert config["Healthcheck"]["Test"] == ["CMD", "/usr/local/bin/healthcheck"]


def test_docker_can_load_the_archive():
    with tarfile.open(roots.only("image/apus-*.tar")) as tar:
        entry, = json.load(tar.extractfile("manifest.json"))
        assert set(entry["Layers"] + [entry["Config"]]) <= set(tar.getnames())
    assert "apus:latest" in entry["RepoTags"]


@pytest.mark.parametrize("source", ["oci", "docker-archive"])
def test_others_read_it(source, tmp_path):
    """skopeo reads the layout and the archive, and checks the digests while it copies."""
    path = LAYOUT if source == "oci" else roots.only("image/apus-*.tar")
    subprocess.run(
        ["skopeo", "--insecure-policy", "copy", "--quiet", f"{source}:{path}", f"dir:{tmp_path}/copy"],
        check=True)
    copied = json.loads((tmp_path / "copy/manifest.json").read_text())
    assert len(copied["layers"]) == 1


def test_it_serves_and_saves(container):
    with run(container, "--port", PORT, "--save", "") as server:
        server.wait_for("Ready to accept connections")
        assert execute(container, "apus-cli", "-p", PORT, "SET", "k", "v")[1] == "OK\n"
        assert execute(container, "redis-cli", "-p", PORT, "GET", "k")[1] == "v\n"
        assert execute(container, "apus-cli", "-p", PORT, "SAVE")[1] == "OK\n"
        assert execute(container, "redis-check-rdb", "/data/dump.rdb")[0] == 0
        assert execute(container, "apus-cli", "-p", PORT, "CONFIG", "GET", "protected-mode")[1] == (
            "protected-mode\nno\n")
    assert container.shell("stat -c %u:%g /data/dump.rdb") == "999:999\n"


@pytest.mark.parametrize("words", [
    ("apus-server", "--port", PORT), ("redis-server", "--port", PORT), ("/data/apus.conf",),
    ("apus-server", "/data/apus.conf"), ("redis-server", "/data/apus.conf", "--databases", "4"),
], ids=" ".join)
def test_the_entry_point(container, words):
    (container.path / "data/apus.conf").write_text(f"port {PORT}\ndatabases 4\nbind 127.0.0.1\n")
    with run(container, *words) as server:
        server.wait_for("Ready to accept connections")
        databases = execute(container, "apus-cli", "-p", PORT, "CONFIG", "GET", "databases")[1]
        assert databases.split()[1] == ("4" if "/data/apus.conf" in words else "16")


def test_other_commands_run_instead(container):
    config = configuration()["config"]
    code, printed = container.run(*config["Entrypoint"], "apus-cli", "--version", user=config["User"])
    assert printed.startswith("apus-cli ")


def test_the_health_check(container):
    def healthy():
        command = ["env", f"APUS_PORT={PORT}", *configuration()["config"]["Healthcheck"]["Test"][1:]]
        return execute(container, *command, check=False)[0] == 0

    assert not healthy()
    with run(container, "--port", PORT) as server:
        server.wait_for("Ready to accept connections")
        assert healthy()
        execute(container, "apus-cli", "-p", PORT, "CONFIG", "SET", "requirepass", "secret")
        assert healthy()
    assert not healthy()


def test_a_read_only_root_is_enough(container):
    """Nothing that is not temporary is writable for the user, but data."""
    code, printed = execute(
        container, "find", "/", "-xdev", "-writable", "-not", "-type", "l", "-not", "-path", "/proc/*",
        "-not", "-path", "/dev/*", "-not", "-path", "/data*", check=False)
    writable = [line for line in printed.splitlines() if "Permission denied" not in line]
    assert set(writable) <= {"/tmp", "/var/tmp", "/run/lock", "/var/lib/apus"}
