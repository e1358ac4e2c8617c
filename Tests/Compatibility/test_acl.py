"""Users and what they may do: ACL, AUTH, access files, and requests that are denied.

Where redis-server 7.0 knows the behaviour, the same test runs against both. It words denials otherwise than Redis does
since 7.2, and shortens the rules of a user where Redis since 7.2 tells them as they were given.
"""

import random
import re
import time

import pytest

import servers
from resp import Closed, Members, Pairs, ReplyError, parse


def ask(connection, *words):
    """The parsed reply, an error as its text."""
    value = parse(connection.raw(*words))
    return str(value) if isinstance(value, ReplyError) else value


def fields(pairs):
    return {pairs[i]: pairs[i + 1] for i in range(0, len(pairs), 2)}


def kind(text):
    """What a denial is about, whatever the words."""
    text = text.decode() if isinstance(text, bytes) else text
    for name in ("command", "key", "channel", "database"):
        if re.search(rf"\b{name}s?\b( used as arguments)?'?$", text.strip()) or f"one of the {name}s" in text:
            return name
    return "database" if "access database" in text else text


@pytest.fixture
def admin(start, which):
    server = start(which, threads=2)
    with server.connect() as connection:
        connection.server = server
        yield connection


def login(server, user, password="x", protocol=2):
    connection = server.connect()
    assert ask(connection, "AUTH", user, password) == "OK"
    if protocol == 3:
        connection.raw("HELLO", "3")
    return connection


# --- Rules


REFUSED = [
    ("#12", "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"),
    ("#" + "A" * 64, "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"),
    ("<none", "The password you are trying to remove from the user does not exist"),
    ("!none", "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"),
    ("+nosuch", "Unknown command or category name in ACL"),
    ("-select|1", "Unknown command or category name in ACL"),
    ("+config|get|x", "Allowing first-arg of a subcommand is not supported"),
    ("+config|nope", "Unknown command or category name in ACL"),
    ("+select|", "Syntax error"),
    ("+@nope", "Unknown command or category name in ACL"),
    ("-@nope", "Unknown command or category name in ACL"),
    ("%~x", "Syntax error"), ("%Q~x", "Syntax error"), ("%RR~x", "Syntax error"),
    ("~a b", "Syntax error"), ("&a b", "Syntax error"), ("blah", "Syntax error"), ("(on)", "Syntax error"),
    ("(~*", None), ("+", "Unknown command or category name in ACL"), ("%", "Syntax error"),
]


@pytest.mark.parametrize("rule, why", REFUSED)
def test_a_bad_rule_changes_nothing_and_says_why(admin, rule, why):
    assert ask(admin, "ACL", "SETUSER", "a", "on", "+get") == "OK"
    before = ask(admin, "ACL", "LIST")
    reply = ask(admin, "ACL", "SETUSER", "a", "-get", rule, "~x")
    if why is None:
        assert reply == f"ERR Unmatched parenthesis in acl selector starting at '{rule}'."
    else:
        assert reply == f"ERR Error in ACL SETUSER modifier '{rule}': {why}"
    assert ask(admin, "ACL", "LIST") == before


def test_patterns_behind_all_of_them_are_refused(admin):
    for rules, what, start in ((("~*", "~x"), "allkeys", "resetkeys"), (("&*", "&x"), "allchannels", "resetchannels")):
        reply = ask(admin, "ACL", "SETUSER", "a", *rules)
        assert what in reply and start in reply and reply.startswith(f"ERR Error in ACL SETUSER modifier '{rules[1]}'")


@pytest.mark.parametrize("rules, line", [
    ([], "off resetchannels -@all"),
    (["on", "nopass"], "on nopass resetchannels -@all"),
    (["on", ">p"], "on #148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940 resetchannels -@all"),
    ([">p", "nopass", ">p", "resetpass"], "off resetchannels -@all"),
    ([">p", "<p"], "off resetchannels -@all"),
    (["allkeys", "allchannels", "allcommands"], "off ~* &* +@all"),
    (["~*", "&*", "+@all"], "off ~* &* +@all"),
    (["~a", "~b", "~a", "%R~c", "%w~c", "%W~d", "%rW~e"], "off ~a ~b ~c %W~d ~e resetchannels -@all"),
    (["%R~*"], "off %R~* resetchannels -@all"),
    (["~*", "resetkeys", "~x"], "off ~x resetchannels -@all"),
    (["&a", "&b", "&a"], "off resetchannels &a &b -@all"),
    (["+get"], "off resetchannels -@all +get"),
    (["+select|1", "+select|0"], "off resetchannels -@all +select|1 +select|0"),
    (["(+get ~a)", "(%R~b", "+set)"], "off resetchannels -@all (~a resetchannels -@all +get) (%R~b resetchannels -@all +set)"),
    (["(+get ~a)", "clearselectors"], "off resetchannels -@all"),
    (["skip-sanitize-payload"], "off skip-sanitize-payload resetchannels -@all"),
    (["on", ">p", "~*", "&*", "+@all", "(~x)", "reset"], "off sanitize-payload resetchannels -@all"),
    (["", "on", ""], "on resetchannels -@all"),
])
def test_rules_are_told_as_files_have_them(admin, rules, line):
    assert ask(admin, "ACL", "SETUSER", "a", *rules) == "OK"
    told = ask(admin, "ACL", "LIST")[0].decode()
    assert told == f"user a {line}"
    # What is told makes the same user again.
    assert ask(admin, "ACL", "SETUSER", "b", *re.findall(r"\([^)]*\)|\S+", told)[2:]) == "OK"
    assert ask(admin, "ACL", "LIST")[1].decode() == told.replace("user a", "user b")


