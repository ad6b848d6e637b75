"""Reads how a push of unknown shape turned out, from its fields that say so. Pure.

What says it most plainly counts: a success or a result before a status, a status before an event's
name, that before a severity, and an error's text before the words of the heading.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..model.report import Result, read_result
from .leaves import LETTERS, Leaf, split_name, word_set

FAIL, SUCCESS, PARTIAL = Result.FAIL, Result.SUCCESS, Result.PARTIAL

_SUCCESSES: Final = word_set("success successful succeeded ok passed healthy issuccess")
_CODES: Final = word_set("exitcode exitstatus returncode rc errorcode errno")
_RESULTS: Final = word_set("result outcome conclusion verdict")
_STATES: Final = word_set("status state phase health condition")
_ACTIONS: Final = word_set("action event type kind trigger")
_LEVELS: Final = word_set("severity level criticality urgency importance priority")
_ERRORS: Final = word_set("error errors exception exceptions failure fault err")
_PASSED: Final = word_set("old previous prev last pre before former")
"""Words of names whose state is over."""
_ENDS: Final = word_set("name value text label code friendly string display title")
"""Words at the end of a name that do not change what it is about."""
_NOBODYS: Final = word_set("user actor author owner sender creator account agent")
"""Objects whose states are not the push's."""

_WEAK: Final = word_set("0 1 2 yes no true false")
"""Words that are a result only where a result is asked for."""
_MORE: Final = {
    **dict.fromkeys(
        word_set(
        "alert alerting alarm alarmed problem triggered trigger fired critical crit emergency"
        " emerg disaster panic severe serious urgent highest blocker major p0 p1 sev0 sev1"
        " s1 offline disconnected unreachable dead broken rejected denied breached"
        " violated unavailable outage majoroutage failing aborted rollback 故障 离线 紧急 严重 告警"
        " 报警 触发 宕机 致命 掉线 中断 运行失败 执行失败 备份失败 未通过"
        ),
        FAIL,
    ),
    **dict.fromkeys(
        word_set(
        "average medium moderate minor p2 sev2 sev3 s2 partialoutage degradedperformance"
        " nodata insufficientdata flapping high 次要 一般 中 高 警告"
        ),
        PARTIAL,
    ),
    **dict.fromkeys(
        word_set(
        "recovered recovery recover restored cleared clear normal online connected"
        " operational fixed solved 已恢复 解决 已解决 在线 运行成功 执行成功 备份成功"
        ),
        SUCCESS,
    ),
}  # fmt: skip
_ALARMS: Final = word_set(
    "alert alerting alarm problem triggered trigger fired firing open opened create created"
)
"""States of an alert whose severity says how bad it is."""
_QUIET: Final = word_set("info information informational low debug trace notice none")
"""Levels of what is not bad."""
_OVER: Final = {
    **dict.fromkeys(("close", "closed", "ended", "end"), SUCCESS),
    **dict.fromkeys(
        ("open", "opened", "create", "created", "new", "active", "activated", "started"), FAIL
    ),
    **dict.fromkeys(("acknowledge", "acknowledged"), PARTIAL),
}
"""States of an alert that mean something else of other things."""
_ENDED: Final = word_set("done complete completed finished finish 完成 已完成")
"""Words that count where nothing else says how it ended."""
_HEADED: Final = re.compile(
    r"\W{0,4}(problem|alarm|alert|triggered|firing|critical|error|failed|failure|down|resolved"
    r"|recovered|recovery|ok|up|warning|warn|success|告警|报警|故障|恢复|失败|成功|警告|异常)\b"
    r"(?=\W)",
    re.IGNORECASE,
)
_ENDING: Final = re.compile(
    r"(?:\b(?:is|has|was|went|:|-)?\s{0,2}\b(failed|down|up|resolved|recovered|succeeded|offline"
    r"|online)|(失败|成功|恢复|异常|出错|离线|上线|掉线))[\s!！。.)）\]】]{0,4}$",
    re.IGNORECASE,
)
_UNCLEAR: Final = word_set("alert alarm trigger major minor high medium normal clear")
"""Words that name kinds of things as often as states."""
_UNCLEAR_LAST: Final = word_set("up down ok pass done")
"""Words that end many names which are no states, such as `volume.up`."""
MAX_ACTION: Final = 80
"""Characters of an event's name."""
_TOKENS: Final = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class State:
    """How a push turned out."""

    result: Result | None
    """None: it does not say so."""
    leaf: Leaf | None = None
    """The field that says no more than that."""

    def repeats(self, leaf: Leaf) -> bool:
        """Whether a field says the same in the same word."""
        said = self.leaf
        return said is not None and not leaf.is_usual and leaf.text.lower() == said.text.lower()


def read_state(leaves: Sequence[Leaf], heading: str) -> State:
    """Read how a push turned out."""
    own = [leaf for leaf in leaves if not _is_another(leaf)]
    is_alert = any(_tells_of_alert(leaf) for leaf in own)
    ended: State | None = None
    for says, read in _READERS:
        for leaf in own:
            if not says(leaf):
                continue
            result = read(leaf.text) or (_OVER.get(_plain(leaf.text)) if is_alert else None)
            if result is None:
                continue
            if _plain(leaf.text) not in _ENDED:
                says_more = _is_level(leaf) or len(_TOKENS.split(leaf.text)) > 1
                return State(_refined(result, leaf, own), None if says_more else leaf)
            ended = ended or State(result, leaf)
    if any(map(_is_error, own)):
        return State(FAIL)
    result = _read_heading(heading)
    return State(result) if result or not ended else ended


