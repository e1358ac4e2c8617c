"""RESTOREs damaged payloads of every type until the time is over, and uses what the server accepts.

The seeds are values written here (test_dump) and old files' values (test_old_files). No checksum stands in the
way, as zero means that none was computed. The server must neither end nor fall silent; a seed repeats a run.
`Tools/sanitize payloads SECONDS [SEED]` runs it against a build with AddressSanitizer.
"""

import argparse
import random
import struct
import sys
import time

import servers
from resp import Closed, parse
from test_dump import VALUES
from test_old_files import NEW, OLD, stream

LENGTHS = [b"\x00", b"\x01", b"\x3f", b"\x7f\xff", b"\x80\x7f\xff\xff\xff", b"\x80\xff\xff\xff\xff", b"\x81" + b"\xff" * 8,
           b"\x81\x7f" + b"\xff" * 7, b"\xc0\x80", b"\xc1\xff\x7f", b"\xc2\xff\xff\xff\x7f", b"\xc3\x01\x40\x40\x00",
           b"\xff", b"\xfe", b"\xff\xff", b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", b"\xf4" + b"\xff" * 8 + b"\x09"]
# What is done with a value that was accepted, by its type; the last word of XCLAIM and others is a name that may exist.
USES = {
    b"string": [["GET"], ["APPEND", "x"], ["SETRANGE", 7, "abc"], ["BITCOUNT"], ["PFADD", "x"], ["PFCOUNT"], ["INCR"]],
    b"list": [["LRANGE", 0, -1], ["LINSERT", "BEFORE", "a", "b"], ["LPUSH", "x"], ["LSET", 1, "y" * 70], ["LREM", 1, "a"],
              ["LTRIM", 1, -2], ["RPOP"], ["LPOS", "x"]],
    b"set": [["SMEMBERS"], ["SADD", "x", "7", "y" * 70], ["SRANDMEMBER", 5], ["SREM", "x"], ["SPOP", 2], ["SSCAN", 0]],
    b"hash": [["HGETALL"], ["HPTTL", "FIELDS", 1, "a"], ["HSET", "a", "1", "long", "y" * 70], ["HRANDFIELD", 5, "WITHVALUES"],
              ["HINCRBY", "n", 3], ["HPEXPIRE", 100000, "FIELDS", 1, "a"], ["HDEL", "a"], ["HSCAN", 0]],
    b"zset": [["ZRANGE", 0, -1, "WITHSCORES"], ["ZADD", 3, "x", "inf", "y" * 70], ["ZINCRBY", 1, "a"], ["ZRANK", "x"],
              ["ZRANGEBYSCORE", "-inf", 5], ["ZREMRANGEBYRANK", 0, 0], ["ZPOPMAX"], ["ZRANDMEMBER", 5]],
    b"stream": [["XRANGE", "-", "+"], ["XADD", "*", "f", "v", "g", "w"], ["XREVRANGE", "+", "-", "COUNT", 3], ["XTRIM", "MAXLEN", 5],
                ["XDEL", "1000-0", "5-2"], ["XCLAIM", "g", "new", 0, "1000-0", "FORCE"], ["XAUTOCLAIM", "g", "alice", 0, 0],
                ["XACK", "g", "6-0", "1000-0"], ["XGROUP", "DELCONSUMER"], ["XINFO"], ["XPENDING", "g", "-", "+", 10]],
}
BATCH = 100


def seeds(client):
    """Payloads without their versions and checksums, by names."""
    found = {}
    for name, commands in VALUES.items():
        client.raw("FLUSHALL")
        client.pipeline(commands)
        found[name] = parse(client.raw("DUMP", "k"))[:-10]
    client.raw("FLUSHALL")
    client.pipeline([["HSET", "k", *(word for n in range(30) for word in (f"f{n}", n))], ["HPEXPIREAT", "k", 33177117420000, "FIELDS", 2, "f1", "f7"]])
    found["hash with expiries"] = parse(client.raw("DUMP", "k"))[:-10]
    client.raw("HSETNULL", "k", "f2", "null")
    found["hash with nulls"] = parse(client.raw("DUMP", "k"))[:-10]
    for name, (_, records, _) in list(OLD.items()) + list(NEW.items()):
        if b"\x01k" in records[:3]:
            found["old " + name] = records[:1] + records[3:]
    for kind in (15, 19, 21, 26, 27):
        found[f"old stream {kind}"] = bytes([kind]) + stream(kind)
    return list(found.values())


def damaged(generator, payloads):
    data = bytearray(generator.choice(payloads))
    for _ in range(generator.choice([1, 1, 1, 2, 3, 8])):
        # Near the beginning stand counts and headers.
        end = generator.choice([len(data), len(data), min(len(data), 30)])
        place = generator.randrange(end + 1)
        kind = generator.randrange(8)
        if kind == 0 and place < len(data):
            data[place] = generator.randrange(256)
        elif kind == 1 and place < len(data):
            data[place] ^= 1 << generator.randrange(8)
        elif kind == 2:
            data[place:place] = generator.choice(LENGTHS)
        elif kind == 3:
            word = generator.choice(LENGTHS)
            data[place:place + len(word)] = word
        elif kind == 4:
            del data[place:place + generator.choice([1, 2, 5, 50])]
        elif kind == 5:
            start = generator.randrange(len(data) + 1)
            data[place:place] = data[start:start + generator.choice([1, 4, 16, 100])]
        elif kind == 6:
            other = generator.choice(payloads)
            data[place:] = other[generator.randrange(len(other)):]
        else:
            data[:1] = bytes([generator.choice([kind for kind in range(28) if kind not in (6, 7, 8)])])
    return bytes(data) + struct.pack("<HQ", generator.choice([10, 12, 12, 15, 80]), 0)


def use(client, names):
    """Reads and changes the values at `names`; the replies do not matter."""
    kinds = [reply[1:-2] for reply in client.pipeline([["TYPE", name] for name in names])]
    commands = []
    for name, kind in zip(names, kinds):
        commands += [["DEBUG", "DIGEST-VALUE", name], ["OBJECT", "ENCODING", name], ["MEMORY", "USAGE", name], ["COPY", name, name + ":c"]]
        for command, *rest in USES.get(kind, []):
            if command == "XINFO":
                commands.append(["XINFO", "STREAM", name, "FULL", "COUNT", 0])
            elif command == "XGROUP":
                commands += [["XREADGROUP", "GROUP", "g", "bob", "COUNT", 3, "STREAMS", name, ">"], ["XGROUP", "DELCONSUMER", name, "g", "c"]]
            else:
                commands.append([command, name, *rest])
        commands += [["DUMP", name], ["DEL", name, name + ":c"]]
    client.pipeline(commands)


def run(server, seconds, generator):
    """Returns how many payloads were sent, how many were accepted, and the last ones."""
    sent, accepted, last = 0, 0, []
    deadline = time.monotonic() + seconds
    try:
        with server.connect(timeout=120) as client:
            payloads = seeds(client)
            while time.monotonic() < deadline:
                last = [damaged(generator, payloads) for _ in range(BATCH)]
                replies = client.pipeline([["RESTORE", f"k{index}", 0, payload, "REPLACE"] for index, payload in enumerate(last)])
                names = [f"k{index}" for index, reply in enumerate(replies) if reply == b"+OK\r\n"]
                if names:
                    use(client, names)
                sent, accepted = sent + BATCH, accepted + len(names)
            client.raw("FLUSHALL")
            return sent, accepted, client.raw("PING") == b"+PONG\r\n", last
    except (OSError, Closed):
        return sent, accepted, False, last


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--write-seeds", metavar="FILE", help="only write the sound payloads, in hexadecimal digits, for DamagedPayloadsTests")
    options = parser.parse_args()
    if options.write_seeds:
        with servers.Server(servers.APUS, "--enable-debug-command", "yes", threads=1) as server, server.connect() as client:
            with open(options.write_seeds, "w") as file:
                file.writelines(payload.hex() + "\n" for payload in seeds(client) if len(payload) < 3000)
        return
    print(f"fuzz: seed {options.seed}, {options.seconds:.0f} s, server {servers.APUS}", flush=True)
    with servers.Server(servers.APUS, "--enable-debug-command", "yes", threads=1) as server:
        sent, accepted, stands, last = run(server, options.seconds, random.Random(options.seed))
        if not stands:
            print("\n".join(repr(payload) for payload in last))
            print(server.output()[-8000:])
    print(f"fuzz: {sent} damaged payloads, {accepted} accepted, the server {'stands' if stands else 'ended or is silent'}")
    sys.exit(0 if stands else 1)


if __name__ == "__main__":
    main()
