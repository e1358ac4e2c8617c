"""Geographic positions."""

from .sorted_sets import scores

KEYS = ["geo:%d" % i for i in range(4)]


def longitude(w):
    # Redis loses members at 180 degrees and at the northern end; test_globe.py has those.
    if w.chance(0.05):
        return w.pick("181", "-181", "x", "", "nan", "inf", "179.999999", "-180")
    return round(w.random.uniform(-180, 180), 6) if w.chance(0.3) else round(w.random.uniform(10, 20), 6)


def latitude(w):
    if w.chance(0.05):
        return w.pick("86", "-86", "x", "", "nan", "85.051128", "-85.05112878")
    return round(w.random.uniform(-85, 85), 6) if w.chance(0.3) else round(w.random.uniform(35, 45), 6)


def place(w):
    return "m%d" % w.number(0, 25)


def unit(w):
    return w.any_case(w.pick("m", "km", "ft", "mi", "km", "junk" if w.chance(0.05) else "m"))


def radius(w):
    return w.pick(1, 100, 1000, 50000, 1000000, 20000000, "0", "-1" if w.chance(0.1) else 10, "x" if w.chance(0.1) else "0.5")


def center(w):
    if w.chance(0.5):
        return ["FROMMEMBER", place(w)]
    return ["FROMLONLAT", longitude(w), latitude(w)]


def shape(w):
    if w.chance(0.5):
        return ["BYRADIUS", radius(w), unit(w)]
    return ["BYBOX", radius(w), radius(w), unit(w)]


def order(w):
    return w.pick(["ASC"], ["DESC"], ["asc"])


def search(w, *extra):
    # Without an order the results come as the index has them; an order makes them comparable.
    return [*center(w), *shape(w), *order(w), *w.options(lambda: ["COUNT", w.integer(1, 5)], *extra)]


NORMALISERS = {"ZRANGE": scores}
WITHS = ("WITHCOORD", "WITHDIST", "WITHHASH")

STEPS = [
    (10, "GEOADD", lambda w: ["GEOADD", w.key(), *w.options("NX", "XX", "CH", share=0.1), *(
        item for _ in range(w.number(1, 4)) for item in (longitude(w), latitude(w), place(w)))]),
    (4, "GEOPOS", lambda w: ["GEOPOS", w.key(), *(place(w) for _ in range(w.number(0, 3)))]),
    (4, "GEODIST", lambda w: ["GEODIST", w.key(), place(w), place(w), *w.options(lambda: unit(w), share=0.6)]),
    (3, "GEOHASH", lambda w: ["GEOHASH", w.key(), *(place(w) for _ in range(w.number(0, 3)))]),
    (10, "GEOSEARCH", lambda w: ["GEOSEARCH", w.key(), *search(w, *WITHS)]),
    (4, "GEOSEARCHSTORE", lambda w: ["GEOSEARCHSTORE", w.key(), w.key(), *search(w, "STOREDIST")]),
    (4, "GEORADIUS", lambda w: ["GEORADIUS", w.key(), longitude(w), latitude(w), radius(w), unit(w), *order(w), *w.options(
        *WITHS, lambda: ["COUNT", w.integer(1, 5)], lambda: ["STORE", w.key()] if w.chance(0.2) else [])]),
    (4, "GEORADIUSBYMEMBER", lambda w: ["GEORADIUSBYMEMBER", w.key(), place(w), radius(w), unit(w), *order(w), *w.options(
        *WITHS, lambda: ["COUNT", w.integer(1, 5)], lambda: ["STOREDIST", w.key()] if w.chance(0.2) else [])]),
    (2, "GEORADIUS_RO", lambda w: ["GEORADIUS_RO", w.key(), longitude(w), latitude(w), radius(w), unit(w), *order(w), *w.options(*WITHS)]),
    (2, "GEORADIUSBYMEMBER_RO", lambda w: ["GEORADIUSBYMEMBER_RO", w.key(), place(w), radius(w), unit(w), *order(w), *w.options(*WITHS)]),
    (1, "ZREM", lambda w: ["ZREM", w.key(), place(w)]),
    (2, "ZRANGE", lambda w: ["ZRANGE", w.key(), "0", "-1", "WITHSCORES"]),
    (0.5, "DEL", lambda w: ["DEL", w.key()]),
]

