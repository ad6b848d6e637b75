"""Sources of one's own: which of our fields comes from where in a body, by JMESPath. Pure.

Expressions are compiled when the settings are read (https://jmespath.org/specification.html). They
see a body of at most `MAX_VALUES` values, and have no way to make many of few.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from .base import EVERY, Fields, Translated, as_text, lines
from .parse import ALIASES, name_picture

FIELDS: Final = (
    "title", "content", "message", "event", "result", "timestamp", "data", "id", "channel",
    *ALIASES,
)  # fmt: skip
"""Fields of a report that an expression may give."""
STORY: Final = "story"
"""The field, besides FIELDS, that names what an event begins or ends."""
MAX_EXPRESSION: Final = 1000
"""Characters."""
MAX_LOOKS: Final = 100_000
"""Most looks at the values of a body (they take 30 ms): a projection looks at each value with each
of its steps."""
FROM: Final = "from"
OTHERWISE: Final = "*"
_MANY: Final = frozenset(
    {"projection", "value_projection", "filter_projection", "flatten", "function_expression"}
)
"""The nodes of a JMESPath expression that may look at each value of a body."""
_WORDS: Final = ("title", "content", "message", "event", "screenshot", "screenshots")
"""Fields without any of which there is no report."""
_AS_THEY_ARE: Final = (
    "data", "channel", "send_to", "send_to_group", "send_from", "screenshot", "screenshots",
)  # fmt: skip


class Expression(Protocol):
    """A compiled JMESPath expression."""

    def search(self, value: Any) -> Any:
        """Evaluate the expression on a value."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Where one field comes from."""

    written: str
    """The expression, or the constant."""
    expression: Expression | None
    """None: a constant."""
    choices: Mapping[str, str]
    """Replacements of the expression's values; that of `*` is for all other values."""
    steps: int = 0
    """Steps of an expression that looks at many values; 0: it only follows a path."""


@dataclass(frozen=True, slots=True)
class FieldResult:
    """What a rule gave for one field."""

    name: str
    written: str
    value: object
    fault: str = ""
    """Why the rule gave nothing (Chinese); empty: it gave `value`."""


