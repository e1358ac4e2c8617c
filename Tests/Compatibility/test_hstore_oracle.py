"""The commands for users of hstore do what PostgreSQL's extension does: literals of every kind in both
directions, and each operator and function on random values."""

import random
import re

import pytest

import postgres
from resp import ReplyError, parse

pytestmark = pytest.mark.skipif(not postgres.is_installed(), reason="no PostgreSQL with hstore")

LITERALS = 10_000
PAIRS = 1_500
BATCH = 500

# What the database does with a literal: the value as text, or the error.
READ = """
CREATE FUNCTION read_hstore(t text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN RETURN t::hstore::text; EXCEPTION WHEN OTHERS THEN RETURN 'error ' || SQLERRM; END $$
"""


@pytest.fixture(scope="module")
def cluster():
    running = postgres.Cluster()
    running.rows(READ)
    yield running
    running.close()


class Source:
    """Seeded random literals and values."""

    NAMES = [b"a", b"b", b"c", b"ab", b"A", b"key", b"", b"NULL", b"long name", b"\xc3\xa9", b"1"]
    VALUES = [b"1", b"", b"v", b"NULL", b"null", b"two words", b"\xff\x80", b"t", b"f", b"012", b"-0",
              b"1.5e3", b"1e", b".5", b"-", b"\x01\x1f\x7f", b"\"", b"\\", b"a\nb\tc\rd\fe\bf", b"0x1",
              b"x" * 70, b"12345678901234567890", b"1.", b"0.0", b"00", b"+1", b"1E+5", b"t ", b"true"]
    PIECES = [b"a", b"b", b"k1", b"v", b"=>", b"=>", b",", b"=", b">", b"\"", b"\\", b" ", b"  ", b"\t", b"\n",
              b"\v", b"\f", b"\r", b"NULL", b"nUlL", b"\"\"", b"\"x y\"", b"\\\"", b"\\\\", b"\xc3\xa9", b"\xff", b"'", b"a=>1"]

    def __init__(self, seed):
        self.random = random.Random(seed)

    def word(self, text):
        """A way to write a text: in quotes, escaped or plain."""
        if text and self.random.random() < 0.6 and not re.search(rb'[ \t\n\f\r=>,"\\]', text) and text.upper() != b"NULL":
            if self.random.random() < 0.9:
                return text
            return b"\\" + text
        quoted = re.sub(rb'(["\\])', rb"\\\1", text)
        if self.random.random() < 0.1:
            quoted = re.sub(rb"([a-z])", rb"\\\1", quoted)
        return b'"' + quoted + b'"'

    def space(self):
        return self.random.choice([b"", b"", b"", b" ", b"\n ", b"\t"])

    def text(self, options):
        if self.random.random() < 0.7:
            return self.random.choice(options)
        return bytes(self.random.choices(range(1, 256), k=self.random.randint(0, 6)))

    def pairs(self, most=6):
        return [(self.text(self.NAMES), None if self.random.random() < 0.15 else self.text(self.VALUES))
                for _ in range(self.random.randint(0, most))]

    def value(self):
        """Distinct pairs, as a dictionary."""
        return dict(self.pairs())

    def valid(self):
        pairs = [self.space() + self.word(name) + self.space() + b"=>" + self.space()
                 + (self.random.choice([b"NULL", b"null", b"Null"]) if value is None else self.word(value)) + self.space()
                 for name, value in self.pairs()]
        return b",".join(pairs) + self.random.choice([b"", b"", b","] if pairs else [b"", b" "])

    def literal(self):
        place = self.random.random()
        if place < 0.4:
            return self.valid()
        if place < 0.6:
            return b"".join(self.random.choices(self.PIECES, k=self.random.randint(0, 12)))
        text = bytearray(self.valid())
        for _ in range(self.random.randint(1, 2)):
            at = self.random.randint(0, len(text))
            if self.random.random() < 0.5:
                text[at:at] = self.random.choice(self.PIECES)
            else:
                del text[at:at + 1]
        return bytes(text)


def store(connection, key, value):
    """Commands that make a hash of a dictionary by way of words, not of a literal."""
    commands = [["DEL", key]]
    for name, content in value.items():
        commands.append(["HSETNULL", key, name] if content is None else ["HSET", key, name, content])
    return commands


def test_literals_are_read_as_by_postgresql(apus, cluster):
    source = Source(11)
    literals = [source.literal() for _ in range(LITERALS)]
    wanted = cluster.rows("SELECT i, read_hstore(a) FROM given ORDER BY i", [(text, b"") for text in literals])
    counts = {"read": 0, "refused": 0}
    with apus.connect() as connection:
        for start in range(0, LITERALS, BATCH):
            commands = [words for text in literals[start:start + BATCH]
                        for words in (["DEL", "h"], ["HSETL", "h", text], ["HGETL", "h"])]
            replies = [parse(reply) for reply in connection.pipeline(commands)]
            for index in range(start, min(start + BATCH, LITERALS)):
                reply, text = replies[(index - start) * 3 + 1:][:2]
                meant = wanted[index][1]
                if meant.startswith(b"error "):
                    counts["refused"] += 1
                    assert isinstance(reply, ReplyError), (literals[index], reply, meant)
                    place = re.search(rb"at position (\d+)", meant)
                    if place:
                        assert str(reply).endswith(f"at position {int(place[1])}"), (literals[index], reply, meant)
                    else:
                        assert "unexpected end of string" in str(reply), (literals[index], reply, meant)
                else:
                    counts["read"] += 1
                    assert (text or b"") == meant, (literals[index], reply)
    assert min(counts.values()) > LITERALS / 5, counts