@pytest.mark.parametrize("rules, line", [
    ("+get +set +config|get", "-@all +get +set +config|get"),
    ("+GET +Config|GET +@Read", "-@all +get +config|get +@read"),
    ("+@all -@dangerous +keys", "+@all -@dangerous +keys"),
    ("+config|get +config|set -config +get -config|get", "-@all -config +get -config|get"),
    ("+@read -@read +@read", "-@all +@read"),
    ("+select|0 +select|1 +select", "-@all +select"),
    ("+select|0 -select", "-@all -select"),
    ("+get -@all +set nocommands", "-@all"),
    ("-get allcommands", "+@all"),
])
def test_rules_about_commands_are_told_as_they_were_given(start, rules, line):
    """Since 7.2."""
    with start("apus").connect() as admin:
        ask(admin, "ACL", "SETUSER", "a", *rules.split())
        assert fields(ask(admin, "ACL", "GETUSER", "a"))[b"commands"] == line.encode()


def test_a_user_is_told_field_by_field(admin):
    assert ask(admin, "ACL", "GETUSER", "none") is None
    ask(admin, "ACL", "SETUSER", "a", "on", ">p", "~k", "%R~r", "&c", "+get", "(~x &y +set)")
    admin.raw("HELLO", "3")
    told = ask(admin, "ACL", "GETUSER", "a")
    assert isinstance(told, Pairs)
    told = [pair for pair in told if pair[0] != b"databases"]
    flags = dict(told)[b"flags"]
    assert isinstance(flags, Members) and flags == [b"on"]
    assert told[1:5] == [
        (b"passwords", [b"148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940"]),
        (b"commands", b"-@all +get"), (b"keys", b"~k %R~r"), (b"channels", b"&c")]
    selector = [pair for pair in told[5][1][0] if pair[0] != b"databases"]
    assert selector == [(b"commands", b"-@all +set"), (b"keys", b"~x"), (b"channels", b"&y")]


def test_words_and_their_number_are_checked(admin):
    assert ask(admin, "ACL", "SETUSER", "a b") == "ERR Usernames can't contain spaces or null characters"
    assert ask(admin, "ACL", "SETUSER", b"a\0b") == "ERR Usernames can't contain spaces or null characters"
    assert ask(admin, "ACL", "SETUSER") == "ERR wrong number of arguments for 'acl|setuser' command"
    assert ask(admin, "ACL", "DELUSER", "default") == "ERR The 'default' user cannot be removed"
    assert ask(admin, "ACL", "CAT", "nope") == "ERR Unknown category 'nope'"
    assert ask(admin, "ACL", "CAT", "a", "b") == \
        "ERR unknown subcommand or wrong number of arguments for 'CAT'. Try ACL HELP."
    for bits in ("0", "-1", "4097"):
        assert ask(admin, "ACL", "GENPASS", bits) == \
            "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096"
    assert ask(admin, "ACL", "LOG", "x") == "ERR value is not an integer or out of range"
    assert ask(admin, "ACL", "LOG", "-1") == []
    for words in (["LOAD"], ["SAVE"]):
        assert ask(admin, "ACL", *words).startswith("ERR This Redis instance is not configured to use an ACL file.")


def test_passwords_are_made_of_as_many_bits_as_asked_for(admin):
    for bits, digits in ((None, 64), ("1", 1), ("5", 2), ("256", 64), ("4096", 1024)):
        password = ask(admin, "ACL", "GENPASS", *([bits] if bits else []))
        assert len(password) == digits and re.fullmatch(rb"[0-9a-f]+", password)
    assert ask(admin, "ACL", "GENPASS") != ask(admin, "ACL", "GENPASS")


def test_categories_hold_what_commands_say_of_themselves(admin):
    categories = ask(admin, "ACL", "CAT")
    assert categories[:3] == [b"keyspace", b"read", b"write"] and len(categories) == 21
    assert {b"get", b"strlen", b"append"} <= set(ask(admin, "ACL", "CAT", "STRING"))
    assert b"config|get" in ask(admin, "ACL", "CAT", "admin")


def test_users_are_listed_by_name_and_removed(admin):
    for name in ("zoe", "amy", "Bob"):
        ask(admin, "ACL", "SETUSER", name)
    assert ask(admin, "ACL", "USERS") == [b"Bob", b"amy", b"default", b"zoe"]
    assert ask(admin, "ACL", "DELUSER", "zoe", "nobody", "amy", "zoe") == 2
    assert ask(admin, "ACL", "USERS") == [b"Bob", b"default"]