@dataclass(frozen=True, slots=True)
class OwnSource:
    """One entry of REPORT_SOURCES."""

    settings: Mapping[str, object]
    """The entry as its user wrote it."""
    rules: Mapping[str, Rule]

    def find(self, fields: Fields) -> list[FieldResult]:
        """Evaluate each rule on a body."""
        body = {name: value for name, value in fields.items() if name != "token"}
        return [_find(name, rule, body) for name, rule in self.rules.items()]

    def translate(self, fields: Fields) -> Translated | None:
        """Translate a body to our own dialect; None: nothing in it can be shown, or it has too many
        values to look at."""
        steps = sum(rule.steps for rule in self.rules.values())
        if steps and not _has_at_most(fields, MAX_LOOKS // steps):
            return None
        values = {one.name: one.value for one in self.find(fields) if one.value not in (None, "")}
        story = as_text(values.pop(STORY, ""))
        constant = {name for name, rule in self.rules.items() if rule.expression is None}
        if not any(name in values and name not in constant for name in _WORDS):
            return None
        return Translated(values, story=story)


def read_own_sources(value: object) -> dict[str, OwnSource]:
    """Read the value of REPORT_SOURCES.

    Raises:
        ValueError: the value is wrong; the text says how, in Chinese.
    """
    if not isinstance(value, dict):
        raise ValueError('应为 JSON 对象，例如 {"unifi": {"title": "alarm.name"}}')
    entries = cast("dict[object, object]", value).items()
    return {str(name): _read_source(str(name), one) for name, one in entries}


def _read_source(name: str, value: object) -> OwnSource:
    if isinstance(value, OwnSource):
        return value
    if not name or len(name) > 64 or not name.isprintable() or " " in name:
        raise ValueError("来源的名字里不能有空格，最多 64 个字符")
    if not isinstance(value, dict) or not value:
        raise ValueError(f'{name[:40]}：应为 JSON 对象，例如 {{"title": "alarm.name"}}')
    settings = cast("dict[str, object]", value)
    rules: dict[str, Rule] = {}
    for field, written in settings.items():
        if field not in (*FIELDS, STORY):
            available = "、".join((*FIELDS, STORY))
            raise ValueError(f"{name[:40]}：没有 {field[:40]} 这个字段；可用的有 {available}")
        try:
            rules[field] = _read_rule(written)
        except ValueError as error:
            raise ValueError(f"{name[:40]} 的 {field}：{error}") from None
    if not any(rules[one].expression for one in _WORDS if one in rules):
        raise ValueError(
            f"{name[:40]}：title、content、message、event、screenshot 至少要有一个是表达式"
        )
    return OwnSource(settings, rules)


def _read_rule(written: object) -> Rule:
    if isinstance(written, str):
        return _expression_rule(written, {})
    if not isinstance(written, dict):
        raise ValueError('应为 JMESPath 表达式，或 {"from": 表达式, "1": "Fail"}、{"value": 常量}')
    choices = {key: _choice(one) for key, one in cast("dict[str, object]", written).items()}
    if choices.keys() == {"value"}:
        return Rule(choices["value"], None, {})
    if FROM not in choices:
        raise ValueError('没有写 from；应为 {"from": 表达式, "1": "Fail"}，常量写成 {"value": "…"}')
    written = choices.pop(FROM)
    return _expression_rule(written, choices)


def _expression_rule(written: str, choices: Mapping[str, str]) -> Rule:
    compiled = _compile(written)
    nodes = list(_nodes(compiled.parsed))
    looks_at_many = any(node["type"] in _MANY for node in nodes)
    return Rule(written, cast("Expression", compiled), choices, len(nodes) * looks_at_many)


def _choice(value: object) -> str:
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise ValueError("里面的值应为字符串或整数")


def _compile(written: str) -> Any:
    # Imported here: most people have no source of their own, and need not wait for it.
    import jmespath  # pyright: ignore[reportMissingTypeStubs] - it has none
    from jmespath.exceptions import (  # pyright: ignore[reportMissingTypeStubs] - it has none
        JMESPathError,
    )

    if len(written) > MAX_EXPRESSION:
        raise ValueError(f"表达式过长，最多 {MAX_EXPRESSION} 个字符")
    try:
        compiled: Any = jmespath.compile(written)
    except (JMESPathError, RecursionError, ValueError) as error:
        at = getattr(error, "lex_position", None)
        where = f"（第 {at + 1} 个字符附近）" if isinstance(at, int) else ""
        raise ValueError(f"不是合法的 JMESPath 表达式{where}，见 https://jmespath.org") from None
    _check_functions(compiled.parsed)
    return compiled


def _nodes(parsed: dict[str, Any]) -> Iterator[dict[str, Any]]:
    waiting = [parsed]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [child for child in node["children"] if isinstance(child, dict)]


def _check_functions(parsed: dict[str, Any]) -> None:
    """Refuse unknown functions now: the library would do so only when a body comes."""
    from jmespath.functions import (  # pyright: ignore[reportMissingTypeStubs] - it has none
        Functions,
    )

    functions: Mapping[str, object] = Functions.FUNCTION_TABLE
    for node in _nodes(parsed):
        if node["type"] == "function_expression" and node["value"] not in functions:
            raise ValueError(f"没有 {node['value'][:40]}() 这个函数；有的见 https://jmespath.org")


def _has_at_most(fields: Fields, most: int) -> bool:
    """Whether a body has at most `most` values; looks at no more than that."""
    waiting: list[object] = [fields]
    seen = 0
    while waiting and seen <= most:
        value = waiting.pop()
        seen += 1
        if isinstance(value, dict):
            waiting += cast("dict[str, object]", value).values()
        elif isinstance(value, list):
            waiting += cast("list[object]", value)
    return seen <= most


def _find(name: str, rule: Rule, body: Fields) -> FieldResult:
    if rule.expression is None:
        return FieldResult(name, rule.written, rule.written)
    try:
        value = _value(name, rule.expression.search(body))
    # The library's own errors are ValueErrors; its functions raise all of these for odd values.
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
        return FieldResult(name, rule.written, None, f"出错（{type(error).__name__}）")
    except RecursionError:
        return FieldResult(name, rule.written, None, "嵌套层数过多")
    if value in (None, "", []):
        return FieldResult(name, rule.written, None, "没有找到")
    chosen = rule.choices.get(as_text(value), rule.choices.get(OTHERWISE, value))
    return FieldResult(name, rule.written, chosen)


def _value(name: str, value: object) -> object:
    """Convert an expression's value to what the field takes: text for most fields."""
    if name in _AS_THEY_ARE or (name == "timestamp" and _is_number(value)):
        return value
    if isinstance(value, list):
        return lines(*map(_line, cast("list[object]", value)[:EVERY]))
    return None if value is None else _line(value)


def _is_number(value: object) -> bool:
    """Whether a value is a number: as text it would lose digits."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _line(value: object) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=name_picture)
    return as_text(value)