EDGES = """
GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
GEOADD g 13.361389 38.115556 Palermo
GEOADD g CH 13.4 38.1 Palermo
GEOADD g NX 14 38 Palermo
GEOADD g XX 14 38 Nowhere
GEOADD g NX XX 14 38 x
GEOADD g 181 38 x
GEOADD g 14 86 x
GEOADD g abc 38 x
GEOADD g 14 38
GEOADD g 14 38 x 15
GEOADD g
GEOPOS g Palermo none Catania
GEOPOS g
GEOPOS none a
GEOPOS none
GEODIST g Palermo Catania
GEODIST g Palermo Catania km
GEODIST g Palermo Catania MI
GEODIST g Palermo Catania ft
GEODIST g Palermo Catania junk
GEODIST g Palermo none
GEODIST none a b
GEODIST g Palermo
GEODIST g Palermo Palermo
GEODIST g Palermo Catania km extra
GEOHASH g Palermo Catania none
GEOHASH g
GEOHASH none a
ZRANGE g 0 -1 WITHSCORES

GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 12.758489 38.788135 edge1 17.241510 38.788135 edge2
GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC
GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHCOORD WITHDIST WITHHASH
GEOSEARCH g FROMMEMBER Palermo BYRADIUS 200 km DESC WITHDIST
GEOSEARCH g FROMMEMBER none BYRADIUS 200 km
GEOSEARCH g FROMMEMBER Palermo FROMLONLAT 15 37 BYRADIUS 200 km
GEOSEARCH g FROMMEMBER Palermo BYRADIUS 200 km BYBOX 1 1 km
GEOSEARCH g BYRADIUS 200 km
GEOSEARCH g FROMMEMBER Palermo
GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1
GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1 DESC
GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 0
GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT -1
GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT x
GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT
GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ANY
GEOSEARCH g FROMLONLAT 15 37 BYRADIUS -1 km
GEOSEARCH g FROMLONLAT 15 37 BYRADIUS x km
GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 junk
GEOSEARCH g FROMLONLAT 15 37 BYBOX -1 1 km
GEOSEARCH g FROMLONLAT 200 37 BYRADIUS 200 km
GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km junk
GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST
GEOSEARCH none FROMLONLAT 15 37 BYRADIUS 200 km
GEOSEARCH none FROMMEMBER a BYRADIUS 200 km
GEOSEARCH g
GEOSEARCHSTORE d g FROMLONLAT 15 37 BYBOX 400 400 km ASC COUNT 3
ZRANGE d 0 -1 WITHSCORES
GEOSEARCHSTORE d g FROMLONLAT 15 37 BYBOX 400 400 km ASC COUNT 3 STOREDIST
ZRANGE d 0 -1 WITHSCORES
GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 1 m
EXISTS d
GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 1 m WITHDIST
GEOSEARCHSTORE d none FROMLONLAT 15 37 BYRADIUS 1 m
GEORADIUS g 15 37 200 km ASC
GEORADIUS g 15 37 200 km WITHDIST WITHCOORD WITHHASH ASC
GEORADIUS g 15 37 200 km STORE d
GEORADIUS g 15 37 200 km STORE d WITHDIST
GEORADIUS g 15 37 200 km STOREDIST d
GEORADIUS g 15 37 200 km STORE
GEORADIUS g 15 37 -1 km
GEORADIUS g x 37 200 km
GEORADIUS g 15 37 200 junk
GEORADIUS g 15 37 200
GEORADIUS none 15 37 200 km
GEORADIUS_RO g 15 37 200 km ASC
GEORADIUS_RO g 15 37 200 km STORE d
GEORADIUSBYMEMBER g Palermo 200 km ASC
GEORADIUSBYMEMBER g none 200 km
GEORADIUSBYMEMBER none a 200 km
GEORADIUSBYMEMBER_RO g Palermo 200 km ASC

SET s v
GEOADD s 1 1 a
GEOPOS s a
GEODIST s a b
GEOHASH s a
GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km
GEORADIUS s 15 37 200 km
GEOSEARCHSTORE d s FROMLONLAT 15 37 BYRADIUS 200 km
"""

SICILY = "GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 12.758489 38.788135 edge1"
FAR = "GEOADD e 3.9132 46.1141 a -22.3193 37.2810 b"
EAST = "BYPOLYGON 4 14 37 16 37 16 38.5 14 38.5"
NEWER = [
    (SICILY, f"GEOSEARCH g {EAST}", b"*1\r\n$7\r\nCatania\r\n"),
    (SICILY, f"GEOSEARCH g {EAST} WITHDIST WITHHASH", b"*1\r\n*3\r\n$7\r\nCatania\r\n$10\r\n28563.7271\r\n:3479447370796909\r\n"),
    (SICILY, "GEOSEARCH g BYPOLYGON 3 12 39.5 12 37 15.5 37 ASC", b"*2\r\n$7\r\nPalermo\r\n$5\r\nedge1\r\n"),
    (SICILY, f"GEOSEARCHSTORE d g {EAST}", "ZRANGE d 0 -1", b"*1\r\n$7\r\nCatania\r\n"),
    (SICILY, f"GEOSEARCH g FROMMEMBER Palermo {EAST}", b"-ERR syntax error\r\n"),
    (SICILY, f"GEOSEARCH g {EAST} FROMLONLAT 15 37", b"-ERR syntax error\r\n"),
    (SICILY, f"GEOSEARCH g {EAST} BYRADIUS 1 km", b"-ERR syntax error\r\n"),
    (SICILY, "GEOSEARCH g BYPOLYGON 2 14 37 16 37", b"-ERR GEOSEARCH BYPOLYGON must have at least 3 vertices\r\n"),
    (SICILY, "GEOSEARCH g BYPOLYGON 4 14 37 16 37 16 38.5", b"-ERR syntax error\r\n"),
    (SICILY, "GEOSEARCH g BYPOLYGON 9223372036854775807 14 37 16 37", b"-ERR syntax error\r\n"),
    (SICILY, "GEOSEARCH g BYPOLYGON 3 14 37 16 37 16 90", b"-ERR invalid longitude,latitude pair 16.000000,90.000000\r\n"),
    (f"GEOSEARCH none {EAST}", b"*0\r\n"),
    # Redis misses what lies behind the nine cells that it searches: 2,375 km apart.
    (FAR, "GEOSEARCH e FROMMEMBER a BYRADIUS 4900 km ASC", b"*2\r\n$1\r\na\r\n$1\r\nb\r\n"),
    (FAR, "GEORADIUSBYMEMBER e b 4900 km ASC", b"*2\r\n$1\r\nb\r\n$1\r\na\r\n"),
    ("GEOADD e 0 84.9 a 180 84.9 b", "GEOSEARCH e FROMMEMBER a BYRADIUS 1200 km ASC", b"*2\r\n$1\r\na\r\n$1\r\nb\r\n"),
    ("GEOADD e 179.9 1 a -179.9 1 b", "GEOSEARCH e FROMMEMBER a BYBOX 100 100 km ASC", b"*2\r\n$1\r\na\r\n$1\r\nb\r\n"),
]
