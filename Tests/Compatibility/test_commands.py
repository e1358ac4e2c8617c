"""COMMAND, INFO and the like: what tools read about the server."""

import json
import re
import time

import pytest

import servers
from resp import ReplyError, parse

REFERENCE = servers.ROOT.parent / "shared" / "reference"


def command_table(server):
    with server.connect() as connection:
        rows = connection.command("COMMAND")
    return {row[0].decode(): row for row in rows}


def newer_arities():
    """The arities of the newest Redis: where a command takes more words by now, ours does too."""
    commands = json.loads((REFERENCE / "commands-redis-8.10.json").read_text())["commands"]
    return {command["name"].lower(): command["arity"] for command in commands if "container" not in command}


def test_command_describes_the_shared_commands_as_redis_does(apus, oracle):
    ours, theirs = command_table(apus), command_table(oracle)
    shared = sorted(set(ours) & set(theirs))
    assert len(shared) > 10
    newer = newer_arities()
    different = {}
    for name in shared:
        mine, redis = ours[name][1:6], theirs[name][1:6]
        # Flags are a set; newer versions add some, so ours must hold at least the ones that say how to route.
        routing = {"write", "readonly", "denyoom", "admin", "noscript", "blocking", "fast", "pubsub", "movablekeys"}
        mine[1], redis[1] = (sorted(set(map(str, flags)) & routing) for flags in (mine[1], redis[1]))
        if name in ("subscribe", "psubscribe", "ssubscribe"):
            mine[1].remove("denyoom")  # Younger than 7.0.
        if "blocking" in redis[1]:
            redis[1] = [flag for flag in redis[1] if flag != "noscript"]  # Until 7.0.
        if name in newer:
            redis[0] = newer[name]
        if mine != redis:
            different[name] = (mine, redis)
    assert not different


def test_command_info_answers_every_form(apus, oracle):
    for server in (apus, oracle):
        with server.connect() as connection:
            reply = connection.command("COMMAND", "INFO", "get", "GET", "nothing", "config|get")
            assert reply[0] == reply[1] and reply[2] is None
            assert reply[3][0] == b"config|get"
            assert reply[0][0] == b"get" and reply[0][1] == 2
            assert connection.command("COMMAND", "COUNT") == len(connection.command("COMMAND"))
            assert len(connection.command("COMMAND", "LIST")) >= connection.command("COMMAND", "COUNT")


def test_key_specifications_are_those_of_redis(apus, oracle):
    ours, theirs = command_table(apus), command_table(oracle)
    different = {}
    for name in sorted(set(ours) & set(theirs)):
        if len(ours[name]) < 9:
            continue
        strip = lambda specs: [
            {spec[i]: spec[i + 1] for i in range(0, len(spec), 2) if spec[i] in (b"begin_search", b"find_keys")} for spec in specs]
        mine, redis = strip(ours[name][8]), strip(theirs[name][8])
        if mine != redis:
            different[name] = (mine, redis)
    assert not different


def test_command_docs_describe_every_command(apus):
    with apus.connect() as connection:
        flat = connection.command("COMMAND", "DOCS")
        docs = {flat[i].decode(): flat[i + 1] for i in range(0, len(flat), 2)}
        names = {name.decode() for name in connection.command("COMMAND", "LIST") if b"|" not in name}
    assert set(docs) == names
    for name, fields in docs.items():
        keys = fields[::2]
        assert b"summary" in keys and b"since" in keys and b"group" in keys, name


def test_command_docs_say_what_is_deprecated_as_redis_does(apus, oracle):
    """Newer versions advise against more; what 7.0 advises against is told alike."""
    names = ("doc_flags", "deprecated_since", "replaced_by")
    advice = []
    for server in (apus, oracle):
        with server.connect() as connection:
            flat = connection.command("COMMAND", "DOCS")
        advice.append({
            flat[i]: [pair for pair in zip(fields[::2], fields[1::2]) if pair[0].decode() in names]
            for i, fields in zip(range(0, len(flat), 2), flat[1::2])})
    ours, theirs = advice
    newer = {b"setex", b"psetex", b"setnx", b"quit"}
    different = {name: (ours[name], theirs[name]) for name in set(ours) & set(theirs) - newer if ours[name] != theirs[name]}
    assert not different
    assert [name for name in newer if not ours[name]] == []
    assert len([name for name in ours if ours[name]]) > 15


