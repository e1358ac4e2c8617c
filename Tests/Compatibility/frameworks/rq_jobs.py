"""Jobs for RQ's workers in the tests."""


def add(left, right):
    return left + right


def fail():
    raise ValueError("a job that fails")
