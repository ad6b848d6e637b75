"""Mentions, for the services where a bot can mention people.

Only urgent reports and failures mention anybody: people mute what mentions them every time.
"""

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from ..model.delivery import Delivery, Priority
from ..model.report import Result
from ..settings import Names

EVERYBODY: Final = "all"


def _check(people: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(one.removeprefix("@") for one in people)
    # Some services want them in markup, which other characters could end.
    if not all(re.fullmatch(r"[\w.@+-]+", one, re.ASCII) for one in names):
        raise ValueError("应为 all 或 ID，几个用逗号隔开")
    return names


Mention = Annotated[Names, AfterValidator(_check)]
"""Whom to mention: `all`, or people as the service knows them."""


def mentioned(people: tuple[str, ...], delivery: Delivery) -> tuple[str, ...]:
    """Choose whom a delivery mentions: all these people, or nobody."""
    message = delivery.message
    urgent = delivery.handling.priority is Priority.URGENT
    failed = any(one.report.result is Result.FAIL for one in (message, *message.parts))
    return people if urgent or failed else ()


def by_number(people: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split people into mobile numbers and other ids, without `all`."""
    numbers = tuple(one for one in people if re.fullmatch(r"1\d{10}|\+[\d-]+", one))
    return numbers, tuple(one for one in people if one not in (*numbers, EVERYBODY))
