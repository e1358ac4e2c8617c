"""The families of commands that the oracle tests and the fuzzer draw from."""

from families import (
    bitmaps, connection, expiry, geo, hashes, hyperloglogs, keys, lists, server, sets, sorted_sets, sorting,
    stream_groups, streams, strings)

FAMILY_MODULES = [
    bitmaps, connection, expiry, geo, hashes, hyperloglogs, keys, lists, server, sets, sorted_sets, sorting,
    stream_groups, streams, strings]
