"""The files for Compose and Kubernetes are valid; examples in other languages run, or parse."""

import importlib.util
import re
import shutil
import subprocess
import sys

import pytest
import yaml

import documents
import examples
import roots
from roots import ROOT

EXAMPLES = ROOT / "docs" / "examples"
SERVER = roots.OUT / "stage/usr/bin/apus-server"


def blocks(language):
    return [pytest.param(block, id=f"{page.relative_to(ROOT)}:{block.line}")
            for page in documents.pages() for block in documents.blocks(page)
            if block.language == language]


def test_compose():
    subprocess.run([sys.executable, "-m", "check_jsonschema", "--builtin-schema",
                    "vendor.compose-spec", EXAMPLES / "compose.yaml"], check=True)


def test_kubernetes():
    import kubernetes_validate
    documents_ = list(yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text()))
    assert [d["kind"] for d in documents_] == ["Service", "ConfigMap", "StatefulSet"]
    for document in documents_:
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


def test_the_examples_name_the_version():
    version = re.search(r"apus \((.*?)\)", (ROOT / "debian/changelog").read_text())[1]
    for name in ("compose.yaml", "kubernetes.yaml"):
        assert f"image: apus:{version}" in (EXAMPLES / name).read_text()


def test_the_configuration_in_kubernetes(tmp_path):
    """The server accepts it; the paths are those of the pod."""
    _, config, _ = yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text())
    text = config["data"]["apus.conf"]
    (tmp_path / "users.acl").write_text("user default on >secret ~* &* +@all\n")
    text = text.replace("/data", str(tmp_path)).replace("/etc/apus-users", str(tmp_path))
    process = subprocess.Popen([SERVER, "-", "--port", "0", "--unixsocket", tmp_path / "s"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write(text)
    process.stdin.close()
    try:
        assert any("Ready to accept" in line for line in process.stdout)
    finally:
        process.kill()
        process.wait()


def program(words, folder):
    """Runs a program that finds a server on the usual port; returns what it printed."""
    script = ("import subprocess, sys, examples\n"
              "with examples.serving(sys.argv[1], sys.argv[2]):\n"
              "    subprocess.run(sys.argv[3:], check=True)\n")
    done = subprocess.run(
        [*examples.network(), sys.executable, "-c", script, SERVER, folder, *words], cwd=folder,
        text=True, capture_output=True, timeout=120,
        env=roots.ENVIRONMENT | {
            "PYTHONPATH": str(ROOT / "Tests/Compatibility"), "HOME": str(folder),
            "NODE_PATH": "/usr/share/nodejs", "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "",
            "GOCACHE": str(ROOT / ".build/go-cache")})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("block", blocks("js"))
def test_node(block, tmp_path):
    (tmp_path / "node_modules").symlink_to("/usr/share/nodejs")
    (tmp_path / block.title).write_text(block.text)
    assert program(["node", tmp_path / block.title], tmp_path) == block.output


@pytest.mark.parametrize("block", blocks("go"))
def test_go(block, tmp_path):
    (tmp_path / block.title).write_text(block.text)
    assert subprocess.run(["gofmt", "-l", tmp_path], text=True, capture_output=True).stdout == ""
    assert program(["go", "run", tmp_path / block.title], tmp_path) == block.output


@pytest.mark.parametrize("block", blocks("java"))
def test_java_parses(block, tmp_path):
    """No client for Java can be installed here, so names are not checked, only the syntax."""
    (tmp_path / block.title).write_text(block.text)
    done = subprocess.run(
        ["javac", "-proc:none", "-d", tmp_path, tmp_path / block.title], text=True, capture_output=True)
    # What is left are the names of the client's classes.
    errors = re.findall(r"error: (.*)", done.stderr)
    assert errors and set(errors) <= {"package redis.clients.jedis does not exist",
                                      "package redis.clients.jedis.params does not exist",
                                      "cannot find symbol"}, done.stderr
