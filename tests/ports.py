"""Ports for what the tests start by a number that they have to know before."""

import itertools
import os
import socket
from collections.abc import Iterator
from typing import Final

_FIRST: Final = 20_000
_LAST: Final = 30_000
"""Below those that a system gives to whoever asks for any (from 32,768 on Linux, 49,152 elsewhere):
else a server or a client of another test may take a port before the bot that it is for opens it, or
while that bot is started again."""


def _own() -> range:
    """The share of one process of the test run."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = (_LAST - _FIRST) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    first = _FIRST + number * share
    return range(first, first + share)


def _in_turn() -> Iterator[int]:
    # Runs beside each other, and a process that this one starts, begin elsewhere.
    own = _own()
    begin = os.getpid() * 97 % len(own)
    return itertools.cycle([*own[begin:], *own[:begin]])


_ports = _in_turn()


def free_port() -> int:
    """A port that nobody listens on now, and that no other test gets."""
    return next(port for port in _ports if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
