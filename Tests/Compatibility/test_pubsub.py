"""Publish and subscribe: what subscribers are sent, when and in which order, on redis-server and on Apus."""

import re
import threading
import time

import pytest

from resp import Push, encode, parse
from servers import info, until


@pytest.fixture
def connect(place):
    """Connections that are closed, and gone from the server's tables, after the test."""
    made = []

    def connector(protocol=2):
        made.append(place.connect(protocol=protocol))
        return made[-1]

    yield connector
    for connection in made:
        connection.close()
    with place.connect() as observer:
        until(lambda: info(observer, "pubsub_channels") == 0 and info(observer, "pubsub_patterns") == 0
              and info(observer, "pubsubshard_channels") == 0)


def words(connection, count=1):
    return [parse(connection.reply()) for _ in range(count)]


def subscribe(connection, *channels, command="SUBSCRIBE"):
    connection.send(encode([command, *channels]))
    return words(connection, len(channels))


def client_field(observer, client_id, field):
    for line in parse(observer.raw("CLIENT", "LIST")).decode().splitlines():
        if line.startswith(f"id={client_id} "):
            return re.search(rf" {field}=(\S*)", line).group(1)
    return None


def test_confirmations_count_channels_and_patterns_together(connect):
    c = connect()
    assert c.raw("SUBSCRIBE", "a") == b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
    assert subscribe(c, "a", "b", "a") == [[b"subscribe", b"a", 1], [b"subscribe", b"b", 2], [b"subscribe", b"a", 2]]
    assert subscribe(c, "p*", command="PSUBSCRIBE") == [[b"psubscribe", b"p*", 3]]
    assert subscribe(c, "s", "t", command="SSUBSCRIBE") == [[b"ssubscribe", b"s", 1], [b"ssubscribe", b"t", 2]]
    assert parse(c.raw("UNSUBSCRIBE", "a")) == [b"unsubscribe", b"a", 2]
    assert parse(c.raw("UNSUBSCRIBE", "nothing")) == [b"unsubscribe", b"nothing", 2]
    assert parse(c.raw("SUNSUBSCRIBE", "s")) == [b"sunsubscribe", b"s", 1]
    assert parse(c.raw("PUNSUBSCRIBE")) == [b"punsubscribe", b"p*", 1]
    assert parse(c.raw("UNSUBSCRIBE")) == [b"unsubscribe", b"b", 0]
    assert parse(c.raw("SUNSUBSCRIBE")) == [b"sunsubscribe", b"t", 0]
    assert c.raw("UNSUBSCRIBE") == b"*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n"
    assert parse(c.raw("PUNSUBSCRIBE")) == [b"punsubscribe", None, 0]
    assert parse(c.raw("SUNSUBSCRIBE")) == [b"sunsubscribe", None, 0]
    assert c.raw("GET", "k") == b"$-1\r\n"


def test_unsubscribing_from_all_tells_each(connect):
    c = connect()
    names = [b"c%d" % i for i in range(50)]
    subscribe(c, *names)
    c.send(encode(["UNSUBSCRIBE"]))
    pushes = words(c, 50)
    assert {p[1] for p in pushes} == set(names)
    assert [p[2] for p in pushes] == list(range(49, -1, -1))


def test_in_resp2_a_subscriber_may_do_little_else(connect):
    c = connect()
    subscribe(c, "a")
    refusal = "-ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\r\n"
    for command, name in [(["GET", "x"], "get"), (["PUBLISH", "a", "m"], "publish"), (["CLIENT", "LIST"], "client|list"),
                          (["HELLO", "3"], "hello"), (["CONFIG", "GET", "x"], "config|get"),
                          (["PUBSUB", "CHANNELS"], "pubsub|channels"), (["SET", "a", "b", "EX"], "set")]:
        assert c.raw(*command) == (refusal % name).encode(), command
    assert c.raw("ECHO") == b"-ERR wrong number of arguments for 'echo' command\r\n"
    assert c.raw("NONSENSE").startswith(b"-ERR unknown command 'NONSENSE'")
    assert c.raw("PING") == b"*2\r\n$4\r\npong\r\n$0\r\n\r\n"
    assert c.raw("PING", "x") == b"*2\r\n$4\r\npong\r\n$1\r\nx\r\n"
    assert c.raw("PING", "x", "y") == b"-ERR wrong number of arguments for 'ping' command\r\n"
    assert c.raw("UNSUBSCRIBE", "a") == b"*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n"
    assert c.raw("PING") == b"+PONG\r\n"
    subscribe(c, "s", command="SSUBSCRIBE")
    assert c.raw("GET", "x").startswith(b"-ERR Can't execute")


