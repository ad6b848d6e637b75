"""What a client is told: errors as statuses, receipts and states as JSON.

An error of ours becomes a status in one table; nothing that a client writes comes back to it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

import orjson
from fastapi import Response
from fastapi.responses import PlainTextResponse

from ..doctor.findings import Finding
from ..errors import (
    BodyTooLarge,
    Busy,
    Forbidden,
    InvalidReport,
    Refused,
    ReportError,
    StoreUnavailable,
    TooManyAttempts,
    TooManyReports,
    UnsupportedMedia,
)
from ..hub import Health
from ..model.status import Receipt, ReportState, progress, standing
from ..sources.base import Answer

STATUS: Final[Mapping[type[Refused], int]] = {
    InvalidReport: 422,
    UnsupportedMedia: 415,
    BodyTooLarge: 413,
    Forbidden: 403,
    TooManyAttempts: 429,
    TooManyReports: 429,
    Busy: 503,
    StoreUnavailable: 503,
}
RETRY_SECONDS: Final = 5
"""Seconds after which a client may retry when the store failed."""


def error_answer(status: int, reason: str) -> Response:
    """An error with its reason (Chinese)."""
    return json_answer({"status": "error", "error": reason}, status)


def status_of(error: Refused) -> int:
    """The HTTP status of a refusal: that of its class, or of the nearest base that has one."""
    return next(STATUS[base] for base in type(error).__mro__ if base in STATUS)


def refusal_answer(error: Refused) -> Response:
    """The answer to a refused request, with Retry-After where it makes sense."""
    content = {"status": "error", "error": str(error)}
    return refusal_in_words(error, content, status_of(error))


def refusal_in_words(error: ReportError, content: Mapping[str, object], status: int) -> Response:
    """The same in the JSON and the status of another service."""
    response = json_answer(content, status)
    retry_after(response, error)
    return response


def retry_after(response: Response, error: ReportError) -> None:
    """Say when to try again, where it makes sense."""
    if seconds := retry_seconds(error):
        response.headers["Retry-After"] = str(seconds)


def retry_seconds(error: ReportError) -> int:
    """Seconds after which a refused client may try again; 0: it makes no sense."""
    match error:
        case TooManyAttempts() | TooManyReports():
            return int(error.retry_after) + 1
        case StoreUnavailable():
            return RETRY_SECONDS
        case _:
            return 0


class _JsonAnswer(Response):
    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Starlette goes through them one by one: half of what an answer costs."""
        length = str(len(self.body)).encode()
        self.raw_headers = [(b"content-length", length), (b"content-type", b"application/json")]


def json_answer(content: Mapping[str, object], status: int = 200) -> Response:
    """An answer of JSON; half a character in it is written as an escape."""
    try:
        body = orjson.dumps(content)
    except TypeError:  # also of what is no JSON, which the standard library tells, too
        body = json.dumps(content).encode()
    return _JsonAnswer(body, status)


def refusal_json(error: Refused) -> dict[str, object]:
    """A refusal over a WebSocket, which has no status."""
    return {"status": "error", "code": status_of(error), "error": str(error)}


def receipt_json(receipt: Receipt) -> dict[str, object]:
    """The answer to an accepted report."""
    deliveries = [{"target": str(target)} for target in receipt.targets]
    return {"id": receipt.id, "status": receipt.status, "deliveries": deliveries}


def taken_answer(receipt: Receipt, answer: Answer) -> Response:
    """The answer to an accepted report, as its source's clients want it."""
    if answer is None:
        return json_answer(receipt_json(receipt))
    if isinstance(answer, str):
        return PlainTextResponse(answer) if answer else Response(status_code=204)
    return json_answer({**receipt_json(receipt), **answer})


def state_json(state: ReportState, now: float) -> dict[str, object]:
    """A report and each of its deliveries, at a moment (epoch seconds)."""
    return {
        "id": state.id,
        "key": state.key or None,
        "event": state.event,
        "heading": state.heading,
        **_time("received_at", state.received_at),
        "token": state.source or None,
        "reason": state.note or None,
        "deliveries": [
            {
                "target": str(one.target),
                "state": one.state,
                "attempts": one.attempts,
                "repeats": one.repeats,
                "reason": one.reason or None,
                "progress": progress(one, now),
                **_time("finished_at", one.finished_at),
            }
            for one in state.deliveries
        ],
    }


def health_json(health: Health, findings: Iterable[Finding], now: float) -> dict[str, object]:
    """Whether reports can be stored, what waits at a moment (epoch seconds), and what was found."""
    backlog = health.backlog
    return {
        "status": "error" if health.fault else "ok",
        "reason": health.fault_detail or None,
        "bots": [
            {"id": self_id, "adapter": adapter, "online": online}
            for self_id, adapter, online in health.bots
        ],
        "processes": [
            {
                "host": one.host,
                "pid": one.pid,
                "bots": list(one.bots),
                "lanes": one.lanes,
                "lapsed": one.lapsed,
                "standing": standing(one, now),
                **_time("started_at", one.started_at),
                **_time("seen_at", one.seen_at),
            }
            for one in health.processes
        ],
        "waiting": backlog.waiting if backlog else None,
        **_time("oldest_waiting_at", backlog.oldest if backlog else None),
        "blocked": [
            {"lane": str(one.lane), "reason": one.reason, **_time("since", one.since)}
            for one in (backlog.blocked if backlog else ())
        ],
        "retrying": [
            {"target": str(one.target), "progress": progress(one, now)}
            for one in (backlog.retrying if backlog else ())
        ],
        **_time("onebot_refused_at", health.refused_at),
        "failures": [
            {
                "target": str(one.target),
                "state": one.state,
                "reason": one.reason,
                "progress": progress(one, now),
                **_time("finished_at", one.finished_at),
            }
            for one in health.failures
        ],
        "refusals": [
            {
                "client": one.client,
                "reason": one.reason,
                "token": one.token or None,
                **_time("at", one.at),
            }
            for one in health.refusals
        ],
        "superusers_without_friend": list(health.strangers),
        "findings": [asdict(one) for one in findings],
    }


def _time(name: str, seconds: float | None) -> dict[str, object]:
    """A moment in epoch seconds and, beside it, in ISO format."""
    iso = None
    if seconds is not None:
        iso = datetime.fromtimestamp(seconds, UTC).astimezone().isoformat(timespec="seconds")
    return {name: seconds, f"{name}_iso": iso}