def test_latency_histograms_count_every_call(server):
    with server.connect() as connection:
        connection.pipeline([["CONFIG", "RESETSTAT"], ["SET", "h", "1"], *[["GET", "h"]] * 20, ["CONFIG", "GET", "port"]])
        reply = connection.command("LATENCY", "HISTOGRAM", "get", "nothing", "set", "config")
        found = {reply[i].decode(): reply[i + 1] for i in range(0, len(reply), 2)}
        assert sorted(found) == ["config|get", "config|resetstat", "get", "set"]
        for name, calls in (("get", 20), ("set", 1), ("config|get", 1)):
            fields = dict(zip(found[name][::2], found[name][1::2]))
            steps = fields[b"histogram_usec"]
            assert fields[b"calls"] == calls and steps[-1] == calls
            assert steps[::2] == sorted(set(steps[::2])) and steps[1::2] == sorted(set(steps[1::2]))
        assert len(connection.command("LATENCY", "HISTOGRAM")) >= 8
        assert connection.command("LATENCY", "HISTOGRAM", "nothing") == []
        connection.raw("DEL", "h")


def test_every_command_of_the_lists_is_known_or_told(apus, capsys):
    """How far we are: commands of Redis 8 and Valkey 9 that the server does not know, as a note, no failure."""
    files = [REFERENCE / "commands-redis-8.10.json", REFERENCE / "commands-valkey-9.1.json"]
    if not all(path.exists() for path in files):
        pytest.skip("../shared/reference is not here")
    wanted = set()
    groups = {"string", "bitmap", "generic", "list", "set", "hash", "sorted_set", "stream", "hyperloglog", "geo"}
    for path in files:
        for command in json.loads(path.read_text())["commands"]:
            if command["group"] in groups and " " not in command["name"]:
                wanted.add(command["name"].lower())
    missing = sorted(wanted - set(command_table(apus)))
    with capsys.disabled():
        print(f"\n{len(missing)} of {len(wanted)} data commands are not there yet: {' '.join(missing)}")
    with apus.connect() as connection:
        for name in missing:
            reply = parse(connection.raw(name, "x"))
            assert isinstance(reply, ReplyError) and "unknown command" in str(reply)


INFO_FIELDS = {
    "server": ["redis_version", "redis_mode", "os", "arch_bits", "process_id", "run_id", "tcp_port", "uptime_in_seconds",
               "uptime_in_days", "hz", "configured_hz", "executable", "config_file"],
    "clients": ["connected_clients", "maxclients", "blocked_clients"],
    "memory": ["used_memory", "used_memory_human", "used_memory_rss", "used_memory_peak", "maxmemory", "maxmemory_human",
               "maxmemory_policy", "mem_fragmentation_ratio", "mem_allocator", "lazyfree_pending_objects", "lazyfreed_objects"],
    "stats": ["total_connections_received", "total_commands_processed", "instantaneous_ops_per_sec", "total_net_input_bytes",
              "total_net_output_bytes", "rejected_connections", "expired_keys", "evicted_keys", "keyspace_hits", "keyspace_misses",
              "expired_time_cap_reached_count", "expire_cycle_cpu_milliseconds"],
    "replication": ["role", "connected_slaves"],
    "cpu": ["used_cpu_sys", "used_cpu_user", "used_cpu_sys_main_thread", "used_cpu_user_main_thread"],
    "cluster": ["cluster_enabled"],
}


@pytest.mark.parametrize("section", INFO_FIELDS)
def test_info_has_the_fields_that_tools_read(server, section):
    with server.connect() as connection:
        text = connection.command("INFO", section).decode()
    assert text.startswith(f"# {section.capitalize() if section != 'cpu' else 'CPU'}\r\n")
    fields = dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)
    missing = [name for name in INFO_FIELDS[section] if name not in fields]
    assert not missing


def test_info_sections_may_be_chosen_and_joined(server):
    with server.connect() as connection:
        heads = lambda *words: re.findall(r"^# (\w+)", connection.command("INFO", *words).decode(), re.M)
        assert heads("server", "clients") == ["Server", "Clients"]
        assert heads("CLIENTS") == ["Clients"]
        assert heads("nothing") == []
        assert "Keyspace" in heads() and "Keyspace" in heads("all") and "Keyspace" in heads("everything")
        assert heads("default") == heads()


