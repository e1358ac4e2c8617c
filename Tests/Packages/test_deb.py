"""The Debian package: checked by lintian, installed, started, upgraded, removed and purged."""

import re
import subprocess

import pytest

import roots
import servers
from roots import Notifications

SERVICE = roots.ROOT / "debian" / "apus.service"
PORT = str(servers.free_port())


@pytest.fixture
def package():
    return roots.only("apus_*.deb")


def install(root, package):
    subprocess.run(["cp", package, root.path / "tmp/apus.deb"], check=True)
    return root.shell("dpkg --install --force-confold /tmp/apus.deb")


@pytest.fixture
def installed(root, package):
    install(root, package)
    return root


def start(root, *options):
    """Starts the server with the words of the service, as its user, and a socket to notify."""
    words = re.search(r"^ExecStart=(.*)$", SERVICE.read_text(), re.M)[1].split()
    mask = re.search(r"^UMask=(.*)$", SERVICE.read_text(), re.M)[1]
    return root.running(
        "setpriv", "--reuid=apus", "--regid=apus", "--clear-groups", "--no-new-privs",
        "sh", "-c", f'umask {mask}; exec "$@"', "sh", *words, "--port", PORT, *options,
        environment={"NOTIFY_SOCKET": "/run/notify"})


def client(root, *words):
    return root.run("apus-cli", "-p", PORT, *words)[1]


@pytest.mark.parametrize("name", ["apus_*.deb", "apus-hstore_*.deb"])
def test_lintian_finds_no_errors(name):
    done = subprocess.run(["lintian", "--fail-on", "error", "--allow-root", roots.only(name)],
                          text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_bridge_to_hstore_is_a_package_of_its_own(package):
    def dpkg(what, path):
        return subprocess.run(["dpkg-deb", what, path], text=True, capture_output=True, check=True).stdout

    bridge = roots.only("apus-hstore_*.deb")
    listed = dpkg("--contents", bridge)
    for path in ("/usr/bin/apus-hstore", "/usr/share/man/man1/apus-hstore.1.gz",
                 "/usr/share/bash-completion/completions/apus-hstore",
                 "/usr/share/zsh/vendor-completions/_apus-hstore",
                 "/usr/share/doc/apus-hstore/copyright"):
        assert f".{path}\n" in listed, path
    assert re.search(r"^ Depends: .*libpq5", dpkg("--info", bridge), re.M)
    assert "hstore" not in dpkg("--contents", package)
    assert "libpq5" not in dpkg("--info", package)


def test_what_is_installed(installed):
    listed = installed.shell("dpkg -L apus").splitlines()
    for path in ("/usr/bin/apus-server", "/usr/bin/apus-cli", "/usr/bin/apus-benchmark",
                 "/usr/bin/apus-check", "/etc/apus/apus.conf", "/lib/systemd/system/apus.service",
                 "/usr/share/man/man1/apus-cli.1.gz", "/usr/share/man/man5/apus.conf.5.gz",
                 "/usr/share/bash-completion/completions/apus-server",
                 "/usr/share/zsh/vendor-completions/_apus-benchmark",
                 "/usr/share/doc/apus/copyright"):
        assert path in listed, path
    facts = installed.shell("stat -c '%U:%G %a' /etc/apus/apus.conf /var/lib/apus; id -un apus")
    assert facts.splitlines() == ["root:apus 640", "apus:apus 750", "apus"]


def test_nothing_is_enabled(installed):
    assert not installed.exists("/etc/systemd/system/multi-user.target.wants/apus.service")
    assert "apus-server" not in installed.shell("cat /proc/[0-9]*/comm")


def test_it_starts_as_the_service_does(installed):
    notifications = Notifications(installed.path / "run/notify")
    with start(installed) as server:
        notifications.wait_for("READY=1")
        server.wait_for("Ready to accept connections")
        assert client(installed, "CONFIG", "GET", "supervised") == "supervised\nsystemd\n"
        assert client(installed, "CONFIG", "GET", "dir") == "dir\n/var/lib/apus\n"
        assert client(installed, "SET", "greeting", "hello") == "OK\n"
        client(installed, "SHUTDOWN", "SAVE")
        notifications.wait_for("STOPPING=1")
    assert installed.shell("stat -c '%U %a' /var/lib/apus/dump.rdb").split() == ["apus", "600"]
    with start(installed) as server:
        notifications.wait_for("READY=1")
        assert client(installed, "GET", "greeting") == "hello\n"
    notifications.close()


def test_an_upgrade_keeps_settings_and_data(installed, package, tmp_path):
    installed.shell("sed -i 's/^# databases 16/databases 3/' /etc/apus/apus.conf;"
                    "touch /var/lib/apus/dump.rdb")
    install(installed, roots.newer(package, tmp_path / "next"))
    assert installed.shell("dpkg-query -W -f '${Version}' apus").endswith("+next")
    assert "\ndatabases 3\n" in installed.read("/etc/apus/apus.conf")
    assert installed.exists("/etc/apus/apus.conf.dpkg-dist")
    assert installed.exists("/var/lib/apus/dump.rdb")
    assert installed.shell("stat -c '%U:%G %a' /etc/apus/apus.conf") == "root:apus 640\n"


def test_removing_and_purging(installed):
    installed.shell("touch /var/lib/apus/dump.rdb; dpkg --remove apus")
    assert not installed.exists("/usr/bin/apus-server")
    assert installed.exists("/etc/apus/apus.conf") and installed.exists("/var/lib/apus/dump.rdb")
    installed.shell("dpkg --purge apus")
    for path in ("/etc/apus", "/var/lib/apus", "/lib/systemd/system/apus.service"):
        assert not installed.exists(path), path
    assert installed.run("getent", "passwd", "apus", check=False)[0] != 0
    assert installed.run("dpkg-query", "-W", "apus", check=False)[0] != 0


def test_the_sandbox_of_the_service(tmp_path):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", SERVICE],
        text=True, capture_output=True)
    assert done.returncode == 0, done.stdout


