"""Fixtures: roots that start as a bare Debian 12."""

import os

import pytest

import roots


def pytest_collection_modifyitems():
    if os.geteuid() != 0:
        pytest.exit("the tests of packages make roots, which needs root", returncode=1)


@pytest.fixture(scope="session")
def debian():
    """A bare Debian 12 with the libraries that our programs need."""
    made = roots.Lower(roots.OUT / "base.tar")
    yield made
    made.remove()


@pytest.fixture
def root(debian):
    """A bare Debian 12 of the test's own."""
    made = roots.Root(debian.path)
    yield made
    made.remove()
