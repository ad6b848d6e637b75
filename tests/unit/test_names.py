"""Names say what a thing is."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parents[2] / "nonebot_plugin_report"
EMPTY: Final = frozenset({
    "one", "found", "said", "told", "made", "wanted", "shown", "known", "kept", "words", "rest",
    "some", "gone", "left",
})  # fmt: skip
"""Say only which part of a sentence a thing has."""
MOST: Final = 0.01
"""The part of all names that may be empty: the neighbours of this project have 0.0 to 0.9 %."""


def names(tree: ast.Module) -> Iterator[str]:
    """The names that a module gives to things which outlive a comprehension."""
    brief = {
        id(node)
        for comprehension in ast.walk(tree)
        if isinstance(comprehension, ast.comprehension)
        for node in ast.walk(comprehension.target)
    }
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) if id(node) not in brief:
                yield name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case _:
                pass


def test_names_say_what_a_thing_is() -> None:
    given: list[str] = []
    for file in PACKAGE.rglob("*.py"):
        given += names(ast.parse(file.read_text("utf-8")))
    empty = [name for name in given if name.strip("_") in EMPTY]
    assert len(given) > 5_000
    assert len(empty) <= MOST * len(given), sorted(empty)
