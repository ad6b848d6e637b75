"""What unit tests share."""

from collections.abc import Generator

import pytest
from loguru import logger


@pytest.fixture
def lines() -> Generator[list[str]]:
    """The lines that are logged meanwhile."""
    written: list[str] = []
    sink = logger.add(lambda message: written.append(message.record["message"]))
    yield written
    logger.remove(sink)
