"""Traces of cache lookups, and their replay: a key that is missed is set, as a cache's client would."""

import random

VALUE = b"v" * 32
BATCH = 64


def key(number):
    """A key of 20 bytes."""
    return b"key:%016d" % number


def zipf(requests, keys, exponent, scan_share=0.2, scan_length=5000, seed=1):
    """Keys drawn by Zipf's law, with runs of keys that are never asked for again in between."""
    source = random.Random(seed)
    total, cumulative = 0.0, []
    for rank in range(1, keys + 1):
        total += rank ** -exponent
        cumulative.append(total)
    names = list(range(keys))
    source.shuffle(names)
    next_once = 10 * keys
    drawn_between = int(scan_length * (1 - scan_share) / scan_share)
    done = 0
    while done < requests:
        for number in source.choices(names, cum_weights=cumulative, k=drawn_between):
            yield number
        for number in range(next_once, next_once + scan_length):
            yield number
        next_once += scan_length
        done += drawn_between + scan_length


def shifting(requests, keys, step=2000, moved=50, seed=1):
    """A working set of `keys` keys, the first ones asked for most, that moves on all the time."""
    source = random.Random(seed)
    total, cumulative = 0.0, []
    for rank in range(1, keys + 1):
        total += rank ** -0.8
        cumulative.append(total)
    names = list(range(keys))
    source.shuffle(names)
    oldest, newest, done = 0, keys, 0
    while done < requests:
        for place in source.choices(range(keys), cum_weights=cumulative, k=step):
            yield names[place]
        for _ in range(moved):
            names[source.randrange(keys)] = newest
            newest += 1
        done += step


def replay(connection, trace, warm_up, batch=BATCH):
    """Asks for every key of the trace and sets what is missing; returns (lookups, hits) after the warm-up."""
    socket = connection.socket
    lookups = hits = seen = 0
    batch_keys = []

    def run():
        nonlocal lookups, hits, seen
        socket.sendall(b"".join(b"*2\r\n$3\r\nGET\r\n$20\r\n%b\r\n" % name for name in batch_keys))
        data = bytearray()
        while data.count(b"$") < len(batch_keys) or not data.endswith(b"\r\n") or data.endswith(b"$32\r\n"):
            data += socket.recv(65536)
        missed = [name for name, reply in zip(batch_keys, data.split(b"$")[1:]) if reply[:2] == b"-1"]
        seen += len(batch_keys)
        if seen > warm_up:
            lookups += len(batch_keys)
            hits += len(batch_keys) - len(missed)
        missed = list(dict.fromkeys(missed))
        if missed:
            socket.sendall(b"".join(
                b"*3\r\n$3\r\nSET\r\n$20\r\n%b\r\n$32\r\n%b\r\n" % (name, VALUE) for name in missed))
            data = bytearray()
            while data.count(b"\n") < len(missed):
                data += socket.recv(65536)
            assert data == b"+OK\r\n" * len(missed), bytes(data[:200])
        batch_keys.clear()

    for number in trace:
        batch_keys.append(key(number))
        if len(batch_keys) == batch:
            run()
    if batch_keys:
        run()
    return lookups, hits
