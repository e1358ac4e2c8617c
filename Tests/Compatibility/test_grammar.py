"""Every command that redis-server 7.0 knows, with the words that its grammar allows and some that it does not: the same
replies, errors to the byte. What is newer than 7.0 is left out here, and looked at in newer.py.
"""

import pytest

import extremes
import oracle as engine
import servers
from resp import parse

# What 7.0 does not know, or answers by chance or by its own state.
NEWER_WORDS = {
    "IDMP", "IDMPAUTO", "MAXCOUNT", "MAXSIZE", "CLAIM", "WITHSCORE", "NOVALUES", "NOSCORES", "IFEQ", "IFNE", "IFDEQ", "IFDNE",
    "ACKED", "DELREF", "KEEPREF", "ANDOR", "DIFF", "DIFF1", "ONE", "BYPOLYGON",
}
LEFT_OUT = {
    "HELLO", "INFO", "LOLWUT", "TIME", "RANDOMKEY", "SRANDMEMBER", "SPOP", "ZRANDMEMBER", "HRANDFIELD", "COMMAND", "CLIENT",
    "MEMORY", "LATENCY", "CONFIG", "DEBUG", "SLOWLOG", "ACL", "BITCOUNT", "SCAN", "SSCAN", "HSCAN", "ZSCAN", "ZRANK", "ZREVRANK",
    "OBJECT", "XINFO", "LPOS", "DUMP", "TTL", "PTTL", "SORT", "SORT_RO",
}


def same(words, ours, theirs):
    """Equal errors, and replies that are equal but for their order and the form of their numbers."""
    if ours == theirs or any(theirs.replace(*change) == ours for change in engine.REWORDED):
        return True
    if b"-" in (ours[:1], theirs[:1]):
        # The words are read before the key is looked up.
        # XREAD's + is younger than 7.0.
        return words[0] == "BITPOS" and ours[:4] == b"-ERR" or words[0] == "XREAD" and "+" in words
    if words[0].startswith("GEO"):
        # Scores that are no cells have no position in common, and Redis misses members at the ends of the globe: test_globe.py.
        return True
    return engine.unordered(*(number_free(parse(reply)) for reply in (ours, theirs)))


def number_free(value):
    if isinstance(value, list):
        return [number_free(item) for item in value]
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


@pytest.mark.skipif(not servers.is_apus(servers.APUS), reason="a stand-in documents no grammar")
@pytest.mark.parametrize("seed", [1, 2])
def test_replies_to_what_the_grammar_allows(start, request, seed):
    seed += request.config.getoption("first_seed") - 1
    options = ["--enable-debug-command", "yes", "--proto-max-bulk-len", "1mb"]
    apus, oracle = start("apus", *options, threads=2), start("oracle", *options)
    with apus.connect(3) as connection:
        documents = [entry for entry in extremes.documents(connection) if entry[0].split()[0] not in LEFT_OUT]
    known = engine.known_commands(oracle, {name.split()[0] for name, _ in documents})
    source = extremes.Extremes([entry for entry in documents if entry[0].split()[0] in known], seed)
    prepare = [["FLUSHALL"], *(line.split(" ") for line in extremes.SEEDS if not line.startswith("HPEXPIREAT"))]
    differences = {}
    with apus.connect(timeout=30) as ours, oracle.connect(timeout=30) as theirs:
        for _ in range(1000):
            commands = [words for words in (source.command() for _ in range(4)) if NEWER_WORDS.isdisjoint(words) and "*" not in words]
            replies = [connection.pipeline(prepare + commands)[len(prepare):] for connection in (ours, theirs)]
            for words, mine, other in zip(commands, *replies):
                if not same(words, mine, other):
                    differences.setdefault((words[0], other[:60]), f"{engine.readable(words)}\n  ours  {mine[:300]!r}\n  redis {other[:300]!r}")
                    break
                if words[0].startswith("GEO") and mine != other:
                    break  # What was stored differs as well.
    assert not differences, "\n".join(differences.values())
