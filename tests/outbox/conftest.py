"""The stores of these tests: what is promised of every engine is tested on each."""

from itertools import count
from pathlib import Path

import pytest

from nonebot_plugin_report.store import sqlite
from tests.postgres import databases as databases

from .places import Fresh, Place, ServerClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store in a file, where that is what is looked at."""
    return tmp_path / "report.db"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that another process locks is waited for as briefly as a test can."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine's name."""
    return request.param


@pytest.fixture(scope="session")
def fresh(
    engine: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Fresh:
    """Makes empty stores of an engine."""
    if engine == "postgres":
        databases = request.getfixturevalue("databases")
        return lambda: ServerClock.make(databases.fresh())
    folder, numbers = tmp_path_factory.mktemp("stores"), count()
    return lambda: folder / f"{next(numbers)}.db"


@pytest.fixture
def place(fresh: Fresh) -> Place:
    """An empty store of each engine."""
    return fresh()
