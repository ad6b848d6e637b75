"""What the log says of deliveries: what is worth knowing, without the messages' words."""

from typing import Final

from loguru import logger

from ..model.delivery import Delivery, State
from ..model.timing import in_words
from .retry import Finish, Retry, StepAside

SOON: Final = 10.0
"""Seconds within which a delivery counts as immediate."""
LINES: Final = 60
"""Most lines of deliveries that went well in:"""
LOG_SECONDS: Final = 60.0


class DeliveryLog:
    """The log."""

    def __init__(self) -> None:
        self._since = 0.0
        self._written = self._unwritten = 0
        """Deliveries that went well since then."""

    def write(
        self,
        delivery: Delivery,
        decision: Finish | Retry | StepAside,
        now: float,
        took: float,
        together: str,
        *,
        first: bool,
    ) -> None:
        """Log what came of an attempt.

        Args:
            delivery: what was sent.
            decision: what follows.
            now: epoch seconds.
            took: seconds since it was accepted.
            together: what else was in the message (Chinese).
            first: the lane did not fail just before.
        """
        match decision:
            case Finish(State.DELIVERED, note):
                if note or self._may_write(now):
                    how = _how(took, delivery.attempts, together)
                    if note:
                        logger.warning(f"{_subject(delivery)} 送达，{how}，但{note}")
                    else:
                        logger.info(f"{_subject(delivery)} 送达，{how}")
            case Finish(State.UNCONFIRMED, reason):
                logger.error(f"{_subject(delivery)} 不能确认是否送达，不再重试：{reason}")
            case Finish(State.EXPIRED | State.REJECTED, reason):
                logger.error(f"{_subject(delivery)} 没能送达，不再重试：{reason}")
            case Retry(delay, reason):
                level = "WARNING" if first else "DEBUG"
                logger.log(level, f"{_subject(delivery)} 没有送达，{delay:.0f} 秒后重试：{reason}")
            case StepAside(delay, reason):
                level = "DEBUG" if delivery.stepped_aside else "WARNING"
                how = f"没有送达，后面的先发，它 {delay:.0f} 秒后单独再试：{reason}"
                logger.log(level, f"{_subject(delivery)} {how}")
            case Finish():
                pass

    def _may_write(self, now: float) -> bool:
        """Whether one more line may say that all went well."""
        if not 0 <= now - self._since < LOG_SECONDS:
            if self._unwritten:
                logger.info(f"另有 {self._unwritten} 条送达，没有逐条写出")
            self._since, self._written, self._unwritten = now, 0, 0
        if self._written == LINES:
            self._unwritten += 1
            return False
        self._written += 1
        return True


def with_others(count: int, *, digest: bool) -> str:
    """How several deliveries go as one message (Chinese); empty: it is one."""
    if count == 1:
        return ""
    return f"和另外 {count - 1} 条一起，以摘要" if digest else f"和另外 {count - 1} 条合并"


def _subject(delivery: Delivery) -> str:
    return f"{delivery.report_id} → {delivery.lane}"


def _how(took: float, attempts: int, together: str) -> str:
    """How a delivery went: after how long, and after how many attempts (Chinese)."""
    time = f"{max(took, 0.0):.1f} 秒" if took < SOON else f"等了 {in_words(took)}"
    tries = f"第 {attempts + 1} 次才送到" if attempts else ""
    return "，".join(filter(None, (time, tries, together)))
