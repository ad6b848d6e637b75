"""What the package imports it also asks for, and asks for nothing else."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "nonebot_plugin_report"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
UNSEEN = {"nonebot-adapter-onebot", "tzdata"}
"""A part of the folder `nonebot`; and data that zoneinfo finds where the system has none."""


def names(requirements: list[str]) -> set[str]:
    """Requirements without versions and extras."""
    return {re.split(r"[\[<>=~!; ]", one, maxsplit=1)[0].lower() for one in requirements}


def modules(node: ast.AST) -> set[str]:
    """What an import names, also one by name; without our own."""
    match node:
        case ast.Import(found):
            names = {one.name for one in found}
        case ast.ImportFrom(str() as name, level=0):
            names = {name}
        case ast.Call(ast.Name("import_module"), [ast.Constant(str() as name)]):
            names = {name}
        case _:
            return set()
    return {one.partition(".")[0] for one in names} - {PACKAGE.name}


@cache
def imported() -> frozenset[str]:
    """Each distribution that the package imports from."""
    trees = [ast.parse(file.read_text("utf-8")) for file in PACKAGE.rglob("*.py")]
    found = {module for tree in trees for node in ast.walk(tree) for module in modules(node)}
    of = packages_distributions()
    # To the folder `nonebot` its adapters add theirs.
    named = {
        "nonebot2" if module == "nonebot" else of[module][0].lower()
        for module in found - sys.stdlib_module_names
    }
    return frozenset(one.replace("_", "-") for one in named)


def extras() -> set[str]:
    """What users may choose; each is imported only where it is needed."""
    chosen = PROJECT["optional-dependencies"]
    return names([one for extra in set(chosen) - {"all", "dev", "test"} for one in chosen[extra]])


def test_what_is_imported_is_declared() -> None:
    assert imported() - names(PROJECT["dependencies"]) - extras() == set()


def test_what_is_declared_is_imported() -> None:
    assert names(PROJECT["dependencies"]) - imported() == UNSEEN


def test_who_has_no_postgresql_server_loads_nothing_of_it() -> None:
    code = (
        "import sys; import nonebot_plugin_report.store.sqlite;"
        "assert 'sqlalchemy.dialects.sqlite' in sys.modules;"
        "assert 'sqlalchemy.dialects.postgresql' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", f"import nonebot; nonebot.init(); {code}"], check=True)