def test_reset_and_quit_end_subscriptions(connect):
    c, other = connect(), connect()
    subscribe(c, "a", "b")
    subscribe(c, "a*", command="PSUBSCRIBE")
    assert c.raw("RESET") == b"+RESET\r\n"
    assert c.raw("GET", "x") == b"$-1\r\n"
    assert other.command("PUBLISH", "a", "m") == 0
    assert other.command("PUBSUB", "CHANNELS") == [] and other.command("PUBSUB", "NUMPAT") == 0
    subscribe(c, "a")
    assert c.raw("QUIT") == b"+OK\r\n"
    assert c.is_closed()
    until(lambda: other.command("PUBLISH", "a", "m") == 0)


def test_messages_reach_all_subscribers(connect):
    subscribers = [connect(2 + i % 2) for i in range(9)]
    for c in subscribers:
        subscribe(c, "news")
    publisher = connect()
    big = b"x" * 100_000
    for body in [b"hello", b"", b"\r\n\0\xff", big]:
        assert publisher.command("PUBLISH", "news", body) == 9
        for i, c in enumerate(subscribers):
            message = parse(c.reply())
            assert message == [b"message", b"news", body]
            assert isinstance(message, Push) == (i % 2 == 1)
    assert publisher.command("PUBLISH", "News", "m") == 0
    assert publisher.command("SPUBLISH", "news", "m") == 0


def test_the_bytes_of_messages(connect):
    two, three, publisher = connect(2), connect(3), connect()
    for c, head in [(two, b"*"), (three, b">")]:
        subscribe(c, "c")
        subscribe(c, "c*", command="PSUBSCRIBE")
        subscribe(c, "c", command="SSUBSCRIBE")
    assert publisher.command("PUBLISH", "c", "m") == 4
    assert publisher.command("SPUBLISH", "c", "n") == 2
    for c, head in [(two, b"*"), (three, b">")]:
        assert c.reply() == head + b"3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n"
        assert c.reply() == head + b"4\r\n$8\r\npmessage\r\n$2\r\nc*\r\n$1\r\nc\r\n$1\r\nm\r\n"
        assert c.reply() == head + b"3\r\n$8\r\nsmessage\r\n$1\r\nc\r\n$1\r\nn\r\n"


def test_patterns(connect):
    c, publisher = connect(3), connect()
    patterns = ["*", "news.*", "news.?", "new[s]*", r"n\*", "news.art", "", "news.*.x"]
    subscribe(c, *patterns, command="PSUBSCRIBE")
    assert publisher.command("PUBSUB", "NUMPAT") == len(patterns)
    for channel, matching in [("news.a", ["*", "news.*", "news.?", "new[s]*"]), ("news.art", ["*", "news.*", "new[s]*", "news.art"]),
                              ("n*", ["*", r"n\*"]), ("news.b.x", ["*", "news.*", "new[s]*", "news.*.x"]),
                              ("other", ["*"])]:
        assert publisher.command("PUBLISH", channel, "m") == len(matching), channel
        got = {message[1].decode() for message in words(c, len(matching))}
        assert got == set(matching), channel


def test_thousands_of_patterns_are_found_by_their_beginning(connect, place):
    c, publisher = connect(3), connect()
    subscribe(c, *[f"user:{i}:*" for i in range(10_000)], command="PSUBSCRIBE")
    start = time.monotonic()
    for i in range(0, 10_000, 50):
        assert publisher.command("PUBLISH", f"user:{i}:login", "m") == 1
    taken = time.monotonic() - start
    assert [m[1] for m in words(c, 200)] == [b"user:%d:*" % i for i in range(0, 10_000, 50)]
    if place.name == "apus":
        assert taken < 2