# --- Saying who one is


def test_auth_and_hello_let_users_in(admin):
    server = admin.server
    ask(admin, "ACL", "SETUSER", "amy", "on", ">one", ">two", "+@all", "~*")
    with server.connect() as client:
        assert ask(client, "ACL", "WHOAMI") == b"default"
        for password in ("one", "two"):
            assert ask(client, "AUTH", "amy", password) == "OK"
        assert ask(client, "ACL", "WHOAMI") == b"amy"
        wrong = "WRONGPASS invalid username-password pair or user is disabled."
        assert ask(client, "AUTH", "amy", "three") == wrong
        assert ask(client, "AUTH", "nobody", "x") == wrong
        assert ask(client, "ACL", "WHOAMI") == b"amy"
        assert ask(client, "HELLO", "2", "AUTH", "nobody", "x") == wrong
        ask(admin, "ACL", "SETUSER", "amy", "off")
        assert ask(client, "AUTH", "amy", "one") == wrong
        assert ask(client, "PING") == "PONG", "whoever is in stays in"
        assert ask(client, "AUTH", "x") == (
            "ERR AUTH <password> called without any password configured for the default user. "
            "Are you sure your configuration is correct?")
        ask(admin, "ACL", "SETUSER", "amy", "on")
        assert b"proto" in ask(client, "HELLO", "2", "AUTH", "amy", "two")
        assert ask(client, "RESET") == "RESET"
        assert ask(client, "ACL", "WHOAMI") == b"default"
        assert f" user=amy ".encode() not in ask(admin, "CLIENT", "LIST")
        ask(client, "AUTH", "amy", "one")
        assert b" user=amy " in ask(admin, "CLIENT", "LIST")
        assert ask(admin, "CLIENT", "KILL", "USER", "nobody") == "ERR No such user 'nobody'"
        assert ask(admin, "CLIENT", "KILL", "USER", "amy") == 1
        assert client.is_closed()


def test_the_default_user_may_ask_for_a_password_or_be_off(admin):
    server = admin.server
    noauth = "NOAUTH Authentication required."
    with server.connect() as early:
        ask(early, "PING")
        ask(admin, "ACL", "SETUSER", "default", "resetpass", ">p")
        assert ask(early, "PING") == "PONG", "whoever is in stays in"
        with server.connect() as late:
            assert ask(late, "PING") == noauth
            assert ask(late, "ACL", "WHOAMI") == noauth
            assert ask(late, "NOSUCH").startswith("ERR unknown command")
            assert ask(late, "GET") == "ERR wrong number of arguments for 'get' command"
            assert ask(late, "AUTH", "p") == "OK" and ask(late, "PING") == "PONG"
            assert ask(late, "RESET") == "RESET" and ask(late, "PING") == noauth
            ask(admin, "ACL", "SETUSER", "default", "nopass")
            assert ask(late, "PING") == "PONG", "nobody is asked any more"
            ask(admin, "ACL", "SETUSER", "default", "off")
            assert ask(late, "PING") == noauth
            assert ask(late, "AUTH", "default", "x").startswith("WRONGPASS")
    ask(admin, "ACL", "SETUSER", "default", "on")


def test_requirepass_is_the_password_of_the_default_user(start, which):
    server = start(which, "--requirepass", "first")
    with server.connect() as client:
        assert ask(client, "PING") == "NOAUTH Authentication required."
        assert ask(client, "AUTH", "default", "first") == "OK"
        assert b"#a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e" in ask(client, "ACL", "LIST")[0]
        assert ask(client, "CONFIG", "SET", "requirepass", "second") == "OK"
        assert ask(client, "AUTH", "first").startswith("WRONGPASS")
        assert ask(client, "AUTH", "second") == "OK"
        assert ask(client, "CONFIG", "SET", "requirepass", "") == "OK"
        assert b" nopass " in ask(client, "ACL", "LIST")[0]
        with server.connect() as other:
            assert ask(other, "PING") == "PONG"


# --- Denials


def test_a_denied_request_says_what_is_denied(start):
    server = start("apus", threads=2)
    with server.connect() as admin:
        ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+get", "+set", "+config|get", "~a*", "%R~r*")
        with login(server, "amy") as client:
            assert ask(client, "GET", "a1") is None
            assert ask(client, "GET", "r1") is None
            assert ask(client, "SET", "a1", "x") == "OK"
            for words in (["SET", "r1", "x"], ["GET", "b"]):
                assert ask(client, *words) == "NOPERM No permissions to access a key"
            assert ask(client, "DEL", "a1") == "NOPERM User amy has no permissions to run the 'del' command"
            assert ask(client, "CONFIG", "SET", "port", "1") == \
                "NOPERM User amy has no permissions to run the 'config|set' command"
            assert ask(client, "NOSUCH").startswith("ERR unknown command")
            assert ask(client, "DEL") == "ERR wrong number of arguments for 'del' command"
            assert ask(client, "AUTH", "amy", "any") == "OK", "one may always say who one is"


