"""A PostgreSQL cluster of its own with the extension hstore, as the oracle of our hstore commands.

It lives in a temporary folder and listens on a unix socket there, nowhere else. Text is passed as
bytes: the database has no encoding, so every byte but zero is a character.
"""

import glob
import os
import shutil
import subprocess
import tempfile

from servers import free_port


def _program(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else shutil.which(name)


def is_installed():
    return all(_program(name) for name in ("initdb", "pg_ctl", "psql")) and bool(
        glob.glob("/usr/share/postgresql/*/extension/hstore.control"))


class Cluster:
    """A running cluster; `rows` asks it."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="apus-postgres-")
        self.port = free_port()
        # PostgreSQL refuses to run as root.
        self.prefix = []
        if os.geteuid() == 0:
            self.prefix = ["runuser", "-u", "postgres", "--"]
            shutil.chown(self.directory, "postgres")
        self._run("initdb", "-D", f"{self.directory}/data", "-U", "postgres", "-A", "trust",
                  "--no-sync", "--locale=C", "--encoding=SQL_ASCII")
        options = (f"-c listen_addresses='' -c port={self.port} -c fsync=off "
                   f"-c unix_socket_directories='{self.directory}'")
        self._run("pg_ctl", "-D", f"{self.directory}/data", "-w", "-o", options,
                  "-l", f"{self.directory}/log", "start")
        self.rows("CREATE EXTENSION hstore")

    def _run(self, program, *words, **keywords):
        return subprocess.run(self.prefix + [_program(program), *words], check=True,
                              cwd=self.directory, stdout=subprocess.PIPE, timeout=120, **keywords)

    def rows(self, query, given=()):
        """The rows that `query` returns, each a list of bytes or None.

        `given` are rows of two texts; the query finds them in a table `given (i, a, b)`, where i
        counts from 0.
        """
        lines = [b"CREATE TEMP TABLE given (i int, a text, b text);\nCOPY given FROM stdin;\n"]
        for index, (a, b) in enumerate(given):
            lines.append(b"%d\t%b\t%b\n" % (index, _escape(a), _escape(b)))
        lines.append(b"\\.\n")
        is_select = query.lstrip().upper().startswith("SELECT")
        lines.append((f"COPY ({query}) TO stdout;\n" if is_select else f"{query};\n").encode())
        done = self._run("psql", "-h", self.directory, "-p", str(self.port), "-U", "postgres",
                         "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "postgres", input=b"".join(lines))
        return [[_unescape(field) for field in line.split(b"\t")]
                for line in done.stdout.split(b"\n")[:-1]]

    def close(self):
        self._run("pg_ctl", "-D", f"{self.directory}/data", "-m", "immediate", "stop")
        shutil.rmtree(self.directory, ignore_errors=True)


# The escapes of COPY's text format.
_ESCAPES = {b"\\": b"\\\\", b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r", b"\b": b"\\b",
            b"\f": b"\\f", b"\v": b"\\v"}
_MEANINGS = {escape[1:]: byte for byte, escape in _ESCAPES.items()}


def _escape(text):
    if text is None:
        return b"\\N"
    return b"".join(_ESCAPES.get(bytes([byte]), bytes([byte])) for byte in text)


def _unescape(field):
    if field == b"\\N":
        return None
    parts = field.split(b"\\")
    text = [parts[0]]
    index = 1
    while index < len(parts):
        if parts[index]:
            text.append(_MEANINGS[parts[index][:1]] + parts[index][1:])
            index += 1
        else:  # Two backslashes in a row.
            text.append(b"\\" + parts[index + 1])
            index += 2
    return b"".join(text)