def test_pubsub_reports(connect):
    observer, a, b = connect(), connect(3), connect(2)
    subscribe(a, "x", "y")
    subscribe(b, "y", "z")
    subscribe(b, "p*", "q*", command="PSUBSCRIBE")
    subscribe(a, "p*", command="PSUBSCRIBE")
    subscribe(a, "s", command="SSUBSCRIBE")
    assert sorted(observer.command("PUBSUB", "CHANNELS")) == [b"x", b"y", b"z"]
    assert sorted(observer.command("PUBSUB", "CHANNELS", "[xy]")) == [b"x", b"y"]
    assert observer.command("PUBSUB", "NUMSUB") == []
    assert observer.command("PUBSUB", "NUMSUB", "y", "none", "x", "s") == [b"y", 2, b"none", 0, b"x", 1, b"s", 0]
    assert observer.command("PUBSUB", "NUMPAT") == 2
    assert observer.command("PUBSUB", "SHARDCHANNELS") == [b"s"]
    assert observer.command("PUBSUB", "SHARDCHANNELS", "x*") == []
    assert observer.command("PUBSUB", "SHARDNUMSUB", "s", "y") == [b"s", 1, b"y", 0]
    assert observer.raw("PUBSUB", "NOSUCH") == b"-ERR unknown subcommand 'NOSUCH'. Try PUBSUB HELP.\r\n"
    assert observer.raw("PUBSUB") == b"-ERR wrong number of arguments for 'pubsub' command\r\n"
    assert observer.raw("PUBSUB", "CHANNELS", "a", "b") == (
        b"-ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.\r\n")
    assert parse(observer.raw("PUBSUB", "HELP"))[0].startswith("PUBSUB <subcommand>")
    assert [info(observer, f) for f in ("pubsub_channels", "pubsub_patterns", "pubsubshard_channels")] == [3, 2, 1]


def test_client_list_and_kill_know_subscribers(connect):
    observer, c, normal = connect(), connect(3), connect()
    client_id = c.command("CLIENT", "ID")
    subscribe(c, "a", "b", "c")
    subscribe(c, "p*", "q*", command="PSUBSCRIBE")
    subscribe(c, "s", command="SSUBSCRIBE")
    assert [client_field(observer, client_id, f) for f in ("flags", "sub", "psub", "ssub")] == ["P", "3", "2", "1"]
    lines = observer.command("CLIENT", "LIST", "TYPE", "pubsub").decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith(f"id={client_id} ")
    assert f"id={client_id} " not in observer.command("CLIENT", "LIST", "TYPE", "normal").decode()
    assert observer.command("CLIENT", "KILL", "TYPE", "pubsub") == 1
    assert c.is_closed()
    assert normal.raw("PING") == b"+PONG\r\n"
    until(lambda: observer.command("PUBLISH", "a", "m") == 0)


def test_a_push_to_oneself_comes_between_the_replies(connect, place):
    c = connect(3)
    subscribe(c, "a")
    c.send(encode(["PUBLISH", "a", "1"]) + encode(["PING"]) + encode(["PUBLISH", "a", "2"]) + encode(["GET", "none"]))
    got = words(c, 6)
    first, second = [b"message", b"a", b"1"], [b"message", b"a", b"2"]
    if place.name == "apus":  # as Redis since 7.2: behind the reply of the command that caused it
        assert got == [1, first, "PONG", 1, second, None]
    else:
        assert got == [first, 1, "PONG", second, 1, None]


def test_what_was_said_before_one_asks_is_heard_before_the_answer(connect):
    subscribers = [connect(2 + i % 2) for i in range(8)]
    publisher = connect()
    for c in subscribers:
        subscribe(c, "a")
    for round in range(200):
        publisher.command("PUBLISH", "a", str(round))
        c = subscribers[round % 8]
        c.send(encode(["PING"]))
        for other in subscribers:
            assert parse(other.reply()) == [b"message", b"a", b"%d" % round]
        assert parse(c.reply()) in ("PONG", [b"pong", b""])