def test_a_denied_request_leaves_no_trace_but_its_own(admin):
    server = admin.server
    ask(admin, "SET", "due", "x", "PX", "1")
    ask(admin, "DEBUG", "SET-ACTIVE-EXPIRE", "0")
    ask(admin, "SET", "k", "x")
    ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+get", "+object", "~other")
    time.sleep(1.2)
    before = fields_of_info(admin)
    with login(server, "amy") as client:
        for key in ("k", "due"):
            assert ask(client, "GET", key).startswith("NOPERM")
        assert ask(client, "DEL", "k").startswith("NOPERM")
    after = fields_of_info(admin)
    for name in ("keyspace_hits", "keyspace_misses", "expired_keys"):
        assert before[name] == after[name], name
    assert int(after["total_error_replies"]) - int(before["total_error_replies"]) == 3
    assert ask(admin, "OBJECT", "IDLETIME", "k") >= 1
    stats = admin.raw("INFO", "commandstats").decode()
    assert re.search(r"cmdstat_get:calls=0,.*rejected_calls=2,failed_calls=0", stats)
    assert "errorstat_NOPERM:count=3" in admin.raw("INFO", "errorstats").decode()


def fields_of_info(connection, section="stats"):
    text = connection.command("INFO", section).decode()
    return dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)


def test_info_counts_what_was_denied(start):
    server = start("apus")
    with server.connect() as admin:
        ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+get", "~x", "db=0")
        with login(server, "amy") as client:
            ask(client, "SET", "x", "1")
            ask(client, "GET", "y")
            ask(client, "GET", "y")
            ask(client, "AUTH", "nobody", "x")
        info = fields_of_info(admin)
        assert [info[f"acl_access_denied_{name}"] for name in ("auth", "cmd", "key", "channel", "db")] == list("11200")
        ask(admin, "CONFIG", "RESETSTAT")
        assert fields_of_info(admin)["acl_access_denied_key"] == "0"


@pytest.mark.parametrize("words, allowed", [
    (["SORT", "x"], True), (["SORT", "x", "BY", "nosort"], True), (["SORT", "x", "BY", "w_*"], "BY"),
    (["SORT", "x", "GET", "w_*"], "GET"), (["SORT", "x", "GET", "#"], "GET"), (["SORT_RO", "x", "BY", "w*"], "BY"),
    (["SORT", "x", "STORE", "z"], False), (["SORT", "x", "STORE", "x"], True),
])
def test_sort_reads_no_keys_that_its_user_may_not(admin, words, allowed):
    server = admin.server
    ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+@all", "~x", "%R~y")
    ask(admin, "ACL", "SETUSER", "bob", "on", "nopass", "+@all", "~x", "%R~*")
    for user in ("amy", "bob"):
        with login(server, user) as client:
            reply = ask(client, *words)
            if isinstance(allowed, str) and user == "amy":
                assert reply == f"ERR {allowed} option of SORT denied due to insufficient ACL permissions."
            elif allowed:
                assert not isinstance(reply, str)
            else:
                assert kind(reply) == "key"
            # The next request is judged by itself.
            assert ask(client, "SORT", "x") == []


def test_selectors_allow_as_a_whole(admin):
    server = admin.server
    ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+get", "~a", "(+set ~b)", "(+copy %R~a %W~b)")
    with login(server, "amy") as client:
        assert ask(client, "GET", "a") is None
        assert ask(client, "SET", "b", "1") == "OK"
        assert kind(ask(client, "GET", "b")) == "key"
        assert kind(ask(client, "SET", "a", "1")) == "key"
        assert ask(client, "COPY", "a", "b", "REPLACE") == 0
        assert kind(ask(client, "COPY", "b", "a")) == "key"
        assert kind(ask(client, "DEL", "a")) == "command"


def test_first_words_allow_a_command(admin):
    server = admin.server
    ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+@all", "-select", "+select|1", "+select|Two")
    with login(server, "amy") as client:
        assert ask(client, "SELECT", "1") == "OK"
        assert kind(ask(client, "SELECT", "0")) == "command"
        assert ask(client, "SELECT", "tWO").startswith("ERR")


