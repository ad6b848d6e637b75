"""Logs stored reports without deliveries, within a rate: a client may send any number."""

import time
from collections.abc import Callable
from typing import Final

from loguru import logger

from ..model.status import Receipt

LINES: Final = 20
"""Most lines in `LOG_SECONDS`."""
LOG_SECONDS: Final = 60.0


class ReceiptLog:
    """The log of duplicates, and of reports that a rule drops."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives monotonic seconds."""
        self._clock = clock
        self._since = clock()
        self._written = 0

    def add(self, receipt: Receipt, reason: str) -> None:
        """Log a receipt without deliveries; `reason` is why the report was dropped."""
        if receipt.status == "accepted":
            return
        now = self._clock()
        if now - self._since >= LOG_SECONDS:
            if self._written > LINES:
                logger.info(f"另有 {self._written - LINES} 条推送不用发送，没有逐条写出")
            self._since, self._written = now, 0
        self._written += 1
        if self._written > LINES:
            return
        if receipt.status == "duplicate":
            logger.info(f"{receipt.id} 又来了一次，不再发送")
        else:
            logger.info(f"{receipt.id} 没有发给谁：{reason}")