def test_literals_are_written_as_postgresql_reads_them(apus, cluster):
    source = Source(12)
    values = [source.value() for _ in range(LITERALS)]
    texts = []
    with apus.connect() as connection:
        for start in range(0, LITERALS, BATCH):
            commands = []
            for value in values[start:start + BATCH]:
                commands += store(connection, "h", value) + [["HGETL", "h"]]
            replies = connection.pipeline(commands)
            texts += [parse(reply) or b"" for reply, words in zip(replies, commands) if words[0] == "HGETL"]
    rows = cluster.rows("""
        SELECT i, a::hstore::text = a, (SELECT string_agg(encode(convert_to(key, 'SQL_ASCII'), 'hex') || ':'
            || coalesce(encode(convert_to(value, 'SQL_ASCII'), 'hex'), 'null'), ' ') FROM each(a::hstore))
        FROM given ORDER BY i""", [(text, b"") for text in texts])
    for value, text, (_, is_same, pairs) in zip(values, texts, rows):
        assert is_same == b"t", text
        found = {}
        for pair in (pairs or b"").split():
            name, content = pair.split(b":")
            found[bytes.fromhex(name.decode())] = None if content == b"null" else bytes.fromhex(content.decode())
        assert found == value, text


def flat(value):
    return [word for pair in value.items() for word in pair]


def test_operators_and_functions_answer_as_those_of_postgresql(apus, cluster):
    source = Source(13)
    cases = []
    for _ in range(PAIRS):
        left = source.value()
        # Mostly relatives: else hardly anything is contained in anything.
        right = dict(left) if source.random.random() < 0.7 else source.value()
        for name in list(right):
            if source.random.random() < 0.3:
                del right[name]
            elif source.random.random() < 0.1:
                right[name] = source.text(source.VALUES)
        cases.append((left, right))
    with apus.connect() as connection:
        replies = []
        for start in range(0, PAIRS, 100):
            commands = []
            for left, right in cases[start:start + 100]:
                commands += store(connection, "l", left) + store(connection, "r", right)
                commands += [["HGETL", "l"], ["HGETL", "r"]]
            answers = connection.pipeline(commands)
            texts = [parse(a) or b"" for a, words in zip(answers, commands) if words[0] == "HGETL"]
            for (left, right), a, b in zip(cases[start:start + 100], texts[::2], texts[1::2]):
                names = list(right) or [b"zz"]
                connection.pipeline([["FLUSHALL"]] + store(connection, "l", left) + store(connection, "r", right))
                found = [parse(reply) for reply in connection.pipeline([
                    ["HCONTAINS", "l", b], ["HCONTAINEDBY", "r", a], ["HEXISTSALL", "l", *names],
                    ["HEXISTSANY", "l", *names], ["HCMP", "l", "r"], ["HGETL", "l", *names], ["HGETJSON", "l"],
                    ["HGETJSON", "l", "LOOSE"], ["HGETJSON", "l", "FIELDS", len(names), *names],
                    ["HDEFINED", "l", names[0]]])]
                connection.pipeline([["COPY", "l", "m"], ["HMERGE", "m", "r"], ["HDELPAIR", "l", b]])
                found += [parse(reply) for reply in connection.pipeline([["HGETL", "m"], ["HGETL", "l"]])]
                replies.append(((a, b), found))
    given = [texts for texts, _ in replies]
    rows = cluster.rows("""
        SELECT i, (x @> y)::int, (y <@ x)::int, (x ?& n)::int, (x ?| n)::int, hstore_cmp(x, y), slice(x, n)::text,
               hstore_to_json(x)::text, hstore_to_json_loose(x)::text, hstore_to_json(slice(x, n))::text,
               defined(x, n[1])::int, (x || y)::text, (x - y)::text
        FROM (SELECT i, a::hstore AS x, b::hstore AS y, CASE WHEN b = '' THEN ARRAY['zz'] ELSE akeys(b::hstore) END AS n
              FROM given) AS pairs ORDER BY i""", given)
    seen = [set() for _ in range(12)]
    for (texts, found), row in zip(replies, rows):
        for place, (mine, theirs) in enumerate(zip(found, row[1:])):
            if place == 9 and texts[1]:
                continue  # The first name in our order is another one than in the dictionary's.
            mine = b"%d" % mine if isinstance(mine, int) else mine
            if mine is None:  # There is no such key.
                mine = b"{}" if theirs == b"{}" else b""
            assert mine == theirs, (place, texts)
            seen[place].add(mine)
    assert all(len(seen[place]) > 1 for place in (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11)), [len(s) for s in seen]