def test_database_selectors(start):
    """Of Valkey 9.1."""
    server = start("apus", threads=2)
    with server.connect() as admin:
        assert ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "~*", "+@all", "db=0,1") == "OK"
        assert ask(admin, "ACL", "LIST")[0] == b"user amy on nopass ~* resetchannels db=0,1 +@all"
        assert fields(ask(admin, "ACL", "GETUSER", "amy"))[b"databases"] == b"db=0,1"
        denied = "NOPERM No permissions to access database"
        with login(server, "amy") as client:
            assert ask(client, "SET", "k", "v") == "OK"
            assert ask(client, "SELECT", "1") == "OK" and ask(client, "GET", "k") is None
            for words in (["SELECT", "2"], ["SWAPDB", "0", "2"], ["MOVE", "k", "2"], ["FLUSHALL"],
                          ["COPY", "k", "l", "DB", "2"]):
                assert ask(client, *words) == denied, words
            assert ask(client, "SWAPDB", "0", "1") == "OK"
            assert ask(client, "SELECT", "x").startswith("ERR")
            ask(admin, "ACL", "SETUSER", "amy", "db=3")
            for words in (["GET", "k"], ["DBSIZE"], ["FLUSHDB"], ["SELECT", "1"]):
                assert ask(client, *words) == denied, words
            assert ask(client, "PING") == "PONG"
            assert ask(client, "SELECT", "3") == "OK" and ask(client, "GET", "k") is None
            entry = fields(ask(admin, "ACL", "LOG")[-1])
            assert entry[b"reason"] == b"database" and entry[b"object"] == b"2"
            assert ask(admin, "ACL", "DRYRUN", "amy", "SELECT", "2") == \
                b"User amy has no permissions to access database 2"
            ask(admin, "ACL", "SETUSER", "amy", "resetdbs")
            assert ask(client, "GET", "k") == denied
            assert b" resetdbs " in ask(admin, "ACL", "LIST")[0]
            ask(admin, "ACL", "SETUSER", "amy", "alldbs")
            assert ask(client, "SELECT", "15") == "OK"
        for rule in ("db=", "db=x", "db=1,,2", "db=-1"):
            assert ask(admin, "ACL", "SETUSER", "amy", rule).endswith("Syntax error")


# --- The log


def test_the_log_gathers_denials_alike(admin):
    server = admin.server
    ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+get", "~x")
    with login(server, "amy") as client:
        ask(client, "SET", "x", "1")
        ask(client, "GET", "y")
        ask(client, "GET", "z")
        ask(client, "SET", "y", "1")
        ask(client, "Auth", "nobody", "x")
    admin.raw("HELLO", "3")
    entries = [dict(entry) for entry in ask(admin, "ACL", "LOG")]
    told = [(e[b"reason"], e[b"object"], e[b"count"], e[b"username"]) for e in entries]
    assert told == [(b"auth", b"Auth", 1, b"nobody"), (b"command", b"set", 2, b"amy"), (b"key", b"z", 1, b"amy"),
                    (b"key", b"y", 1, b"amy")]
    assert all(e[b"context"] == b"toplevel" and 0 <= e[b"age-seconds"] < 60 for e in entries)
    assert b" cmd=set " in entries[1][b"client-info"] and b" user=amy " in entries[1][b"client-info"]
    assert len(ask(admin, "ACL", "LOG", "2")) == 2
    assert ask(admin, "ACL", "LOG", "RESET") == "OK"
    assert ask(admin, "ACL", "LOG") == []


def test_the_log_is_no_longer_than_allowed(admin):
    server = admin.server
    ask(admin, "CONFIG", "SET", "acllog-max-len", "3")
    ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+get")
    with login(server, "amy") as client:
        for index in range(200):
            ask(client, "GET", str(index))
    objects = [fields(entry)[b"object"] for entry in ask(admin, "ACL", "LOG", "100")]
    assert objects == [b"199", b"198", b"197"]


# --- Changes while clients are there


def test_changes_reach_clients_at_once(admin):
    server = admin.server
    ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+get", "~*")
    clients = [login(server, "amy") for _ in range(8)]
    for client in clients:
        assert kind(ask(client, "SET", "k", "v")) == "command"
    ask(admin, "ACL", "SETUSER", "amy", "+set")
    for client in clients:
        assert ask(client, "SET", "k", "v") == "OK"
    ask(admin, "ACL", "SETUSER", "amy", "+@all", "&*")
    for client in clients:
        assert ask(client, "DBSIZE") == 1
    ask(admin, "ACL", "SETUSER", "amy", "resetkeys")
    for client in clients:
        assert kind(ask(client, "GET", "k")) == "key"
        assert ask(client, "DBSIZE") == 1


def test_a_removed_user_takes_its_clients_along(admin):
    server = admin.server
    for name in ("amy", "bob"):
        ask(admin, "ACL", "SETUSER", name, "on", "nopass", "+@all", "~*")
    clients = [login(server, "amy") for _ in range(8)]
    with login(server, "bob") as other:
        assert ask(admin, "ACL", "DELUSER", "amy") == 1
        assert all(client.is_closed() for client in clients)
        assert ask(other, "PING") == "PONG"
        # Whoever removes itself still hears of it.
        assert ask(other, "ACL", "DELUSER", "bob") == 1
        assert other.is_closed()


def test_a_removed_user_cannot_run_what_it_has_sent(admin):
    server = admin.server
    ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+@all", "~*")
    with login(server, "amy") as client:
        from resp import encode
        client.send(encode(["ACL", "DELUSER", "amy"]) + encode(["SET", "k", "v"]))
        assert client.reply() == b":1\r\n"
        assert client.until_close() == b""
    assert ask(admin, "EXISTS", "k") == 0


