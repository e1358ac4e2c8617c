"""apus-cli --from-hstore and --to-hstore: rows of PostgreSQL become hashes and come back the same."""

import os
import pty
import random
import subprocess

import pytest

import postgres
import servers
from resp import ReplyError, parse
from test_cli import find_binary
from test_tls import certificates, options_for  # noqa: F401 (a fixture)

BINARY = find_binary()
pytestmark = pytest.mark.skipif(
    not (BINARY and os.path.exists(os.path.join(os.path.dirname(os.path.realpath(BINARY)), "apus-hstore")) and postgres.is_installed()),
    reason="no apus-cli, apus-hstore or PostgreSQL with hstore")


@pytest.fixture(scope="module")
def cluster():
    running = postgres.Cluster()
    yield running
    running.close()


@pytest.fixture(scope="module", params=[1, 4], ids=lambda n: f"threads-{n}")
def server(request):
    with servers.Server(servers.APUS, "--requirepass", "pass word", threads=request.param) as running:
        yield running


@pytest.fixture
def client(server):
    with server.connect() as made:
        made.raw("AUTH", "pass word")
        made.raw("FLUSHALL")
        yield made


def ask(client, *words):
    return parse(client.raw(*words))


class Bridge:
    def __init__(self, cluster, server):
        self.conninfo = f"host={cluster.directory} port={cluster.port} user=postgres dbname=postgres"
        self.server = server

    def words(self, direction, table="items", key="id", column="attrs", prefix="item:", more=()):
        return [BINARY, "-p", str(self.server.port), f"--{direction}-hstore", self.conninfo, "--table", table, "--key", key,
                "--column", column, "--prefix", prefix, *map(str, more)]

    def run(self, direction, code=0, **keywords):
        done = subprocess.run(self.words(direction, **keywords), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                              env=dict(os.environ, APUSCLI_AUTH="pass word"))
        assert done.returncode == code, (done.stdout, done.stderr)
        return (done.stdout if code == 0 else done.stderr).decode()


@pytest.fixture
def bridge(cluster, server, client):
    cluster.rows("DROP TABLE IF EXISTS items; DROP TABLE IF EXISTS copies")
    cluster.rows("CREATE TABLE items (id int PRIMARY KEY, attrs hstore)")
    return Bridge(cluster, server)


TEXTS = [b"a", b"b", b"", b"NULL", b"two words", b"\xff\x80", b"quote \" here", b"back\\slash", b"a=>b, c", b"tab\there", b"\xc3\xa9", b"x" * 300]


def literal(source):
    """The text of a random value of hstore."""
    def quoted(text):
        return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    names = source.sample(TEXTS, source.randrange(6))
    return b", ".join(quoted(name) + b"=>" + (b"NULL" if source.random() < 0.25 else quoted(source.choice(TEXTS))) for name in names)


def test_random_rows_go_and_come_back(bridge, cluster, client):
    source = random.Random(1)
    rows = [(str(number).encode(), literal(source)) for number in range(2500)]
    cluster.rows("INSERT INTO items SELECT a::int, b::hstore FROM given", rows)
    cluster.rows("INSERT INTO items VALUES (100000, NULL)")
    client.raw("HSET", "item:7", "stale", "x")
    told = bridge.run("from", more=["--batch", 700])
    without = sum(1 for _, text in rows if not text) + 1
    assert told.startswith(f"2501 rows loaded, {without} of them without attributes, ")
    assert ask(client, "DBSIZE") == 2501 - without
    for number in source.sample(range(2500), 400):
        ours = ask(client, "HGETL", f"item:{number}")
        theirs = cluster.rows(f"SELECT attrs::text FROM items WHERE id = {number}")[0][0]
        assert (ours or b"") == theirs
    assert ask(client, "HEXISTS", "item:7", "stale") == 0
    # Back, into another table.
    cluster.rows("CREATE TABLE copies (id int PRIMARY KEY, attrs hstore, other text DEFAULT 'kept')")
    cluster.rows("INSERT INTO copies VALUES (7, 'old=>1', 'mine')")
    client.raw("HSET", "other", "not", "ours")
    client.raw("SET", "item:string", "not a hash")
    assert bridge.run("to", table="copies", more=["--batch", 300]).startswith(f"{2501 - without} rows stored, ")
    different = cluster.rows("SELECT i.id FROM items i LEFT JOIN copies c ON i.id = c.id WHERE i.attrs <> '' AND i.attrs IS DISTINCT FROM c.attrs")
    assert different == []
    assert cluster.rows("SELECT count(*) FROM copies WHERE other = 'mine'") == [[b"1"]]


