"""What changed after redis-server 7.0: the table of newer.py."""

import pytest

import newer
import oracle as engine
import servers


@pytest.mark.parametrize("protocol", [2, 3], ids=["resp2", "resp3"])
@pytest.mark.parametrize("change", newer.CHANGES, ids=lambda row: f"{row[0]}: {row[1]}")
def test_it_is_as_in_the_newer_version(apus, change, protocol):
    if not servers.is_apus(servers.APUS):
        pytest.skip("a stand-in for our server is not expected to know newer behaviour")
    _, _, *lines, expected = change
    commands = [engine.as_command(line) for line in lines]
    with apus.connect(protocol) as connection:
        connection.raw("FLUSHALL")
        if commands[-2:-1] == [["RESET"]]:
            protocol = 2
        replies = connection.pipeline(commands)
    if isinstance(expected, dict):
        expected = expected[protocol]
    shown = "\n".join(f"  {engine.readable(words)}\n    {reply[:300]!r}" for words, reply in zip(commands, replies))
    assert expected(replies[-1]) if callable(expected) else replies[-1] == expected, f"expected {expected!r} from\n{shown}"


def test_each_row_has_a_version_and_a_name_of_its_own():
    rows = newer.CHANGES
    assert all(version.split()[-1][0].isdigit() for version, *_ in rows)
    commands = [str(row[2:-1]) for row in rows]
    assert len(set(commands)) == len(commands)