def test_nothing_comes_after_the_end_of_a_subscription_is_confirmed(connect):
    c, publisher = connect(), connect()
    stop = threading.Event()

    def publish():
        while not stop.is_set():
            publisher.pipeline([["PUBLISH", "a", "m"]] * 20)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        for _ in range(150):
            assert subscribe(c, "a") == [[b"subscribe", b"a", 1]]
            c.send(encode(["UNSUBSCRIBE", "a"]) + encode(["ECHO", "done"]))
            while (got := parse(c.reply())) != [b"unsubscribe", b"a", 0]:
                assert got == [b"message", b"a", b"m"]
            assert parse(c.reply()) == b"done"
    finally:
        stop.set()
        thread.join()


def test_who_subscribes_later_hears_nothing_earlier(connect):
    publisher, early = connect(), connect()
    subscribe(early, "a")
    late = [connect() for _ in range(8)]
    for round in range(50):
        assert publisher.command("PUBLISH", "a", f"early {round}") == 1
        c = late[round % 8]
        assert subscribe(c, "a") == [[b"subscribe", b"a", 1]]
        assert publisher.command("PUBLISH", "a", f"late {round}") == 2
        assert parse(c.reply()) == [b"message", b"a", b"late %d" % round]
        assert parse(c.raw("UNSUBSCRIBE")) == [b"unsubscribe", b"a", 0]


def test_replies_off_leaves_pushes_on(connect):
    c = connect(3)
    c.send(b"".join(map(encode, [
        ["CLIENT", "REPLY", "OFF"], ["SUBSCRIBE", "z"], ["PING"], ["PUBLISH", "z", "1"], ["SUBSCRIBE"],
        ["CLIENT", "REPLY", "ON"]])))
    assert words(c, 3) == [[b"subscribe", b"z", 1], [b"message", b"z", b"1"], "OK"]


def test_another_protocol_later(connect):
    c, publisher = connect(3), connect()
    subscribe(c, "a")
    c.raw("HELLO", "2")
    assert c.raw("GET", "x").startswith(b"-ERR Can't execute 'get'")
    publisher.command("PUBLISH", "a", "m")
    assert c.reply().startswith(b"*3\r\n$7\r\nmessage")


def test_a_slow_subscriber_is_cut_off_without_harm_to_others(connect, place):
    publisher, slow, fast = connect(), connect(), connect(3)
    publisher.raw("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 0 0")
    subscribe(slow, "a")
    subscribe(fast, "a")
    body = "y" * 50_000
    for i in range(400):
        publisher.command("PUBLISH", "a", f"{i} {body}")
        assert parse(fast.reply())[2].split()[0] == b"%d" % i
    if place.name == "apus":
        assert info(publisher, "client_output_buffer_limit_disconnections") >= 1
    until(lambda: publisher.command("PUBSUB", "NUMSUB", "a") == [b"a", 1])
    # A client without subscriptions is in another class.
    publisher.raw("SET", "big", "z" * 3_000_000)
    publisher.send(encode(["GET", "big"]) * 5)
    time.sleep(0.1)
    assert [len(publisher.reply()) for _ in range(5)] == [3_000_012] * 5
    publisher.raw("CONFIG", "SET", "client-output-buffer-limit", "pubsub 32mb 8mb 60")


def test_a_subscriber_that_stalls_gets_everything_in_order(connect):
    publisher, slow = connect(), connect()
    subscribe(slow, "a")
    for size in (10, 3000, 20_000):
        for i in range(0, 300, 10):
            publisher.pipeline([["PUBLISH", "a", f"{i + j} " + "x" * size] for j in range(10)])
        assert [int(parse(slow.reply())[2].split()[0]) for _ in range(300)] == list(range(300))
    assert slow.raw("PING").startswith(b"*2")