def test_channels_are_allowed_by_pattern_and_patterns_literally(admin):
    server = admin.server
    ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+@all", "&news:*", "&one")
    with login(server, "amy") as client:
        assert ask(client, "PUBLISH", "news:1", "x") == 0 and ask(client, "SPUBLISH", "one", "x") == 0
        for words in (["PUBLISH", "two", "x"], ["SPUBLISH", "two", "x"], ["SUBSCRIBE", "one", "two"], ["SSUBSCRIBE", "two"],
                      ["PSUBSCRIBE", "news:1*"], ["PSUBSCRIBE", "*"]):
            assert kind(ask(client, *words)) == "channel", words
        assert ask(client, "PSUBSCRIBE", "news:*") == [b"psubscribe", b"news:*", 1]
        assert ask(client, "SUBSCRIBE", "one") == [b"subscribe", b"one", 2]
        assert ask(client, "UNSUBSCRIBE", "two") == [b"unsubscribe", b"two", 2]
    entry = fields(ask(admin, "ACL", "LOG", "1")[0])
    assert entry[b"reason"] == b"channel" and entry[b"object"] == b"*"


def test_listeners_that_may_listen_no_longer_are_closed(admin):
    server = admin.server
    ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+@all", "&a*", "&b")
    with login(server, "amy") as one, login(server, "amy") as two, login(server, "amy") as idle:
        ask(one, "SUBSCRIBE", "a1")
        ask(two, "PSUBSCRIBE", "a*")
        assert ask(admin, "ACL", "SETUSER", "amy", "resetchannels", "&a1", "&c") == "OK"
        assert two.is_closed()
        assert ask(one, "PING") == [b"pong", b""] and ask(idle, "PING") == "PONG"
        assert ask(admin, "ACL", "SETUSER", "amy", "resetchannels") == "OK"
        assert one.is_closed() and ask(idle, "PING") == "PONG"
        assert ask(admin, "ACL", "DELUSER", "amy") == 1
        assert idle.is_closed()


def need(connection, *names):
    for name, known in zip(names, ask(connection, "COMMAND", "INFO", *names)):
        if known is None:
            pytest.skip(f"the server does not know {name} yet")


def test_a_denied_command_spoils_the_transaction(admin):
    need(admin, "MULTI")
    ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+@all", "-del", "~a")
    with login(admin.server, "amy") as client:
        assert ask(client, "MULTI") == "OK"
        assert ask(client, "SET", "a", "1") == "QUEUED"
        assert kind(ask(client, "SET", "b", "1")) == "key"
        assert kind(ask(client, "DEL", "a")) == "command"
        assert ask(client, "EXEC").startswith("EXECABORT")
        assert ask(client, "GET", "a") is None
    contexts = {fields(entry)[b"context"] for entry in ask(admin, "ACL", "LOG")}
    assert contexts <= {b"toplevel", b"multi"}


def test_exec_checks_again(admin):
    need(admin, "MULTI")
    ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+@all", "~a", "~b")
    with login(admin.server, "amy") as client:
        for words in (["MULTI"], ["SET", "a", "1"], ["SET", "b", "1"], ["GET", "a"], ["SORT", "a", "BY", "nosort"]):
            client.raw(*words)
        ask(admin, "ACL", "SETUSER", "amy", "-get", "resetkeys", "~a")
        replies = ask(client, "EXEC")
        changed = "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. " \
            "This command is no longer allowed for the following reason: "
        assert replies[0] == "OK"
        assert str(replies[1]) == changed + "no permission to touch the specified keys"
        assert str(replies[2]) == changed + "no permission to execute the command or subcommand"
    entries = [fields(entry) for entry in ask(admin, "ACL", "LOG")]
    assert [(e[b"context"], e[b"reason"], e[b"object"]) for e in entries] == [
        (b"multi", b"command", b"get"), (b"multi", b"key", b"b")]


def test_a_user_is_removed_in_the_middle_of_something(admin):
    need(admin, "MULTI", "BLPOP")
    server = admin.server
    ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+@all", "~*", "&*")
    with login(server, "amy") as queueing, login(server, "amy") as blocked, login(server, "amy") as listening:
        queueing.raw("MULTI")
        queueing.raw("SET", "k", "v")
        listening.raw("SUBSCRIBE", "c")
        blocked.send(b"*3\r\n$5\r\nBLPOP\r\n$1\r\nl\r\n$1\r\n0\r\n")
        deadline = time.monotonic() + 5
        while b"cmd=blpop" not in ask(admin, "CLIENT", "LIST") and time.monotonic() < deadline:
            time.sleep(0.01)
        assert ask(admin, "ACL", "DELUSER", "amy") == 1
        assert queueing.is_closed() and blocked.is_closed() and listening.is_closed()
    assert ask(admin, "RPUSH", "l", "x") == 1 and ask(admin, "LLEN", "l") == 1
    assert ask(admin, "EXISTS", "k") == 0 and ask(admin, "PUBLISH", "c", "m") == 0


# --- Files