def test_values_freed_in_the_background_are_counted(apus):
    with apus.connect() as connection:
        def counts():
            text = connection.command("INFO", "memory").decode()
            return [int(re.search(rf"{name}:(\d+)", text).group(1)) for name in ("lazyfree_pending_objects", "lazyfreed_objects")]

        # What other tests left goes first.
        connection.raw("FLUSHALL")
        deadline = time.time() + 5
        while counts()[0] > 0 and time.time() < deadline:
            time.sleep(0.01)
        connection.raw("CONFIG", "RESETSTAT")
        connection.command("SADD", "s", *range(20000), "word")
        for index in range(50):
            connection.command("SET", f"k{index}", "v")
        connection.command("UNLINK", "s")
        connection.command("FLUSHALL", "ASYNC")
        deadline = time.time() + 5
        while counts() != [0, 51] and time.time() < deadline:
            time.sleep(0.01)
        assert counts() == [0, 51]


def test_the_keyspace_section_counts_keys_and_expiries(server):
    with server.connect() as connection:
        connection.raw("FLUSHALL")
        connection.pipeline([["SET", f"k{i}", "v"] for i in range(10)] + [["EXPIRE", "k1", "1000"], ["EXPIRE", "k2", "1000"]])
        connection.pipeline([["SELECT", "3"], ["SET", "x", "1"], ["SELECT", "0"]])
        text = connection.command("INFO", "keyspace").decode()
        assert re.search(r"^db0:keys=10,expires=2,avg_ttl=\d+", text, re.M)
        assert re.search(r"^db3:keys=1,expires=0,avg_ttl=0", text, re.M)
        connection.raw("FLUSHALL")
        assert "db0" not in connection.command("INFO", "keyspace").decode()


def test_counters_count_and_can_be_reset(server):
    with server.connect() as connection:
        def stats():
            text = connection.command("INFO", "stats").decode()
            return {name: int(value) for name, value in re.findall(r"^(\w+):(\d+)\r$", text, re.M)}

        connection.pipeline([["CONFIG", "RESETSTAT"], ["SET", "c", "1"], ["GET", "c"], ["GET", "c"], ["GET", "none"]])
        after = stats()
        assert (after["keyspace_hits"], after["keyspace_misses"]) == (2, 1)
        assert after["total_commands_processed"] >= 4
        connection.raw("CONFIG", "RESETSTAT")
        assert stats()["keyspace_hits"] == 0
        connection.raw("DEL", "c")


def test_memory_grows_and_shrinks_with_the_data(server):
    with server.connect() as connection:
        used = lambda: int(re.search(r"used_memory:(\d+)", connection.command("INFO", "memory").decode()).group(1))
        connection.raw("FLUSHALL")
        before = used()
        connection.pipeline([["SET", f"mem:{i}", "x" * 1000] for i in range(2000)])
        full = used()
        assert 1_900_000 < full - before < 4_000_000
        assert 1000 < connection.command("MEMORY", "USAGE", "mem:1") < 2000
        connection.raw("FLUSHALL")
        deadline = 200
        while used() - before > 500_000 and deadline:
            connection.raw("PING")
            deadline -= 1
        assert used() - before < 500_000


def test_client_list_has_redis_fields(server):
    with server.connect() as connection:
        connection.raw("CLIENT", "SETNAME", "me")
        line = connection.command("CLIENT", "INFO").decode().strip()
        fields = dict(item.split("=", 1) for item in line.split(" "))
        wanted = ("id addr laddr fd name age idle flags db sub psub multi qbuf qbuf-free argv-mem multi-mem obl oll "
                  "omem tot-mem events cmd user redir resp").split()
        assert [name for name in wanted if name not in fields] == []
        assert fields["name"] == "me" and fields["cmd"] == "client|info" and fields["user"] == "default"
        assert fields["db"] == "0" and fields["flags"] == "N"


@pytest.mark.parametrize("container", ["CLIENT", "CONFIG", "COMMAND", "OBJECT", "MEMORY", "DEBUG", "LATENCY", "XINFO", "XGROUP"])
def test_help_is_a_list_of_lines(server, container):
    with server.connect() as connection:
        if container in ("XINFO", "XGROUP") and connection.command("COMMAND", "INFO", container) == [None]:
            pytest.skip(f"{container} is not known yet")
        lines = connection.command(container, "HELP")
        assert lines[0].startswith(container + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
        assert lines[-2] == "HELP" and lines[-1] in ("    Print this help.", "    Prints this help.")


def test_time_is_the_time(server):
    import time

    with server.connect() as connection:
        seconds, micros = map(int, connection.command("TIME"))
        assert abs(seconds + micros / 1e6 - time.time()) < 5


def test_lolwut_ends_with_the_version(server):
    with server.connect() as connection:
        assert re.search(rb"ver\. \d+\.\d+\.\d+\n$", connection.command("LOLWUT"))