def _is_another(leaf: Leaf) -> bool:
    return any(name.lower() in _NOBODYS for name in leaf.path[:-1])


def _tells_of_alert(leaf: Leaf) -> bool:
    words = {word for name in leaf.path for word in split_name(name)}
    return not words.isdisjoint(("alert", "incident", "problem", "alarm")) or (
        _is_action(leaf) and "incident" in leaf.text.lower()
    )


def _about(leaf: Leaf) -> tuple[str, ...]:
    """The words of what a field is about: `status.name` and `statusText` are about the status."""
    words = leaf.words
    while words and words[-1] in _ENDS:
        words = words[:-1]
    if not words and len(leaf.path) > 1:
        words = split_name(leaf.path[-2])
    return () if not _PASSED.isdisjoint(words) else words


def _is_success(leaf: Leaf) -> bool:
    return leaf.name in _SUCCESSES


def _is_code(leaf: Leaf) -> bool:
    return leaf.name in _CODES


def _is_result(leaf: Leaf) -> bool:
    return not _RESULTS.isdisjoint(_about(leaf)[-1:])


def _is_status(leaf: Leaf) -> bool:
    about = _about(leaf)
    return not _STATES.isdisjoint(about[-1:]) or ("state" in about and leaf.last == "value")


def _is_action(leaf: Leaf) -> bool:
    return not _ACTIONS.isdisjoint(_about(leaf)[-1:])


def _is_level(leaf: Leaf) -> bool:
    return not _LEVELS.isdisjoint(_about(leaf)[-1:])


def _read_success(text: str) -> Result | None:
    return {"true": SUCCESS, "1": SUCCESS, "false": FAIL, "0": FAIL}.get(
        text.lower(), read_result(text)
    )


def _read_code(text: str) -> Result | None:
    if not text.lstrip("-").isdecimal():
        return None
    return FAIL if text.strip("-0") else SUCCESS


def _read_result(text: str) -> Result | None:
    return read_result(text) or _MORE.get(_plain(text))


def _read_word(text: str) -> Result | None:
    """Read a word that stands alone."""
    word = _plain(text)
    return None if word in _WEAK else read_result(text[:80]) or _MORE.get(word)


def _read_action(text: str) -> Result | None:
    """Read an event's name, such as `incident.triggered`, by its last word."""
    if len(text) > MAX_ACTION or " " in text:
        return None
    tokens = [token for token in _TOKENS.split(text) if token]
    plain = _plain(tokens[-1]) if tokens else ""
    if plain in _UNCLEAR or (len(tokens) > 1 and plain in _UNCLEAR_LAST):
        return None
    return _read_word(text) or _read_word(plain)


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]", "", text[:80].lower())


_Read = Callable[[str], Result | None]
_READERS: Final[Sequence[tuple[Callable[[Leaf], bool], _Read]]] = (
    (_is_success, _read_success),
    (_is_code, _read_code),
    (_is_result, _read_result),
    (_is_status, _read_word),
    (_is_action, _read_action),
    (_is_level, _read_word),
)


def _refined(result: Result, leaf: Leaf, leaves: Sequence[Leaf]) -> Result | None:
    """Let the severity say how bad an alert is that goes on."""
    tokens = _TOKENS.split(leaf.text.lower())
    if result is not FAIL or _ALARMS.isdisjoint(tokens):
        return result
    levels = (_read_word(other.text) for other in leaves if _is_level(other))
    return PARTIAL if PARTIAL in levels else FAIL


def is_over(leaf: Leaf) -> bool:
    """Whether a field says how something was before."""
    return any(not _PASSED.isdisjoint(split_name(name)[:1]) for name in leaf.path[:-1])


def is_quiet(leaf: Leaf) -> bool:
    """Whether a field only says that nothing is bad."""
    return _is_level(leaf) and _plain(leaf.text) in _QUIET


def state_rank(leaf: Leaf) -> int:
    """Rank a field by how much it says of how something is, the most first."""
    if _is_level(leaf):
        return 0
    if leaf.text.isdecimal():
        return 2
    return 0 if _is_status(leaf) or _is_result(leaf) else 2 - _is_action(leaf)


def is_number_of_state(leaf: Leaf) -> bool:
    """Whether a field has a tool's own number of a state, which tells nobody anything."""
    return leaf.text.isdecimal() and (
        _is_status(leaf) or _is_result(leaf) or _is_action(leaf) or _is_code(leaf)
    )


def _is_error(leaf: Leaf) -> bool:
    """Whether a field tells of an error: it has a text, or counts some."""
    words = {word for name in leaf.path for word in split_name(name)[-1:]}
    if not (_ERRORS & words or leaf.name.startswith("error")):
        return False
    if _plain(leaf.text) in ("none", "null", "no", "false", "ok", "success", "na", "noerror"):
        return False
    return leaf.text == "true" or LETTERS.search(leaf.text) is not None


def _read_heading(heading: str) -> Result | None:
    for word in _state_words(heading):
        if (result := _read_word(word)) is not None:
            return result
    return None


def _state_words(heading: str) -> Iterator[str]:
    line = heading.strip().partition("\n")[0][:300]
    if match := _HEADED.match(line):
        yield match[1]
    if match := _ENDING.search(line):
        yield match[1] or match[2]
