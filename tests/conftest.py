"""What all tests share."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

TESTS: Final = Path(__file__).parent
SLOW_PLACES: Final = (
    "attacks", "faults", "integration", "page", "outbox/test_rubbish.py", "outbox/test_server.py",
)  # fmt: skip
"""Real bots, browsers, servers and faults, and whole bots under attack."""
QUICK_MODULES: Final = ("integration/test_http.py", "integration/test_push.py")
"""Real bots, but what every push goes through."""
LONG_MODULES: Final = (
    "page/test_door.py", "page/test_page.py", "page/test_exports.py", "integration/test_moving.py",
    "integration/test_first_hour.py", "integration/test_crash.py", "integration/test_fuzz.py",
)  # fmt: skip
"""They come first: where modules run side by side, none of them is left to run alone at the end."""
ONLY_QUICK: Final = "not slow"
"""What is run by default, see pyproject.toml."""

# How long drawing an example takes says something of the machine, nothing of our code.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named for their parameter: what is packed holds the time at which it was packed,
    and processes that run side by side must find the same tests."""
    return argname if isinstance(val, bytes) else None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import slow modules where only quick tests run."""
    is_module = collection_path.suffix == ".py"
    return (
        is_module and config.option.markexpr == ONLY_QUICK and _is_slow(collection_path)
    ) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow: its place, or the second engine; long modules come first."""
    long_modules = {TESTS / module for module in LONG_MODULES}
    items.sort(key=lambda item: item.path not in long_modules)
    for item in items:
        if _is_slow(item.path) or _engine(item) == "postgres":
            item.add_marker("slow")


def _is_slow(path: Path) -> bool:
    if any(path == TESTS / module for module in QUICK_MODULES):
        return False
    is_test = path.name.startswith("test_")
    return is_test and any(path.is_relative_to(TESTS / place) for place in SLOW_PLACES)


def _engine(item: pytest.Item) -> object:
    """The engine that a test of the store is run on, or None."""
    call = getattr(item, "callspec", None)
    return call and call.params.get("engine")
