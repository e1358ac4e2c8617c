"""Searches over the whole globe, compared with a look at every member: none is missed and none is told twice."""

import math
import random

import pytest

RADIUS = 6372797.560856
UNITS = {"m": 1.0, "km": 1000.0, "ft": 0.3048, "mi": 1609.34}
NORTH = 85.05112878


def distance(a, b):
    """Metres over the sphere, by the haversine formula."""
    (lon, lat), (lon2, lat2) = [tuple(math.radians(d) for d in p) for p in (a, b)]
    u, v = math.sin((lat2 - lat) / 2), math.sin((lon2 - lon) / 2)
    return 2 * RADIUS * math.asin(min(1, math.sqrt(u * u + math.cos(lat) * math.cos(lat2) * v * v)))


def in_box(center, place, width, height):
    rise = RADIUS * abs(math.radians(place[1]) - math.radians(center[1]))
    return rise, height / 2, distance(place, (center[0], place[1])), width / 2


def encloses(corners, place):
    inside = False
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1]):
        if (y1 > place[1]) != (y2 > place[1]) and place[0] < x1 + (place[1] - y1) / (y2 - y1) * (x2 - x1):
            inside = not inside
    return inside


def somewhere(source):
    longitude = source.choice([source.uniform(-180, 180)] * 6 + [180, -180, 179.9999, -179.9999])
    latitude = source.choice([source.uniform(-85, 85)] * 6 + [NORTH, -NORTH, source.uniform(80, 85), source.uniform(-85, -80)])
    return longitude, latitude


@pytest.fixture(scope="module")
def globe(apus):
    """1,500 members, and where the server says they are."""
    source = random.Random(4)
    with apus.connect(3, timeout=60) as connection:
        connection.raw("DEL", "globe", "far")
        places = {b"m%d" % n: somewhere(source) for n in range(1500)}
        for name, (longitude, latitude) in places.items():
            connection.raw("GEOADD", "globe", longitude, latitude, name)
        told = dict(zip(places, map(tuple, connection.command("GEOPOS", "globe", *places))))
        yield connection, told
        connection.raw("DEL", "globe")


def check(reply, expected, unsure):
    assert len(reply) == len(set(reply)), "a member twice"
    missed, wrong = expected - set(reply) - unsure, set(reply) - expected - unsure
    assert not missed and not wrong, f"missed {len(missed)}, wrong {len(wrong)} of {len(expected)}"


def near(a, b):
    """Within what rounding may do."""
    return abs(a - b) <= 1e-6 * max(a, b) + 0.01


def test_circles(globe):
    connection, told = globe
    source = random.Random(5)
    for _ in range(250):
        center, unit = somewhere(source), source.choice(list(UNITS))
        metres = source.choice([1e3, 1e5, 5e5, 1e6, 2.5e6, 5e6, 1e7, 1.5e7, 2e7, 3e7]) * source.uniform(0.5, 1.5)
        words = ["GEOSEARCH", "globe", "FROMLONLAT", *center, "BYRADIUS", metres / UNITS[unit], unit]
        away = {name: distance(center, place) for name, place in told.items()}
        unsure = {name for name, d in away.items() if near(d, metres)}
        check(connection.command(*words), {name for name, d in away.items() if d <= metres}, unsure)


def test_boxes(globe):
    connection, told = globe
    source = random.Random(6)
    for _ in range(250):
        center = somewhere(source)
        width, height = (source.choice([1e4, 5e5, 2e6, 5e6, 1e7, 2e7, 4e7]) * source.uniform(0.5, 1.5) for _ in "wh")
        found = connection.command("GEOSEARCH", "globe", "FROMLONLAT", *center, "BYBOX", width, height, "m")
        away = {name: in_box(center, place, width, height) for name, place in told.items()}
        unsure = {name for name, (a, b, c, d) in away.items() if near(a, b) or near(c, d)}
        check(found, {name for name, (a, b, c, d) in away.items() if a <= b and c <= d}, unsure)


def test_polygons(globe):
    connection, told = globe
    source = random.Random(7)
    for _ in range(200):
        corners = [somewhere(source) for _ in range(source.randint(3, 7))]
        words = [number for corner in corners for number in corner]
        found = connection.command("GEOSEARCH", "globe", "BYPOLYGON", len(corners), *words)
        check(found, {name for name, place in told.items() if encloses(corners, place)}, set())


def test_radius_and_store_agree(globe):
    connection, told = globe
    source = random.Random(8)
    for _ in range(100):
        name = source.choice(list(told))
        size = source.choice([10, 700, 4000, 9000, 16000])
        found = connection.command("GEORADIUSBYMEMBER", "globe", name, size, "km")
        assert sorted(found) == sorted(connection.command("GEOSEARCH", "globe", "FROMMEMBER", name, "BYRADIUS", size, "km"))
        assert connection.command("GEORADIUSBYMEMBER", "globe", name, size, "km", "STORE", "far") == len(found)
        assert sorted(connection.command("ZRANGE", "far", 0, -1)) == sorted(found)
        connection.raw("DEL", "far")
