"""CLIENT LIST and CLIENT KILL with their filters, CLIENT CAPA, RESET."""

import re
import time

import pytest

from resp import ReplyError, parse


def ask(connection, *words):
    value = parse(connection.raw(*words))
    return str(value) if isinstance(value, ReplyError) else value


def ids(connection, *filters):
    text = ask(connection, "CLIENT", "LIST", *filters)
    assert isinstance(text, bytes), text
    return [int(number) for number in re.findall(rb"^id=(\d+) ", text, re.M)]


class Clients:
    """Four clients, each different from the others, and one that asks."""

    def __init__(self, server):
        self.server = server
        self.admin = server.connect()
        ask(self.admin, "ACL", "SETUSER", "amy", "on", "nopass", "+@all", "~*", "&*")
        self.named, self.user, self.listener, self.third = (server.connect() for _ in range(4))
        ask(self.named, "CLIENT", "SETNAME", "one")
        ask(self.named, "CLIENT", "SETINFO", "LIB-NAME", "lib")
        ask(self.named, "CLIENT", "SETINFO", "LIB-VER", "1.0")
        ask(self.named, "CLIENT", "NO-EVICT", "on")
        ask(self.user, "AUTH", "amy", "x")
        ask(self.user, "CLIENT", "CAPA", "redirect", "nonsense")
        ask(self.listener, "HELLO", "3")
        ask(self.third, "SELECT", "3")
        self.all = [self.admin, self.named, self.user, self.listener, self.third]
        self.id = {client: parse(client.raw("CLIENT", "ID")) for client in self.all}
        self.listener.raw("SUBSCRIBE", "c")

    def close(self):
        for client in self.all:
            client.close()

    def meant(self, *clients):
        return sorted(self.id[client] for client in clients)

    def others(self, *clients):
        return self.meant(*[client for client in self.all if client not in clients])

    def local_address(self, client):
        return "%s:%d" % client.socket.getsockname()


@pytest.fixture(params=[1, 2, 4], ids=lambda n: f"threads-{n}")
def clients(start, request):
    made = Clients(start("apus", threads=request.param))
    yield made
    made.close()


def test_each_filter_of_valkey_9_means_who_is_so(clients):
    c = clients
    def both(name, value, *meant):
        assert ids(c.admin, name, value) == c.meant(*meant), name
        assert ids(c.admin, "NOT-" + name, value) == c.others(*meant), name
    both("NAME", "one", c.named)
    both("LIB-NAME", "lib", c.named)
    both("LIB-VER", "1.0", c.named)
    both("FLAGS", "e", c.named)
    both("FLAGS", "P", c.listener)
    both("USER", "amy", c.user)
    both("CAPA", "r", c.user)
    both("TYPE", "pubsub", c.listener)
    both("TYPE", "replica")
    both("DB", "3", c.third)
    both("IP", "127.0.0.1", *c.all)
    both("ADDR", c.local_address(c.named), c.named)
    both("LADDR", f"127.0.0.1:{c.server.port}", *c.all)
    both("ID", str(c.id[c.user]), c.user)


def test_filters_are_joined_and_ids_follow_each_other(clients):
    c = clients
    numbers = [str(c.id[client]) for client in (c.named, c.user)]
    assert ids(c.admin, "ID", *numbers) == c.meant(c.named, c.user)
    assert ids(c.admin, "NOT-ID", *numbers, "TYPE", "normal") == c.meant(c.admin, c.third)
    assert ids(c.admin, "ID", *numbers, "NAME", "one") == c.meant(c.named)
    assert ids(c.admin, "NAME", "one", "DB", "3") == []
    assert ids(c.admin, "SKIPME", "yes") == c.others(c.admin)
    assert ids(c.admin, "SKIPME", "no") == c.others()
    assert ids(c.admin, "DB", "3", "DB", "0", "NAME", "one") == c.meant(c.named), "the last one counts"
    assert ids(c.admin, "IDLE", "1000") == [] and ids(c.admin, "MAXAGE", "1000") == []


