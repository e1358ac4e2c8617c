"""What a server holds, told by plain reads, so that two servers of different kinds can be compared.

A dump names every key of every database with its type, its value and the moment at which it goes;
encodings, access times and the times at which consumers were seen last are left out.
"""

from oracle import bytes_of, fields
from resp import ReplyError, parse

READERS = {
    "string": [["GET"]],
    "list": [["LRANGE", "0", "-1"]],
    "set": [["SMEMBERS"]],
    "hash": [["HGETALL"]],
    "zset": [["ZRANGE", "0", "-1", "WITHSCORES"]],
    "stream": [["XINFO", "STREAM", "FULL", "COUNT", "0"]],
}


def databases(connection):
    """The databases that hold keys."""
    sizes = connection.pipeline(
        [words for number in range(16) for words in (["SELECT", number], ["DBSIZE"])])[1::2]
    return [number for number, size in enumerate(sizes) if parse(size) > 0]


def dump(connection, with_field_expiry=False):
    """All keys: {(database, key): (type, value, expiry in milliseconds since 1970 or -1)}."""
    found = {}
    for database in databases(connection):
        connection.raw("SELECT", database)
        keys = parse(connection.raw("KEYS", "*"))
        if keys:
            found.update(_values(connection, database, keys, with_field_expiry))
    connection.raw("SELECT", 0)
    return found


def _values(connection, database, keys, with_field_expiry):
    facts = [parse(reply) for reply in connection.pipeline(
        [words for key in keys for words in (["TYPE", key], ["PEXPIRETIME", key])])]
    kinds = [str(fact) for fact in facts[::2]]
    replies = [parse(reply) for reply in connection.pipeline(
        [_reader(kind, key) for kind, key in zip(kinds, keys)])]
    values = {}
    for key, kind, expiry, reply in zip(keys, kinds, facts[1::2], replies):
        if kind == "none" or isinstance(reply, ReplyError):
            continue
        if kind == "hash" and with_field_expiry:
            names = sorted(reply[::2])
            times = parse(connection.raw("HPEXPIRETIME", key, "FIELDS", len(names), *names))
            value = (_value(kind, reply), list(zip(names, times)))
        else:
            value = _value(kind, reply)
        values[(database, key)] = (kind, value, expiry)
    return values


def _reader(kind, key):
    words = READERS.get(kind, [["TYPE"]])[0]
    place = 2 if kind == "stream" else 1
    return words[:place] + [key] + words[place:]


def _value(kind, reply):
    if kind == "set":
        return sorted(reply)
    if kind == "hash":
        return sorted(zip(reply[::2], reply[1::2]))
    if kind == "zset":
        # Servers print the same score differently.
        return [(member, float(score)) for member, score in zip(reply[::2], reply[1::2])]
    if kind == "stream":
        return _stream(reply)
    return reply


def _stream(reply):
    whole = fields(reply)
    kept = {name: whole[name] for name in (
        b"last-generated-id", b"max-deleted-entry-id", b"entries-added", b"entries")}
    kept[b"groups"] = [_group(fields(group)) for group in whole[b"groups"]]
    return kept


def _group(group):
    names = sorted(fields(consumer)[b"name"] for consumer in group[b"consumers"])
    pending = [tuple(entry) for entry in group[b"pending"]]
    return (group[b"name"], group[b"last-delivered-id"], group[b"entries-read"], pending, names)


def difference(ours, theirs):
    """The keys in which two dumps differ, with what each says, as text; empty where none do."""
    lines = []
    for place in sorted(set(ours) | set(theirs)):
        if ours.get(place) != theirs.get(place):
            lines.append(f"db {place[0]} key {place[1]!r}:\n    {str(ours.get(place))[:900]}\n"
                         f"    {str(theirs.get(place))[:900]}")
    return "\n".join(lines)


def replay(connection, records):
    """Runs recorded requests, each with its database; returns the errors, as text."""
    errors = []
    for database, words in records:
        connection.raw("SELECT", database)
        reply = parse(connection.raw(*[bytes_of(word) for word in words]))
        if isinstance(reply, ReplyError):
            errors.append(f"{reply}: {words!r}"[:300])
    connection.raw("SELECT", 0)
    return errors