def test_a_flood_of_subscriptions(connect, place):
    c, observer = connect(3), connect()
    client_id = c.command("CLIENT", "ID")
    count = 100_000
    for start in range(0, count, 1000):
        c.send(encode(["SUBSCRIBE", *(f"channel:{i}" for i in range(start, start + 1000))]))
        assert words(c, 1000)[-1][2] == start + 1000
    assert client_field(observer, client_id, "sub") == str(count)
    assert info(observer, "pubsub_channels") == count
    if place.name == "apus":
        assert int(client_field(observer, client_id, "tot-mem")) > 10_000_000
    assert observer.command("PUBLISH", "channel:77777", "m") == 1
    assert parse(c.reply()) == [b"message", b"channel:77777", b"m"]
    c.send(encode(["UNSUBSCRIBE"]))
    assert words(c, count)[-1][2] == 0
    assert info(observer, "pubsub_channels") == 0


def test_subscribers_that_leave_in_the_middle(connect, place):
    observer = connect()
    gone = [place.connect() for _ in range(200)]
    for i, c in enumerate(gone):
        c.send(encode(["SUBSCRIBE", "crowd", f"own:{i}"]) + encode(["PSUBSCRIBE", "cr*"]))
    until(lambda: observer.command("PUBSUB", "NUMSUB", "crowd") == [b"crowd", 200])
    for i, c in enumerate(gone):
        if i % 2:
            c.close()
        observer.send(encode(["PUBLISH", "crowd", str(i)]))
    for _ in gone:
        observer.reply()
    for c in gone[::2]:
        c.close()
    until(lambda: observer.command("PUBSUB", "NUMSUB", "crowd") == [b"crowd", 0])
    until(lambda: observer.command("PUBSUB", "CHANNELS") == [] and observer.command("PUBSUB", "NUMPAT") == 0)


def test_a_client_with_very_many_subscriptions_leaves(connect, place):
    observer, stays, gone = connect(), connect(3), place.connect()
    count = 20_000
    for start in range(0, count, 1000):
        subscribe(gone, *(f"channel:{i}" for i in range(start, start + 1000)))
    for start in range(0, count, 1000):
        subscribe(stays, *(f"channel:{i}" for i in range(start, start + 1000, 2)))
    subscribe(gone, "all:*", command="PSUBSCRIBE")
    gone.close()
    for i in range(0, count, 100):
        assert observer.command("PUBLISH", f"channel:{i}", i) in (1, 2)
        assert parse(stays.reply()) == [b"message", b"channel:%d" % i, b"%d" % i]
    until(lambda: info(observer, "pubsub_channels") == count // 2 and observer.command("PUBSUB", "NUMPAT") == 0)
    assert observer.command("PUBLISH", "channel:1", "x") == 0
    assert observer.command("PUBLISH", "channel:2", "x") == 1
    assert parse(stays.reply()) == [b"message", b"channel:2", b"x"]


def test_two_publishers_are_heard_in_one_order(connect):
    """Subscribers on all workers, two publishers: everybody hears the same sequence."""
    subscribers = [connect(2 + i % 2) for i in range(8)]
    for i, c in enumerate(subscribers):
        if i % 4 == 3:
            subscribe(c, "ord*", command="PSUBSCRIBE")
        else:
            subscribe(c, "order")
    publishers = [connect() for _ in range(2)]
    count = 2000

    def publish(c, name):
        for i in range(0, count, 20):
            c.pipeline([["PUBLISH", "order", f"{name}{i + j}"] for j in range(20)])

    threads = [threading.Thread(target=publish, args=(c, name)) for c, name in zip(publishers, "ab")]
    for thread in threads:
        thread.start()
    heard = [[message[-1] for message in words(c, 2 * count)] for c in subscribers]
    for thread in threads:
        thread.join()
    assert all(sequence == heard[0] for sequence in heard)
    for name in b"ab":
        assert [m for m in heard[0] if m[0] == name] == [b"%c%d" % (name, i) for i in range(count)]


def test_many_subscribers_of_one_channel(connect, place):
    many = [place.connect(protocol=2) for _ in range(500)]
    publisher = connect()
    for c in many:
        c.send(encode(["SUBSCRIBE", "all"]))
    for c in many:
        c.reply()
    for i in range(5):
        assert publisher.command("PUBLISH", "all", str(i)) == 500
    for c in many:
        assert [m[2] for m in words(c, 5)] == [b"0", b"1", b"2", b"3", b"4"]
        c.close()
