"""Feeds a server broken and odd requests until the time is over; `make fuzz` runs it.

The server must neither end nor fall silent. A seed repeats a run.
"""

import argparse
import random
import sys
import time

import oracle as engine
import servers
from families import FAMILY_MODULES
from resp import Closed, encode

FRAGMENTS = [
    b"*", b"$", b"\r\n", b"\r", b"\n", b"-1", b"0", b"1", b"2147483647", b"-2147483648", b"536870912",
    b"99999999999999999999", b"*1\r\n", b"*3\r\n$3\r\nSET\r\n", b"$-1\r\n", b"$0\r\n\r\n", b'"', b"'", b"\\x",
    b"PING\r\n", b"GET a\r\n", b"\x00", b"\xff" * 9, b" " * 30, b"*1048576\r\n", b"*2\r\n$4\r\nECHO\r\n",
]


def mutated(generator, data):
    data = bytearray(data)
    for _ in range(generator.choice([1, 1, 2, 5])):
        place = generator.randrange(len(data) + 1)
        kind = generator.randrange(6)
        if kind == 0 and place < len(data):
            data[place] = generator.randrange(256)
        elif kind == 1:
            data[place:place] = generator.choice(FRAGMENTS)
        elif kind == 2:
            del data[place : place + generator.choice([1, 2, 5, 50])]
        elif kind == 3 and place < len(data):
            data[place] ^= 1 << generator.randrange(8)
        elif kind == 4:
            data[place:place] = data[place : place + 40]
        else:
            data = data[:place] or bytearray(b"\r\n")
    return bytes(data)


def commands_of(seed):
    """An endless row of valid commands of all families."""
    generator = random.Random(seed)
    words = [(family, engine.Words(generator.random(), family.KEYS)) for family in FAMILY_MODULES]
    while True:
        family, source = generator.choice(words)
        _, _, make = generator.choice(family.STEPS)
        yield from engine.flatten(make(source))


def is_alive(server):
    try:
        with server.connect(timeout=30) as connection:
            return connection.raw("PING") == b"+PONG\r\n"
    except (OSError, Closed):
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"fuzz: seed {options.seed}, {options.seconds:.0f} s, server {servers.APUS}", flush=True)
    generator = random.Random(options.seed)
    commands = commands_of(options.seed)
    deadline = time.monotonic() + options.seconds
    sent = 0
    with servers.Server(servers.APUS, threads=2) as server:
        last = []
        while time.monotonic() < deadline:
            try:
                with server.connect(timeout=0.05) as connection:
                    for _ in range(generator.randrange(1, 20)):
                        valid = b"".join(encode(next(commands)) for _ in range(generator.choice([1, 1, 3])))
                        data = mutated(generator, valid)
                        last = (last + [data])[-50:]
                        connection.send(data)
                        sent += 1
                    connection.socket.settimeout(0.02)
                    try:
                        connection.until_close()
                    except TimeoutError:
                        pass
            except (OSError, Closed):
                pass
            if not server.is_running() or sent % 400 < 20 and not is_alive(server):
                print(f"fuzz: the server ended or is silent; seed {options.seed}. Last requests:")
                print("\n".join(map(repr, last)))
                print(server.output()[-8000:])
                sys.exit(1)
        alive = is_alive(server)
    print(f"fuzz: {sent} broken requests, the server {'stands' if alive else 'is silent'}")
    sys.exit(0 if alive else 1)


if __name__ == "__main__":
    main()