def test_users_of_the_configuration_file(start, which):
    config = "# users\nuser amy on >p ~a* +get\nuser bob off\nacl-pubsub-default allchannels\n"
    server = start(which, config=config)
    with server.connect() as client:
        assert ask(client, "ACL", "USERS") == [b"amy", b"bob", b"default"]
        assert ask(client, "AUTH", "amy", "p") == "OK"
        assert ask(client, "GET", "a") is None
        assert kind(ask(client, "GET", "b")) == "key"
    with server.connect() as admin:
        ask(admin, "ACL", "SETUSER", "zoe", "on", "+ping")
        ask(admin, "ACL", "DELUSER", "bob")
        ask(admin, "ACL", "SETUSER", "amy", "+set")
        assert ask(admin, "CONFIG", "REWRITE") == "OK"
        with open(f"{server.directory}/server.conf") as file:
            text = file.read()
        lines = [line for line in text.split("\n") if line.startswith("user ")]
        assert sorted(lines) == sorted(line.decode() for line in ask(admin, "ACL", "LIST"))
        assert text.startswith("# users\nuser amy on #148de9c5")


@pytest.mark.parametrize("lines, why", [
    ("user amy +nosuch", "Unknown command or category name in ACL"),
    ("user amy\nuser amy", "Duplicate user found. A user can only be defined once in config files"),
    ('user "a b"', None),
    ("user amy (+get", None),
])
def test_bad_users_in_the_configuration_end_the_start(start, which, lines, why):
    with pytest.raises(servers.StartFailed) as failure:
        start(which, config=lines + "\n")
    assert (why or "Error in user declaration" if which == "apus" else why or "ACL") in str(failure.value)


def test_an_access_file_is_loaded_saved_and_loaded_again(start, which, tmp_path):
    path = tmp_path / "users.acl"
    path.write_text("user amy on >p ~a +get\n\n  user default on nopass ~* &* +@all\r\n")
    server = start(which, "--aclfile", path, threads=2)
    with server.connect() as admin, server.connect() as amy, server.connect() as bob:
        assert ask(admin, "ACL", "USERS") == [b"amy", b"default"]
        assert ask(amy, "AUTH", "amy", "p") == "OK"
        ask(admin, "ACL", "SETUSER", "bob", "on", "nopass", "+@all", "~*")
        assert ask(bob, "AUTH", "bob", "p") == "OK"
        assert ask(admin, "ACL", "SAVE") == "OK"
        assert path.read_text().splitlines() == [line.decode() for line in ask(admin, "ACL", "LIST")]
        path.write_text("user zoe +get\n")
        assert ask(admin, "ACL", "LOAD") == "OK"
        assert bob.is_closed() and amy.is_closed()
        assert ask(admin, "ACL", "LIST") == [
            b"user default on nopass ~* &* +@all", b"user zoe off resetchannels -@all +get"]
        path.write_text("user amy +nosuch ~* ~x\nfoo\nuser amy\nuser bob (+get\n")
        assert ask(admin, "ACL", "LOAD") == (
            f"ERR {path}:1: Error in applying operation '+nosuch': Unknown command or category name in ACL. "
            f"{path}:1: Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have "
            f"any effect. Try 'resetkeys' to start with an empty list of patterns. {path}:2 should start with user "
            f"keyword followed by the username. WARNING: Duplicate user 'amy' found on line 3. {path}:4: Unmatched "
            "parenthesis in selector definition.WARNING: ACL errors detected, no change to the previously active ACL "
            "rules was performed")
        assert ask(admin, "ACL", "USERS") == [b"default", b"zoe"]


def test_a_load_leaves_clients_alone_whose_user_stays_as_it_was(start, tmp_path):
    """Since Redis 7.4."""
    path = tmp_path / "users.acl"
    path.write_text("user amy on nopass +ping\nuser bob on nopass +ping\n")
    server = start("apus", "--aclfile", path, threads=2)
    with server.connect() as admin, login(server, "amy") as amy, login(server, "bob") as bob:
        path.write_text("user amy on nopass +ping\nuser bob on nopass +ping +get\n")
        assert ask(admin, "ACL", "LOAD") == "OK"
        assert ask(amy, "PING") == "PONG"
        assert bob.is_closed()


def test_a_bad_access_file_ends_the_start(start, which, tmp_path):
    path = tmp_path / "users.acl"
    path.write_text("user amy +nosuch\n")
    for options, why in (
        (["--aclfile", path], "Unknown command or category name in ACL"),
        (["--aclfile", tmp_path / "none"], "Error loading ACLs, opening file"),
        (["--aclfile", path, "--user", "amy", "on"], "please define either an ACL file or declare users"),
    ):
        with pytest.raises(servers.StartFailed) as failure:
            start(which, *options)
        assert why in str(failure.value)


# --- Rules by chance


def rule(generator, names, categories):
    pick = generator.random()
    sign = generator.choice("+-")
    if pick < 0.45:
        return sign + generator.choice(names)
    if pick < 0.6:
        return sign + "@" + generator.choice(categories)
    if pick < 0.65:
        return generator.choice(["+@all", "-@all", "allcommands", "nocommands", "+select|1", "+select|0"])
    pattern = generator.choice(["a*", "b", "?", "[ab]1", "*", "ab*c", "*1"])
    if pick < 0.9:
        return generator.choice(["~", "%R~", "%W~", "%RW~"]) + pattern
    if pick < 0.95:
        return "&" + pattern
    return generator.choice(["allkeys", "resetkeys", "allchannels", "resetchannels"])


