"""Pages of SCAN and its relatives: about as long as COUNT says, and none for what is empty."""

import pytest


# A bucket holds up to a dozen entries, and is looked at with the one that it was split into.
BUCKETS = 2 * 24


@pytest.fixture
def connection(apus):
    with apus.connect(timeout=30) as connection:
        connection.raw("FLUSHALL")
        yield connection
        connection.raw("FLUSHALL")


def pages(connection, *words):
    """The pages of a whole scan; `words` end where the cursor goes."""
    found, cursor = [], b"0"
    name, *key = words
    while True:
        cursor, page = connection.command(name, *key[:1], cursor, *key[1:]) if name != "SCAN" else connection.command(name, cursor, *key)
        found.append(page)
        if cursor == b"0":
            return found


def test_an_empty_database_answers_at_once(connection):
    for count in (1, 10, 1000):
        assert pages(connection, "SCAN", "COUNT", count) == [[]]


def test_few_keys_come_in_one_page(connection):
    connection.raw("MSET", "a", "1", "b", "2", "c", "3")
    assert [sorted(page) for page in pages(connection, "SCAN")] == [[b"a", b"b", b"c"]]


@pytest.mark.parametrize("count", [1, 10, 100, 1000, 20000])
def test_a_page_holds_about_count_keys(connection, count):
    connection.raw("DEBUG", "POPULATE", "10000")
    found = pages(connection, "SCAN", "COUNT", count)
    assert {name for page in found for name in page} == {b"key:%d" % n for n in range(10000)}
    assert all(count <= len(page) < count + BUCKETS for page in found[:-1])


@pytest.mark.parametrize("count", [1, 10, 100, 1000])
@pytest.mark.parametrize("add, scan, step", [("SADD", "SSCAN", 1), ("HSET", "HSCAN", 2), ("ZADD", "ZSCAN", 2)])
def test_a_page_holds_about_count_elements(connection, add, scan, step, count):
    for n in range(1000):
        connection.raw(*{"SADD": ["SADD", "k", f"m{n}"], "HSET": ["HSET", "k", f"m{n}", n], "ZADD": ["ZADD", "k", n, f"m{n}"]}[add])
    found = pages(connection, scan, "k", "COUNT", count)
    assert sorted({name for page in found for name in page[::step]}) == sorted(b"m%d" % n for n in range(1000))
    assert all(count <= len(page) / step < count + BUCKETS for page in found[:-1])
    if count == 1000:
        assert len(found) == 1


def test_a_page_looks_at_no_more_buckets_than_ten_a_key(connection):
    connection.raw("SADD", "sparse", *range(20000))
    connection.raw("DEBUG", "DICT-RESIZING", "0")
    try:
        connection.raw("SREM", "sparse", *range(5, 20000))
        found = pages(connection, "SSCAN", "sparse", "COUNT", "10")
        assert len(found) > 1 and sum(map(len, found)) == 5
    finally:
        connection.raw("DEBUG", "DICT-RESIZING", "1")
