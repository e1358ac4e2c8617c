"""The tools of these tests, tested: a difference must be seen, told and cut short."""

import pytest

import oracle as engine
import resp
import servers
from families import keys


def test_replies_are_cut_at_every_byte():
    replies = [
        b"+OK\r\n", b"-ERR no\r\n", b":1\r\n", b"$-1\r\n", b"$0\r\n\r\n", b"$3\r\na\r\n\r\n", b"*-1\r\n",
        b"*0\r\n", b"*2\r\n*1\r\n:1\r\n$1\r\nx\r\n", b"%2\r\n+a\r\n:1\r\n+b\r\n~1\r\n:2\r\n", b"_\r\n",
        b"#t\r\n", b",1.5\r\n", b"(123456789012345678901234567890\r\n", b"=7\r\ntxt:abc\r\n", b">2\r\n+a\r\n+b\r\n",
        b"|1\r\n+ttl\r\n:3\r\n:7\r\n",
    ]
    for data in replies:
        assert resp.reply_end(data) == len(data)
        assert resp.reply_end(b":9\r\n" + data, 4) == len(data) + 4
        for cut in range(1, len(data)):
            assert resp.reply_end(data[:cut]) is None, (data, cut)
        resp.parse(data)


def test_lines_become_commands():
    assert engine.as_command('SET "a b" "\\x00\\"\\n" \'') == ["SET", b"a b", b'\x00"\n', "'"]
    assert engine.sequences("A 1\nB\n\nC ''") == [[["A", "1"], ["B"]], [["C", "''"]]]


def test_a_difference_is_found_and_cut_short(oracle):
    with servers.Server(servers.ORACLE, "--set-max-intset-entries", "2") as other:
        pair = engine.Pair(other, oracle)
        pair.reset()
        fill = [["SET", "k%d" % i, "v"] for i in range(50)]
        fill += [["SADD", "s", str(i)] for i in range(10)] + [["DEL", "k1"]]
        pair.run(fill)
        with pytest.raises(engine.Mismatch) as caught:
            pair.run([["GET", "k2"], ["OBJECT", "ENCODING", "s"]])
        text = str(caught.value)
        assert "$9\\r\\nhashtable" in text and "$6\\r\\nintset" in text
        shown = text.split("empty server:\n")[1].splitlines()
        assert len(shown) == 4 and all("SADD s" in line for line in shown[:3])


def test_a_server_that_ends_is_told(oracle):
    other = servers.Server(servers.ORACLE, "--enable-debug-command", "yes").start()
    try:
        pair = engine.Pair(other, oracle)
        pair.reset()
        other.process.kill()
        other.process.wait()
        with pytest.raises(engine.Mismatch, match="ENDED"):
            pair.run([["SET", "a", "1"]])
    finally:
        other.remove()


def test_unordered_replies_are_compared_without_their_order():
    assert engine.unordered([b"a", b"b"], [b"b", b"a"])
    assert not engine.unordered([b"a", b"a"], [b"b", b"a"])
    assert engine.unordered_pairs([b"a", b"1", b"b", b"2"], [b"b", b"2", b"a", b"1"])
    assert not engine.unordered_pairs([b"a", b"1", b"b", b"2"], [b"b", b"1", b"a", b"2"])
    assert engine.about(2)(100, 102) and not engine.about(2)(-1, 1)


def test_a_seed_gives_the_same_commands():
    def commands(seed):
        words = engine.Words(seed, keys.KEYS)
        return [make(words) for _, _, make in keys.STEPS for _ in range(20)]

    assert commands(7) == commands(7)
    assert commands(7) != commands(8)