def test_the_service_is_valid(tmp_path):
    text = SERVICE.read_text().replace("/usr/bin/", f"{roots.OUT}/stage/usr/bin/")
    (tmp_path / "apus.service").write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", tmp_path / "apus.service"],
                          text=True, capture_output=True)
    assert [line for line in done.stderr.splitlines() if "apus" in line] == []


@pytest.mark.parametrize("program", ["apus-server", "apus-cli", "apus-benchmark", "apus-check", "apus-hstore"])
def test_man_pages_are_readable(program):
    page = roots.OUT / f"stage/usr/share/man/man1/{program}.1.gz"
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", page], text=True,
                          capture_output=True, env=roots.ENVIRONMENT | {"MANWIDTH": "80"})
    assert done.returncode == 0 and done.stderr == ""
    assert f"{program}(1)" in done.stdout and f"{program} - " in done.stdout


@pytest.mark.parametrize("program", ["apus-cli", "apus-benchmark", "apus-server", "apus-hstore"])
def test_man_pages_have_every_option(program):
    """What --help lists and what the man page describes are the same options."""
    binary = roots.OUT / f"stage/usr/bin/{program}"
    text = subprocess.run([binary, "--help"], text=True, capture_output=True).stdout
    helped = set(re.findall(r"^\s{1,3}(--?[\w-]+)", text, re.M))
    if program == "apus-server":  # its help lists forms of the command line
        helped = set(re.findall(r"(?<= )(--?(?:v|version|h|help|memcached))(?=\s)", text))
    manual = (roots.ROOT / "docs/man" / f"{program}.md").read_text()
    terms = "\n".join(re.findall(r"^(\*\*-.+)\n:", manual, re.M)).replace("\\", "")
    described = set(re.findall(r"\*\*(--?[\w-]+)\*\*", terms))
    if program == "apus-hstore":  # it refers to the others as apus-cli's
        described -= {"--sni", "--cacert", "--cacertdir", "--insecure", "--cert", "--tls-ciphers",
                      "--tls-ciphersuites"}
    assert described - {"--pass"} == helped - {"--pass"}


COMPLETIONS = [("apus-cli --memkeys-s", "--memkeys-samples"), ("apus-cli hgeta", "hgetall"),
               ("apus-server --appendfs", "--appendfsync"),
               ("apus-server --appendfsync ev", "everysec"),
               ("apus-benchmark --zi", "--zipf"), ("apus-check r", "rdb")]


@pytest.mark.parametrize(("line", "completed"), COMPLETIONS)
def test_bash_completes(line, completed):
    script = f"""
        . {roots.OUT}/stage/usr/share/bash-completion/completions/{line.split()[0]}
        COMP_WORDS=({line}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _{line.split()[0].replace("-", "_")}
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "--norc", "-c", script], text=True, capture_output=True)
    assert completed in done.stdout.split(), done.stdout + done.stderr


@pytest.mark.parametrize(("line", "completed"), COMPLETIONS)
def test_zsh_completes(line, completed):
    script = f"""
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell "PS1= RPS1= fpath=({roots.OUT}/stage/usr/share/zsh/vendor-completions \\$fpath)"
        zpty -w shell "autoload -U compinit; compinit -u -D; bindkey '^I' complete-word; echo rea''dy"
        zpty -r -m shell seen '*ready*'
        zpty -w -n shell $'{line}\\t'
        zpty -r -m shell seen '*{completed}*'
        print -r -- $seen
    """
    done = subprocess.run(["timeout", "20", "zsh", "-f", "-c", script], text=True,
                          capture_output=True, env=roots.ENVIRONMENT | {"TERM": "dumb"})
    assert completed in done.stdout, done.stdout + done.stderr
