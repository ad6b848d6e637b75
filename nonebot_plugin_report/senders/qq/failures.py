"""Judges the texts of OneBot implementations for a failure. Pure.

OneBot 11 has no codes for QQ's answers, so each implementation writes its own text. These texts are
from the sources and issues of NapCat, LLOneBot and LLBot, Lagrange and go-cqhttp.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...model.delivery import Away, NotSent, Outcome, Rejected, Unknown
from ...model.text import clean

MUTED_SECONDS: Final = 300.0
"""Seconds at least before a group that has muted the bot is tried again: going on at once can cost
the account (https://github.com/NapNeko/NapCatQQ/issues/398)."""
NETWORK_SECONDS: Final = 30.0
"""Seconds at least before a send is tried again after QQ's own network was gone."""
_REASON_LENGTH: Final = 120
UNKNOWN_ACTION: Final = frozenset({404, 1404})
"""OneBot 11: in "HTTP" and in "正向 WebSocket"."""
_FINAL: Final = UNKNOWN_ACTION | {400, 1400}
"""OneBot 11: likewise, with bad parameters."""


def _muted(_: str) -> Outcome:
    return Away("机器人在这个群里被禁言了，过几分钟再试", MUTED_SECONDS)


def _without_network(_: str) -> Outcome:
    return Away("QQ 那边的网络断开了，过一会儿再试", NETWORK_SECONDS)


@dataclass(frozen=True, slots=True)
class OutOfReach(Rejected):
    """This account cannot write to the receiver; another one may."""


def _stranger(reason: str) -> Outcome:
    return OutOfReach(f"{reason}：机器人可能已不在群里，或不是对方好友")


def _nobody(reason: str) -> Outcome:
    return OutOfReach(f"{reason}：没有这个 QQ 号，或机器人不认识它")


def _temporary(reason: str) -> Outcome:
    return NotSent(reason, answered=True)


@dataclass(frozen=True, slots=True)
class _Row:
    """One meaning, and the pattern or code by which it is recognized."""

    meaning: Callable[[str], Outcome] | None
    """Makes the outcome from the reason; None: the message may have arrived."""
    pattern: re.Pattern[str] | None = None
    code: int | None = None
    """QQ's own code."""


_TABLE: Final = (
    _Row(None, re.compile(r"^invoke timeout\b")),
    _Row(_stranger, code=16),
    _Row(_stranger, code=110),
    _Row(_muted, code=120),
    _Row(_without_network, code=1006514),
    _Row(_temporary, code=-1),  # such as "rich media transfer failed"
    _Row(None, code=9000),  # Lagrange 1: QQ took it, and gave it no sequence
    _Row(None, re.compile(r"^发送消息失败 \(sequence=0\)")),  # LLBot
    # NapCat; LLOneBot; LLBot; LLBot 8, which says so after QQ's server took the message
    _Row(None, re.compile(r"^(?:Error: )?Timeout: NTEvent")),
    _Row(None, re.compile(r"^发送超时")),
    _Row(None, re.compile(r"^pmhq ws send: wait result timeout")),
    _Row(None, re.compile(r"^waitForSelfEcho timeout")),
    # A forward message was uploaded, but sending it failed: the message often arrived
    # (https://github.com/NapNeko/NapCatQQ/issues/210, 214).
    _Row(None, re.compile(r"\bres_id\b")),
    _Row(_without_network, re.compile(r"网络连接异常")),
    _Row(_muted, re.compile(r"禁言")),
    _Row(_nobody, re.compile(r"无法获取用户信息")),
    # go-cqhttp, coolq/api.go (https://github.com/Mrs4s/go-cqhttp/issues/1762), and its successors
    _Row(_stranger, re.compile(r"^(?:Error: )?(?:GROUP|FRIEND|USER|MEMBER)_NOT_FOUND\b")),
    _Row(_stranger, re.compile(r"^(?:Error: )?(?:群聊?|好友|用户|群成员)不存在")),
    _Row(_stranger, re.compile(r"请先添加对方为好友|已被移出该群")),
)
"""The first row that fits decides."""
_CODES: Final = (
    # NapCat: the last answer of QQ's, as JSON
    re.compile(
        r"^(?:Error: )?(?:EventChecker Failed|Timeout): NTEvent [^{]*"
        r"\{\s*\"result\":\s*(-?\d{1,9})(?:,\s*\"errMsg\":\s*\"([^\"]*)\")?"
    ),
    # LLBot up to 7: the same behind the call, which holds the message
    re.compile(r"^invoke failed, .*\{ result: (-?\d{1,9}), errMsg: '([^']*)' \}$", re.DOTALL),
    # LLBot 8
    re.compile(r"^发送消息失败 \(code=(-?\d{1,9})\)(?:: (.*))?", re.DOTALL),
)
"""QQ's own code and words, by what surrounds them."""
_CALLS: Final = ("invoke ", "ntqq api ")
"""Beginnings of texts in which LLOneBot and LLBot repeat the whole call."""


def judge(fields: Mapping[str, Any]) -> Outcome:
    """Judge a failure that a OneBot implementation answered.

    What OneBot 12 calls "request errors" (1xxxx) and "logic errors" such as a user that does not
    exist (35xxx, "动作响应") is final, as are OneBot 11's bad parameters and unknown actions.
    """
    retcode = fields.get("retcode")
    texts = (str(fields.get(name) or "").strip() for name in ("message", "msg", "wording"))
    code, text, summary = _read(retcode, " ".join(dict.fromkeys(filter(None, texts))))
    code_text = clean(str(retcode))[:20]
    reason = f"QQ 拒绝了这条消息（{code_text}{' ' + summary if summary else ''}）"
    for row in _TABLE:
        match = row.pattern.search(text) if row.pattern else None
        if match is None and (row.code is None or row.code != code):
            continue
        if row.meaning is not None:
            return row.meaning(reason)
        return Unknown(f"QQ 没有确认是否送达（{code_text}{' ' + match.group() if match else ''}）")
    return Rejected(reason) if _is_final(retcode) else _temporary(reason)


def judge_status(status: int) -> Outcome:
    """Judge an HTTP status other than success, from a OneBot implementation's HTTP server.

    Source: OneBot 11, "HTTP" (401 and 403: the access token; 404: no such action).
    """
    match status:
        case 401 | 403:
            return Rejected(
                f"QQ 机器人不认 access token（HTTP {status}）："
                ".env 的 ONEBOT_ACCESS_TOKEN 要和它的 HTTP 服务器里填的一样"
            )
        case 404:
            return Rejected("QQ 机器人的地址不对（HTTP 404）：检查 .env 的 ONEBOT_V11_API_ROOTS")
        case 408 | 429 | 502 | 503:  # 502: nobody listens behind a proxy
            return NotSent(f"QQ 机器人的 HTTP 服务器现在不能用（HTTP {status}）")
        case _ if status >= 500:
            return Unknown(f"QQ 机器人的 HTTP 服务器出错（HTTP {status}），没说发出去没有")
        case _:
            return Rejected(f"QQ 机器人的 HTTP 服务器拒绝了请求（HTTP {status}），检查它的地址")


def _read(retcode: object, text: str) -> tuple[int | None, str, str]:
    """Read QQ's own code, the text to search (without a call's parameters, one of which is the
    message), and a short text for the reason."""
    match = next((match for pattern in _CODES if (match := pattern.search(text))), None)
    if text.startswith(_CALLS):
        text = ", ".join(text.split(", ", 2)[:2])
    if match is None:
        # Lagrange has no words: its retcode is QQ's code.
        code = retcode if isinstance(retcode, int) and text in ("", "failed") else None
        return code, text, _short(text)
    return (
        int(match[1]),
        f"{text} {match[2] or ''}",
        _short(f"QQ 的代码 {match[1]} {match[2] or ''}"),
    )


def _short(text: str) -> str:
    return " ".join(clean(text).split())[:_REASON_LENGTH]


def _is_final(retcode: object) -> bool:
    if not isinstance(retcode, int):
        return False
    return retcode in _FINAL or 10000 <= retcode < 20000 or 35000 <= retcode < 36000
