"""Clients of memcached as their users install them, and what comes with libmemcached."""

import asyncio
import shutil
import subprocess
import sys

import pytest

import memcache
from memcache import port  # noqa: F401

pytestmark = memcache.NEEDED


def test_pymemcache(port):
    from pymemcache.client.base import Client
    from pymemcache.serde import pickle_serde

    client = Client(("127.0.0.1", port), serde=pickle_serde)
    client.flush_all()
    assert client.set("text", "grün") and client.get("text") == "grün"
    assert client.set("number", 17) and client.get("number") == 17
    assert client.set("list", [1, "b", None]) and client.get("list") == [1, "b", None]
    assert client.set_many({"a": 1, "b": "x"}) == []
    assert client.get_many(["a", "b", "c"]) == {"a": 1, "b": "x"}
    value, version = client.gets("a")
    assert value == 1 and client.cas("a", 2, version) is True
    assert client.cas("a", 3, version) is False and client.get("a") == 2
    assert client.cas("none", 3, version) is None
    assert client.add("a", 5, noreply=False) is False and client.add("n", 5, noreply=False)
    assert client.delete("n", noreply=False) and not client.delete("n", noreply=False)
    client.set("count", "10")
    assert client.incr("count", 5) == 15 and client.decr("count", 20) == 0
    assert client.touch("text", 100, noreply=False)
    assert "curr_items" in {name.decode() for name in client.stats()}
    assert client.set("large", "x" * 500000) and client.get("large") == "x" * 500000
    client.close()


def test_aiomcache(port):
    import aiomcache

    async def talk():
        client = aiomcache.Client("127.0.0.1", port)
        await client.flush_all()
        assert await client.set(b"a", b"1")
        assert await client.multi_get(b"a", b"b") == (b"1", None)
        value, version = await client.gets(b"a")
        assert await client.cas(b"a", b"2", version)
        assert await client.append(b"a", b"3") and await client.get(b"a") == b"23"
        assert await client.incr(b"a", 2) == 25
        assert await client.delete(b"a")
        await client.close()

    asyncio.run(talk())


def test_pylibmc(port):
    pylibmc = pytest.importorskip("pylibmc")
    client = pylibmc.Client([f"127.0.0.1:{port}"], behaviors={"cas": True, "tcp_nodelay": True})
    client.flush_all()
    assert client.set("a", {"b": [1, 2]}) and client.get("a") == {"b": [1, 2]}
    assert client.set_multi({"x": 1, "y": 2}) == [] and client.get_multi(["x", "y", "z"]) == {
        "x": 1, "y": 2}
    value, version = client.gets("x")
    assert client.cas("x", value + 1, version) and client.get("x") == 2
    assert client.incr("x") == 3 and client.delete("x") and client.get("x") is None
    assert client.add("y", 1) is False and client.replace("y", 5) and client.get("y") == 5
    assert client.set("z", "x" * 100000, min_compress_len=1000) and client.get("z") == "x" * 100000


def test_pylibmc_binary(port):
    pylibmc = pytest.importorskip("pylibmc")
    client = pylibmc.Client([f"127.0.0.1:{port}"], binary=True,
                            behaviors={"cas": True, "tcp_nodelay": True})
    client.flush_all()
    assert client.set("a", {"b": [1, 2]}) and client.get("a") == {"b": [1, 2]}
    assert client.set_multi({"x": 1, "y": 2}) == [] and client.get_multi(["x", "y", "z"]) == {
        "x": 1, "y": 2}
    value, version = client.gets("x")
    assert client.cas("x", value + 1, version) and client.get("x") == 2
    assert client.incr("x") == 3 and client.delete("x") and client.get("x") is None
    assert client.add("y", 1) is False and client.replace("y", 5) and client.get("y") == 5
    assert client.append("text", "x") is False and client.set("text", "b")
    assert client.append("text", "c") and client.prepend("text", "a") and client.get("text") == "abc"
    assert client.set("z", "x" * 300000) and client.get("z") == "x" * 300000
    assert client.touch("z", 100) and "curr_items" in client.get_stats()[0][1]


def test_python_binary_memcached(port):
    bmemcached = pytest.importorskip("bmemcached")
    client = bmemcached.Client((f"127.0.0.1:{port}",))
    client.flush_all()
    assert client.set("a", {"b": 1}) and client.get("a") == {"b": 1}
    assert client.add("a", 1) is False and client.replace("none", 1) is False
    value, version = client.gets("a")
    assert client.cas("a", [1], version) and not client.cas("a", [2], version)
    assert client.get("a") == [1]
    client.set_multi({"x": "1", "y": "2"})
    assert client.get_multi(["x", "y", "z"]) == {"x": "1", "y": "2"}
    assert client.incr("n", 5, default=7) == 7 and client.incr("n", 5) == 12
    assert client.decr("n", 20) == 0
    assert client.delete("a") and client.get("a") is None
    assert client.set("large", "x" * 500000) and client.get("large") == "x" * 500000
    assert list(client.stats().values())[0]
    client.disconnect_all()


def test_python_binary_memcached_with_sasl():
    bmemcached = pytest.importorskip("bmemcached")
    server = memcache.Apus(2, "--requirepass", "secret")
    try:
        client = bmemcached.Client((f"127.0.0.1:{server.port}",), "default", "secret")
        assert client.set("a", "b") and client.get("a") == "b"
        client.disconnect_all()
        with pytest.raises(Exception):
            stranger = bmemcached.Client((f"127.0.0.1:{server.port}",), "default", "wrong")
            assert stranger.get("a") == "b"
    finally:
        server.end()


DJANGO = """
import sys
from django.conf import settings
settings.configure(CACHES={"default": {
    "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
    "LOCATION": f"127.0.0.1:{sys.argv[1]}"}})
import django
django.setup()
from django.core.cache import cache
cache.clear()
cache.set("page", {"html": "<p>"}, 60)
assert cache.get("page") == {"html": "<p>"}
assert cache.add("page", 1) is False
assert cache.get_or_set("made", lambda: [1], 60) == [1]
cache.set("hits", 1)
assert cache.incr("hits", 4) == 5
assert cache.get_many(["page", "hits", "none"]) == {"page": {"html": "<p>"}, "hits": 5}
assert cache.touch("page", 10) is True and cache.touch("none", 10) is False
cache.delete_many(["page", "hits"])
assert cache.get("page") is None
print("fine")
"""


def test_django(port):
    done = subprocess.run([sys.executable, "-c", DJANGO, str(port)], capture_output=True,
                          text=True, timeout=60)
    assert done.stdout.strip() == "fine", done.stderr


@pytest.mark.skipif(shutil.which("memccat") is None, reason="no libmemcached-tools")
def test_libmemcached_tools(port, tmp_path):
    servers = f"--servers=127.0.0.1:{port}"
    path = tmp_path / "thing"
    path.write_text("what it holds")
    run = dict(capture_output=True, text=True, timeout=30)
    assert subprocess.run(["memccp", servers, str(path)], **run).returncode == 0
    assert subprocess.run(["memccat", servers, "thing"], **run).stdout == "what it holds\n"
    assert subprocess.run(["memcexist", servers, "thing"], **run).returncode == 0
    assert subprocess.run(["memcrm", servers, "thing"], **run).returncode == 0
    assert subprocess.run(["memcexist", servers, "thing"], **run).returncode != 0
    assert "curr_items" in subprocess.run(["memcstat", servers], **run).stdout