def test_kill_takes_the_same_filters(clients):
    c = clients
    assert ask(c.admin, "CLIENT", "KILL", "NAME", "one", "DB", "3") == 0
    assert ask(c.admin, "CLIENT", "KILL", "NAME", "one") == 1
    assert c.named.is_closed()
    assert ask(c.admin, "CLIENT", "KILL", "ID", str(c.id[c.user]), str(c.id[c.third]), "NOT-DB", "3") == 1
    assert c.user.is_closed()
    assert ask(c.admin, "CLIENT", "KILL", "NOT-TYPE", "pubsub") == 1
    assert c.third.is_closed()
    assert ask(c.admin, "CLIENT", "KILL", "NOT-NAME", "one", "SKIPME", "no") == 2
    assert c.listener.is_closed() and c.admin.is_closed()


@pytest.mark.parametrize("words, reply", [
    ("LIST TYPE foo", "ERR Unknown client type 'foo'"), ("LIST ID a", "ERR Invalid client ID"),
    ("LIST ID", "ERR syntax error"), ("LIST FOO", "ERR syntax error"), ("LIST FOO x", "ERR syntax error"),
    ("KILL ID x", "ERR client-id should be greater than 0"), ("KILL ID 0", "ERR client-id should be greater than 0"),
    ("KILL ID", "ERR No such client"), ("KILL ID 1 TYPE", "ERR syntax error"),
    ("KILL SKIPME maybe", "ERR syntax error"), ("KILL TYPE x", "ERR Unknown client type 'x'"),
    ("KILL FOO x", "ERR syntax error"), ("KILL ADDR 1.2.3.4:5", 0), ("KILL 1.2.3.4:5", "ERR No such client"),
    ("KILL ID 99999", 0), ("KILL USER nobody", "ERR No such user 'nobody'"), ("NO-EVICT x", "ERR syntax error"),
])
def test_bad_filters_are_refused(start, which, words, reply):
    with start(which).connect() as client:
        assert ask(client, "CLIENT", *words.split()) == reply


@pytest.mark.parametrize("words, reply", [
    ("LIST FLAGS z", "ERR Unknown flags found in the provided filter: z"),
    ("LIST CAPA x", "ERR Unknown capa found in the provided filter: x"),
    ("LIST DB x", "ERR value is not an integer or out of range"), ("LIST IDLE x", "ERR idle is not an integer or out of range"),
    ("LIST IDLE 0", "ERR idle should be greater than 0"), ("LIST MAXAGE 0", "ERR maxage should be greater than 0"),
    ("LIST NOT-IDLE 5", "ERR syntax error"), ("LIST NOT-USER nobody", "ERR No such user 'nobody'"),
    ("CAPA", "ERR wrong number of arguments for 'client|capa' command"),
])
def test_bad_newer_filters_are_refused(start, words, reply):
    with start("apus").connect() as client:
        assert ask(client, "CLIENT", *words.split()) == reply


def test_ages_are_whole_seconds(start):
    server = start("apus")
    with server.connect() as old:
        deadline = time.monotonic() + 5
        while not ids(old, "MAXAGE", "1") and time.monotonic() < deadline:
            time.sleep(0.05)
        with server.connect() as new:
            assert ids(new, "MAXAGE", "1") == [parse(old.raw("CLIENT", "ID"))]


def test_reset_brings_back_a_new_connection(start, which):
    server = start(which, threads=2)
    with server.connect() as admin, server.connect() as client:
        ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+@all", "-reset", "&*")
        for words in (["AUTH", "amy", "x"], ["HELLO", "3"], ["SELECT", "2"], ["CLIENT", "SETNAME", "x"],
                      ["SUBSCRIBE", "c"]):
            client.raw(*words)
        assert parse(client.raw("RESET")) == "RESET"
        line = ask(client, "CLIENT", "INFO")
        for field in (b" name= ", b" db=0 ", b" sub=0 ", b" user=default ", b" resp=2"):
            assert field in line, field
        assert b" flags=N " in line
        assert ask(admin, "PUBLISH", "c", "m") == 0