REQUESTS = [
    "GET {k}", "SET {k} v", "SET {k} v GET", "GETSET {k} v", "DEL {k} {k}", "EXISTS {k} {k}", "COPY {k} {k}",
    "RENAME {k} {k}", "MGET {k} {k}", "MSET {k} 1 {k} 2", "LPUSH {k} x", "LPOP {k}", "LMOVE {k} {k} LEFT RIGHT",
    "SINTERSTORE {k} {k} {k}", "ZUNIONSTORE {k} 2 {k} {k}", "ZADD {k} 1 a", "ZRANGESTORE {k} {k} 0 -1",
    "HSET {k} f v", "HGET {k} f", "BITOP AND {k} {k} {k}", "BITFIELD {k} GET u8 0", "BITFIELD {k} SET u8 0 1",
    "SORT {k} STORE {k}", "SORT {k}", "GEORADIUS {k} 1 1 1 m STORE {k}", "XADD {k} * a b", "XREAD STREAMS {k} {k} 0 0",
    "XREADGROUP GROUP g c STREAMS {k} >", "PFMERGE {k} {k}", "PFCOUNT {k} {k}", "OBJECT ENCODING {k}", "TOUCH {k}",
    "SELECT 0", "SELECT 1", "CONFIG GET x", "CONFIG SET port 1", "CLIENT LIST", "CLIENT ID", "PING", "AUTH a b",
    "HELLO", "FLUSHALL", "KEYS *", "SCAN 0", "DBSIZE", "TTL {k}", "EXPIRE {k} 1", "LMPOP 2 {k} {k} LEFT",
    "SPOP {k}", "PUBLISH {k} x", "SUBSCRIBE {k} {k}", "PSUBSCRIBE {k} a*", "UNSUBSCRIBE {k}", "SSUBSCRIBE {k}", "INCR {k}", "APPEND {k} x", "STRLEN {k}", "TYPE {k}", "MEMORY USAGE {k}", "ACL WHOAMI",
]


@pytest.mark.parametrize("seed", range(4))
def test_rules_by_chance_allow_what_redis_allows(start, seed):
    generator = random.Random(seed)
    ours, theirs = start("apus"), start("oracle")
    with ours.connect() as apus, theirs.connect() as oracle:
        names = [n.decode() for n in apus.command("COMMAND", "LIST") if n in set(oracle.command("COMMAND", "LIST"))]
        categories = [c.decode() for c in oracle.command("ACL", "CAT")]
        # A category has other members where commands are newer: those that both have are asked.
        for _ in range(60):
            rules = [rule(generator, names, categories) for _ in range(generator.randint(1, 12))]
            if generator.random() < 0.4:
                inner = " ".join(rule(generator, names, categories) for _ in range(generator.randint(1, 6)))
                rules.append(f"({inner})")
            words = ["ACL", "SETUSER", "amy", "reset", *rules]
            made = [ask(connection, *words) for connection in (apus, oracle)]
            assert made[0] == made[1], words
            if made[0] != "OK":
                continue
            requests = [re.sub(r"\{k\}", lambda _: generator.choice(["a1", "b", "abc", "c1", "b1", "x"]), request).split()
                        for request in generator.sample(REQUESTS, 30)]
            asked = [["ACL", "DRYRUN", "amy", *request] for request in requests]
            for request, mine, other in zip(requests, apus.pipeline(asked), oracle.pipeline(asked)):
                mine, other = parse(mine), parse(other)
                assert mine == other or same_denial(mine, other), (rules, request, mine, other)


def same_denial(mine, other):
    """Both deny, and for the same command, key or channel."""
    quoted = [re.findall(rb"'([^']*)'", text) for text in (mine, other) if isinstance(text, bytes)]
    return len(quoted) == 2 and quoted[0] == quoted[1] and kind(mine.split(b"'")[2]) == kind(other.split(b"'")[2])


def test_a_megabyte_of_rules(start):
    server = start("apus", threads=2)
    with server.connect(timeout=30) as admin:
        rules = [f"~key:{index:06d}:*" for index in range(75000)] + [f"+select|{index}" for index in range(2000)]
        begin = time.monotonic()
        assert ask(admin, "ACL", "SETUSER", "amy", "on", "nopass", "+get", "+set", *rules) == "OK"
        assert time.monotonic() - begin < 5
        assert len(ask(admin, "ACL", "LIST")[0]) > 1 << 20
        with login(server, "amy") as client:
            assert ask(client, "SET", "key:074999:x", "1") == "OK"
            assert ask(client, "GET", "key:075000:x").startswith("NOPERM")
            assert ask(client, "SELECT", "1999") == "ERR DB index is out of range"
            begin = time.monotonic()
            client.pipeline([["GET", f"key:{index:06d}:x"] for index in range(10000)])
            assert time.monotonic() - begin < 2, "many patterns are not tried one after the other"
        assert ask(admin, "ACL", "DELUSER", "amy") == 1
