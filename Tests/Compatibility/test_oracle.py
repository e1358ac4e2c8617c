"""The same commands to apus-server and to redis-server: replies are equal to the byte."""

import importlib
import pathlib

import pytest

import oracle as engine
import servers

FAMILIES = sorted(
    path.stem for path in (pathlib.Path(__file__).parent / "families").glob("*.py")
    if not path.stem.startswith("_"))


def pytest_generate_tests(metafunc):
    if "seed" in metafunc.fixturenames:
        first = metafunc.config.getoption("first_seed")
        count = metafunc.config.getoption("seeds")
        metafunc.parametrize("seed", range(first, first + count), ids=lambda n: f"seed-{n}")


def family_module(name):
    return importlib.import_module(f"families.{name}")


def report_unknown(family, unknown):
    if unknown:
        engine.unknown_commands.setdefault(family, set()).update(unknown)


@pytest.mark.parametrize("family", FAMILIES)
def test_random_commands_have_equal_replies(apus, oracle, family, seed, request):
    protocol = 3 if seed % 2 == 0 else 2
    steps = request.config.getoption("steps")
    try:
        done, unknown = engine.run_family(
            apus, oracle, family_module(family), seed, steps, protocol)
    except engine.Mismatch as mismatch:
        pytest.fail(f"{family}, seed {seed}: {mismatch}", pytrace=False)
    report_unknown(family, unknown)
    if done == 0:
        pytest.skip(f"the server knows no command of {family} yet")


@pytest.mark.parametrize("protocol", [2, 3], ids=["resp2", "resp3"])
@pytest.mark.parametrize("family", FAMILIES)
def test_edges_have_equal_replies(apus, oracle, family, protocol):
    module = family_module(family)
    problems, unknown = engine.run_edges(apus, oracle, module, protocol)
    report_unknown(family, unknown)
    if problems:
        pytest.fail(f"{family}: {len(problems)} differences\n\n" + "\n\n".join(problems), pytrace=False)


@pytest.mark.parametrize("protocol", [2, 3], ids=["resp2", "resp3"])
@pytest.mark.parametrize("family", FAMILIES)
def test_what_redis_7_0_lacks_is_as_expected(apus, family, protocol):
    if not servers.is_apus(servers.APUS):
        pytest.skip("a stand-in for our server is not expected to know newer features")
    problems, unknown = engine.run_newer(apus, family_module(family), protocol)
    report_unknown(family, unknown)
    if problems:
        pytest.fail(f"{family}: {len(problems)} differences\n\n" + "\n\n".join(problems), pytrace=False)