def test_the_way_may_be_encrypted(bridge, cluster, client, start, certificates):
    port = servers.free_port()
    server = start("apus", *options_for(certificates, port, "yes"), "--requirepass", "pass word")
    cluster.rows("INSERT INTO items SELECT a::int, b::hstore FROM given", [(b"1", b"a=>1"), (b"2", b"b=>NULL")])
    words = [BINARY, "--from-hstore", bridge.conninfo, "--table", "items", "--key", "id", "--column", "attrs"]
    secured = ["-u", f"rediss://localhost:{port}", "--cacert", certificates / "ca.crt", "--cert", certificates / "alice.crt"]
    for more, code in (([], 1), (["--tls-key", certificates / "alice.key"], 0)):
        done = subprocess.run([*words, *secured, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                              env=dict(os.environ, APUSCLI_AUTH="pass word"))
        assert done.returncode == code, done
    assert done.stdout.startswith(b"2 rows loaded, ")
    with server.connect() as connection:
        connection.raw("AUTH", "pass word")
        assert connection.raw("HGETALL", "1") == b"*2\r\n$1\r\na\r\n$1\r\n1\r\n"
        assert connection.raw("HGETALL", "2") == b"*2\r\n$1\r\nb\r\n$-1\r\n"


def test_names_are_quoted(bridge, cluster, client):
    cluster.rows("""CREATE SCHEMA IF NOT EXISTS "My ""Shop"; DROP TABLE IF EXISTS "My ""Shop"."It.ems';--" """)
    cluster.rows("""CREATE TABLE "My ""Shop"."It.ems';--" ("I'd""x" text PRIMARY KEY, "At trs" hstore)""")
    cluster.rows("""INSERT INTO "My ""Shop"."It.ems';--" VALUES ('it''s', 'a=>1'), ('"q"', 'n=>NULL')""")
    names = {"table": '"My ""Shop"."It.ems\';--"', "key": "I'd\"x", "column": "At trs", "prefix": "p*"}
    assert bridge.run("from", **names).startswith("2 rows loaded, ")
    assert ask(client, "HGETL", "p*it's") == b'"a"=>"1"' and ask(client, "HGETL", 'p*"q"') == b'"n"=>NULL'
    client.pipeline([["HSET", "p*new", "z", "9"], ["HSET", "pXnew", "not", "meant"]])
    assert bridge.run("to", **names).startswith("3 rows stored, ")
    assert cluster.rows("""SELECT "At trs"::text FROM "My ""Shop"."It.ems';--" WHERE "I'd""x" = 'new'""") == [[b'"z"=>"9"']]


def test_errors_name_the_row(bridge, cluster, client):
    cluster.rows("INSERT INTO items VALUES (1, 'a=>1'), (2, 'b=>2'), (3, 'c=>3')")
    client.raw("CONFIG", "SET", "maxmemory", "1")
    try:
        error = bridge.run("from", code=1)
        assert error.startswith('row "1": ') and "OOM" in error
    finally:
        client.raw("CONFIG", "SET", "maxmemory", "0")
    client.pipeline([["HSET", "item:5", "a", "1"], ["HSET", "item:six", "a", "1"]])
    assert 'row "six": ' in bridge.run("to", code=1) and cluster.rows("SELECT count(*) FROM items WHERE id = 5") in ([[b"0"]], [[b"1"]])
    client.pipeline([["DEL", "item:six"], ["HSET", "item:5", "zero", b"a\0b"]])
    assert bridge.run("to", code=1) == 'row "5": PostgreSQL cannot store zero bytes\n'
    client.raw("DEL", "item:5")
    for words, text in [({"table": "none"}, 'relation "none" does not exist'), ({"key": "none"}, 'no column "none"'),
                        ({"column": "id"}, 'the column "id" has the type integer, not hstore')]:
        assert text in bridge.run("from", code=1, **words)
    cluster.rows("CREATE TABLE copies (id int, attrs hstore)")
    cluster.rows("INSERT INTO copies VALUES (1, 'a=>1'), (NULL, 'b=>2')")
    assert bridge.run("from", code=1, table="copies") == 'a row has no key: its column "id" is null\n'
    client.raw("HSET", "item:9", "a", "1")
    assert "ON CONFLICT" in bridge.run("to", code=1, table="copies")
    bridge.conninfo = "host=/nowhere"
    assert bridge.run("from", code=1).startswith("PostgreSQL: ")


def test_an_interrupted_transfer_goes_on(bridge, cluster, client, tmp_path):
    state = str(tmp_path / "state")
    cluster.rows("INSERT INTO items SELECT i, hstore('n', i::text) FROM generate_series(1, 1000) i")
    # A row that cannot be loaded, as its field is longer than what is allowed, stops it halfway.
    cluster.rows("UPDATE items SET attrs = hstore('n', repeat('x', 1100000)) WHERE id = 501")
    client.raw("CONFIG", "SET", "proto-max-bulk-len", "1048576")
    try:
        error = bridge.run("from", code=1, more=["--state", state, "--batch", 100])
        assert "501" in error or "closed" in error
        place = open(state).read()
        assert '"500"' in place
        cluster.rows("UPDATE items SET attrs = hstore('n', '501') WHERE id = 501")
        client.raw("FLUSHALL")
        # It goes on with the last row of before.
        assert bridge.run("from", more=["--state", state, "--batch", 100]).startswith("501 rows loaded, ")
    finally:
        client.raw("CONFIG", "SET", "proto-max-bulk-len", str(512 << 20))
    assert not os.path.exists(state)
    assert ask(client, "EXISTS", "item:499", "item:500", "item:1000") == 2
    open(state, "w").write(place)
    assert "is not the state of this transfer" in bridge.run("from", code=1, prefix="other:", more=["--state", state])
    assert "is not the state of this transfer" in bridge.run("to", code=1, more=["--state", state])
    os.remove(state)
    # Back: a row that cannot be stored stops it somewhere.
    assert bridge.run("from", more=["--batch", 100]).startswith("1000 rows loaded, ")
    cluster.rows("CREATE TABLE copies (id int PRIMARY KEY CHECK (id <> 700), attrs hstore)")
    error = bridge.run("to", code=1, table="copies", more=["--state", state, "--batch", 50])
    assert error.startswith('row "700": ') and "copies_id_check" in error
    before = int(cluster.rows("SELECT count(*) FROM copies")[0][0])
    assert before < 1000
    cluster.rows("ALTER TABLE copies DROP CONSTRAINT copies_id_check")
    told = bridge.run("to", table="copies", more=["--state", state, "--batch", 50])
    assert int(told.split()[0]) >= 1000 - before
    assert cluster.rows("SELECT count(*) FROM copies WHERE attrs -> 'n' = id::text") == [[b"1000"]]
    assert not os.path.exists(state)


def test_keys_and_rows_of_any_type(bridge, cluster, client):
    cluster.rows("CREATE TABLE copies (id uuid PRIMARY KEY, attrs hstore)")
    cluster.rows("INSERT INTO copies SELECT md5(i::text)::uuid, hstore('n', i::text) FROM generate_series(1, 50) i")
    assert bridge.run("from", table="copies", prefix="").startswith("50 rows loaded, ")
    cluster.rows("TRUNCATE copies")
    assert bridge.run("to", table="copies", prefix="").startswith("50 rows stored, ")
    assert cluster.rows("SELECT count(*) FROM copies WHERE id = md5(attrs -> 'n')::uuid") == [[b"50"]]


def test_a_terminal_sees_a_bar(bridge, cluster, client):
    cluster.rows("INSERT INTO items SELECT i, hstore('n', i::text) FROM generate_series(1, 20000) i")
    main, other = pty.openpty()
    done = subprocess.Popen(bridge.words("from", more=["--batch", 20]), stdout=subprocess.PIPE, stderr=other,
                            env=dict(os.environ, APUSCLI_AUTH="pass word"))
    os.close(other)
    shown = b""
    while True:
        try:
            block = os.read(main, 4096)
        except OSError:
            break
        if not block:
            break
        shown += block
    assert done.wait(30) == 0 and done.stdout.read().startswith(b"20000 rows loaded, ")
    os.close(main)
    assert b"of 20000 rows" in shown and b"[#" in shown and shown.endswith(b"\x1b[K")


def test_words_are_checked(server):
    def run(*words):
        return subprocess.run([BINARY, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
    done = run("--table", "t", "ping")
    assert done.returncode == 1 and b"--table needs --from-hstore or --to-hstore." in done.stderr
    done = run("--from-hstore", "", "--table", "t")
    assert done.returncode == 1 and b"--key is missing" in done.stderr
    assert b"--from-hstore" in run("--help").stdout
