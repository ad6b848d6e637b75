"""What users read says what the code does: every example is read as its reader would."""

import ast
import configparser
import inspect
import json
import re
import runpy
import shlex
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from nonebot.config import Config as NoneBotConfig

import nonebot_plugin_report
from nonebot_plugin_report import report
from nonebot_plugin_report.chat.command_table import read
from nonebot_plugin_report.cli.arguments import parsers, read_arguments
from nonebot_plugin_report.cli.explain import read_fields
from nonebot_plugin_report.config import Config
from nonebot_plugin_report.doctor.tools import find_tool
from nonebot_plugin_report.model.report import EVENT_LABELS, Report
from nonebot_plugin_report.routing.rules import Rule
from nonebot_plugin_report.routing.template import PLACEHOLDERS
from nonebot_plugin_report.senders import channel_class, load, names
from nonebot_plugin_report.senders.base import Channel
from nonebot_plugin_report.sources.bodies.decode import decode
from nonebot_plugin_report.sources.bodies.form import FORM_FIELDS, decode_form
from nonebot_plugin_report.sources.mapping import read_own_sources
from nonebot_plugin_report.sources.parse import ALIASES, parse
from nonebot_plugin_report.web.answers import STATUS
from tests.documents import (
    EXAMPLE,
    PAGES,
    ROOT,
    Block,
    blocks,
    inline,
    made_parts,
    with_parts,
)
from tests.postgres import NAMED

BLOCKS = blocks()
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MARKDOWN = "docs/{}.md"
GUIDE = ROOT / "CONTRIBUTING.md"
PACKAGE = ROOT / nonebot_plugin_report.__name__


def page(name: str) -> str:
    return (ROOT / MARKDOWN.format(name)).read_text("utf-8")


def guide(title: str) -> str:
    """A section of the guide for developers."""
    return section(GUIDE.read_text("utf-8"), title)


def section(text: str, title: str) -> str:
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


# ── settings ──────────────────────────────────────────────────────────────────────────────────────

OTHERS = {
    "LOCALSTORE_DATA_DIR", "ONEBOT_ACCESS_TOKEN", "ONEBOT_SECRET",
    "FASTAPI_DOCS_URL", "FASTAPI_OPENAPI_URL",
}  # fmt: skip
"""Settings of NoneBot's drivers, adapters and plugins."""


def read_env(text: str, folder: Path) -> Config:
    """As NoneBot reads a file of settings."""
    file = folder / ".env"
    file.write_text(text, "utf-8")
    names = set(re.findall(r"^([A-Z]\w*)=", text, re.M))
    known = {name.upper() for model in (Config, NoneBotConfig) for name in model.model_fields}
    assert names <= known | OTHERS, names - known - OTHERS
    settings = NoneBotConfig(_env_file=str(file)).model_extra  # pyright: ignore[reportCallIssue] - pydantic-settings' own
    return Config.model_validate(settings)


def uncommented(text: str) -> str:
    return re.sub(r"^# ?(?=[A-Z]\w*=)", "", text, flags=re.M)


def test_every_setting_of_the_example_has_the_default_that_it_shows(tmp_path: Path) -> None:
    made = EXAMPLE.read_text("utf-8").partition("# <settings>")[2]
    shown = read_env(uncommented(made), tmp_path)
    assert set(re.findall(r"^# (REPORT_\w+)=", made, re.M)) == {
        name.upper() for name in Config.model_fields
    }
    assert shown == Config()


def test_the_rest_of_the_example_can_be_read(tmp_path: Path) -> None:
    head = EXAMPLE.read_text("utf-8").partition("# <settings>")[0]
    config = read_env(re.sub(r'^# ?(?=[A-Z]\w*=|  "|\})', "", head, flags=re.M), tmp_path)
    assert set(config.report_channels) == {"phone", "team"}


def test_an_empty_setting_is_none(tmp_path: Path) -> None:
    empty = "\n".join(f"{name.upper()}=" for name in Config.model_fields)
    assert read_env(empty, tmp_path) == Config()


@pytest.mark.parametrize("path", made_parts(), ids=lambda path: path.name)
def test_what_is_made_from_the_code_is_what_it_makes(path: Path) -> None:
    made = with_parts(path, made_parts()[path])
    assert path.read_text("utf-8") == made, "run: python -m tests.documents"


def test_no_default_of_pydantics_is_shown() -> None:
    for path in (*PAGES, EXAMPLE):
        assert "Pydantic" not in path.read_text("utf-8"), path


# ── blocks, by their language ─────────────────────────────────────────────────────────────────────


def check_dotenv(block: Block, folder: Path) -> None:
    read_env(block.text, folder)


def check_json(block: Block, folder: Path) -> None:
    known = {field.name for field in fields(Report)} | {*ALIASES, *ALIASES.values(), "id"}
    body = decode(block.text.encode())
    assert set(body) <= known
    parse(body)


def check_python(block: Block, folder: Path) -> None:
    """It compiles, what it imports from us is there, and `report` takes what it is given."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = compile(block.text, str(block), "exec", flags)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            module = __import__(node.module, fromlist=["_"])
            assert all(hasattr(module, one.name) for one in node.names)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "report":
            named = {one.arg or "": None for one in node.keywords}
            inspect.signature(report).bind(*node.args, **named)
    if "class Channel" in block.text:
        file = folder / "channel.py"
        file.write_text(block.text, "utf-8")
        found: type[Channel] = runpy.run_path(str(file))["Channel"]
        assert issubclass(found, Channel)
        assert all(getattr(found, name) for name in ("label", "pictures", "limits"))
        assert not inspect.isabstract(found)


def check_toml(block: Block, folder: Path) -> None:
    plugins = tomllib.loads(block.text)["tool"]["nonebot"]["plugins"]
    assert plugins == [nonebot_plugin_report.__name__]


def check_unit(block: Block, folder: Path) -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # pyright: ignore[reportAttributeAccessIssue] - as its documentation says
    unit.read_string(block.text)
    assert set(unit) == {"DEFAULT", "Unit", "Service", "Install"}
    program, *words = unit["Service"]["ExecStart"].split()
    assert Path(program).name == "python"
    assert Path(program).is_relative_to(unit["Service"]["WorkingDirectory"])
    check_module(words)


ROUTES = {
    "/report", "/report/push", "/report/ws", "/onebot/v11/ws", "/onebot/v12/ws", "/report/onebot",
    "/report/onebot/send_msg", "/report/onebot/send_private_msg", "/report/bark",
    "/report/bark/你的令牌", "/report/telegram", "/report/qmsg", "/report/webapi/entry.cgi",
    "/report/你的令牌", "/report/gotify", "/report/ntfy", "/report/ntfy/backup",
    "/report/beat/pc", "/api/push/pc.你的令牌",
}  # fmt: skip
QUERY = {
    "token", "title", "content", "send_to", "send_to_group", "channel", "send_from", "source",
    "api", "method", "version",  # Synology Chat's
}  # fmt: skip


def check_url(url: str) -> None:
    parts = urlsplit(url)
    assert parts.scheme in ("http", "ws", "json", "form"), url
    assert parts.port == NoneBotConfig().port, url
    assert parts.path.rstrip("/") in ROUTES | {"/report/推送的id"}, url
    assert (parts.scheme == "ws") == parts.path.endswith("/ws"), url
    asked = {name.removeprefix("-") for name in parse_qs(parts.query)}  # Apprise's own sign
    assert asked <= QUERY, url


def check_text(block: Block, folder: Path) -> None:
    """Addresses, what is written in a chat, or who talks to whom."""
    for line in block.text.splitlines():
        if line.startswith("/推送"):
            assert read(line.removeprefix("/推送")).command, line
        elif "→" not in line:
            check_url(line)


# ── commands ──────────────────────────────────────────────────────────────────────────────────────


def check_own(options: Any) -> None:
    """A command of ours."""
    if options.command == "explain" and not options.source:
        parse(read_fields(options.fields))
    if options.command == "address" and options.tool:
        assert find_tool(options.tool)
    if options.command == "channels" and options.type:
        channel_class(options.type)


def check_module(words: list[str]) -> None:
    """`python` with these arguments."""
    match words:
        case ["-m", "nonebot_plugin_report", *rest]:
            check_own(read_arguments(rest))
        case ["-m", "venv", ".venv"]:
            pass
        case ["-m", "pip", *rest]:
            check_pip(rest)
        case ["-m", "pytest", *paths]:
            check_paths(paths)
        case ["-m", "coverage", "run", *rest]:
            check_module(rest)
        case ["-m", "coverage", "combine" | "report"] | ["-m", "build"]:
            pass
        case ["-m", ("tests.documents" | "benchmarks") as module, *rest]:
            path = ROOT / module.replace(".", "/")
            assert path.with_suffix(".py").exists() or (path / "__main__.py").exists()
            assert all((path / f"{part}.py").exists() for part in rest)
        case _:
            raise AssertionError(f"python {words}")


def check_pip(words: list[str]) -> None:
    match [word for word in words if not word.startswith("--")]:
        case ["install", *rest]:
            *flags, what = rest
            assert flags in ([], ["-e"])
            name, _, extras = what.rstrip("]").partition("[")
            for extra in filter(None, extras.split(",")):
                assert extra in PYPROJECT["project"]["optional-dependencies"]
            assert name == "." or PYPROJECT["project"]["name"] in name
            if name.startswith("git+"):
                assert name == f"git+{PYPROJECT['project']['urls']['Homepage']}"
        case ["uninstall", "nonebot-plugin-report"]:
            pass
        case _:
            raise AssertionError(f"pip {words}")


def check_paths(words: list[str]) -> None:
    """The arguments of pytest: marks, and paths."""
    if words[:1] == ["-m"]:
        marks = PYPROJECT["tool"]["pytest"]["ini_options"]["markers"]
        assert words[1] in [mark.partition(":")[0] for mark in marks]
        words = words[2:]
    paths = [word.removeprefix("--ignore=") for word in words]
    assert all((ROOT / path).exists() for path in paths if not path.startswith("-"))


def check_uv(words: list[str]) -> None:
    run, flag, extra, program, *rest = words
    assert (run, flag) == ("run", "--extra")
    assert extra in PYPROJECT["project"]["optional-dependencies"]
    if program == "python":
        check_module(rest)
    else:
        assert program == "pytest"


def check_curl(words: list[str]) -> None:
    url = next(word for word in words if word.startswith("http"))
    check_url(url)
    if "-d" in words:
        body = words[words.index("-d") + 1]
        as_json = any("application/json" in word for word in words)
        parse(decode(body.encode()) if as_json else decode_form(body.encode()))
    encoded = [words[at + 1] for at, word in enumerate(words) if word == "--data-urlencode"]
    if encoded:
        read = parse(decode_form("&".join(encoded).encode()))
        assert read.body
        assert "=" not in read.body, "it was read as a form"


def check_invoke(line: str) -> None:
    """PowerShell's curl; its quotes are none that `shlex` knows."""
    url = re.search(r'"(http[^"]+)"', line)
    assert url
    check_url(url[1])
    if body := re.search(r"GetBytes\('(.+)'\)", line):
        parse(decode(body[1].encode()))
    for name in re.findall(r"-Body @\{(\w+) = ", line):
        assert name in FORM_FIELDS


def check_cmd(words: list[str]) -> None:
    """A command that PowerShell itself cannot run: it knows no `<`."""
    assert words[0] == "/c"
    check_command(words[1])


def check_nothing(_: list[str]) -> None:
    """A program that is not ours, and needs nothing of ours."""


def check_copy(words: list[str]) -> None:
    assert words == [EXAMPLE.name, ".env"]


COMMANDS: dict[str, Callable[[list[str]], None]] = {
    "python": check_module, "python3": check_module, "py": check_module,
    ".venv\\Scripts\\python": check_module,
    "pip": check_pip, "pytest": check_paths, "uv": check_uv, "curl": check_curl,
    "cmd": check_cmd, "cp": check_copy, "Copy-Item": check_copy,
    **dict.fromkeys(
        (".", "ruff", "pyright", "lint-imports", "notepad", "git", "tar", "Compress-Archive",
         "systemctl", "sudo", "journalctl", "@echo", "cd", ":again", "timeout", "goto"),
        check_nothing,
    ),
}  # fmt: skip
"""Every program that the pages show, and how its arguments are checked."""


_COMMAND = re.compile(r"""(?:"[^"]*"|'[^']*'|[^;"'])+""")


def commands(text: str) -> Iterator[str]:
    """The commands of a block, one by one."""
    for line in text.replace("\\\n", " ").replace("&&", ";").splitlines():
        yield from (one.strip() for one in _COMMAND.findall(line) if one.strip())


def check_command(line: str) -> None:
    if line.startswith("Invoke-RestMethod "):
        check_invoke(line)
        return
    windows = ".venv\\" in line or line.startswith(("Copy-", "Compress-", "cd "))
    words = [
        word[1:-1] if word[0] == word[-1] and word[0] in "\"'" and len(word) > 1 else word
        for word in shlex.split(line, posix=not windows)
    ]
    if "<" in words:
        words = words[: words.index("<")]
    program, *rest = words
    assert program in COMMANDS, f"teach this test how to check {program}"
    COMMANDS[program](rest)


def check_commands(block: Block, folder: Path) -> None:
    for line in commands(block.text):
        check_command(line)


def check_powershell(block: Block, folder: Path) -> None:
    for line in commands(block.text):
        if not re.match(r"\$link(\.\w+ =| =|\.Save\(\))", line):  # PowerShell's own
            check_command(line)


def check_yaml(block: Block, folder: Path) -> None:
    """Another program's settings: what leads to us is an address of ours."""
    for url in re.findall(r"http://\S+", block.text):
        check_url(url)


LANGUAGES: dict[str, Callable[[Block, Path], None]] = {
    "dotenv": check_dotenv, "json": check_json, "python": check_python, "toml": check_toml,
    "ini": check_unit, "text": check_text, "bash": check_commands, "bat": check_commands,
    "powershell": check_powershell, "yaml": check_yaml,
}  # fmt: skip
"""How a block is checked, by its language."""


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_block_works_as_it_is_shown(block: Block, tmp_path: Path) -> None:
    assert block.language in LANGUAGES, "teach this test how to check it"
    LANGUAGES[block.language](block, tmp_path)


def test_all_blocks_are_found() -> None:
    shown = sum(len(re.findall(r"^ *```\w", path.read_text("utf-8"), re.M)) for path in PAGES)
    assert len(BLOCKS) == shown > 50


@pytest.mark.parametrize("path", [one for one in PAGES if one.parent.name != "benchmarks"], ids=str)
def test_every_command_is_shown_for_powershell_too(path: Path) -> None:
    shown = [one for one in BLOCKS if one.page == path and "Linux" not in one.section]
    for block in shown:
        if block.language == "bash" and not block.text.startswith("uv "):
            beside = {one.language for one in shown if one.section == block.section}
            assert "powershell" in beside, block


# ── what stands within the lines ──────────────────────────────────────────────────────────────────


def check_object(text: str) -> None:
    """A rule, a channel's settings, a source's or a push, shown in passing."""
    shown: dict[str, Any] = json.loads(text)
    if "type" in shown:
        load(shown)
    elif shown.keys() & {"from", "value"}:
        read_own_sources({"shown": {"title": "a", "result": shown}})
    elif shown.keys() & {"content", "message"}:
        parse(shown)
    else:
        Rule.model_validate(shown)


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_what_is_shown_in_passing_works(path: Path, tmp_path: Path) -> None:
    for text in inline(path):
        if re.match(r"\{\"(?!id)", text):
            check_object(text)
        elif re.match(r"(http|ws)://(?!127.0.0.1:6099|127.0.0.1:10809|机器人)\S*/", text):
            check_url(text)
        elif re.match(r"[A-Z]\w+=", text):
            read_env(text, tmp_path)
        elif text.startswith(("python -m", ".venv\\Scripts\\python -m n", "pip ", "pytest")):
            check_command(text)


def test_settings_that_are_named_exist() -> None:
    for path in PAGES:
        named = set(
            re.findall(r"\bREPORT_[A-Z_]+\b", re.sub(r"<!--.*?-->", "", path.read_text("utf-8")))
        )
        assert named <= {name.upper() for name in Config.model_fields} | {NAMED}, path


def anchors(path: Path) -> set[str]:
    """The places of a page that a link can lead to, as GitHub names them."""
    text = re.sub(r"^ *```.*?^ *```", "", path.read_text("utf-8"), flags=re.M | re.S)
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", path.read_text("utf-8")):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


# ── what must be named ────────────────────────────────────────────────────────────────────────────


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 200


def test_the_readme_leads_to_every_page() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for path in (ROOT / "docs").glob("*.md"):
        assert f"(docs/{path.name})" in readme, path.name


def test_loading_goes_without_an_entry_script() -> None:
    # The NoneBot store refuses plugins whose README shows it.
    assert not any(
        "bot.py" in path.read_text("utf-8") for path in PAGES if path.name == "README.md"
    )


def test_every_path_of_the_map_exists() -> None:
    paths = re.findall(r"`((?:nonebot_plugin_report|tests|benchmarks)[\w/.]*)`", guide("Map"))
    assert len(paths) > 20
    for path in paths:
        assert (ROOT / path).exists(), path


def test_every_room_is_in_the_map() -> None:
    rooms = {path.parent.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.py")}
    named = set(re.findall(r"`([\w/]+)`", guide("Map")))
    assert rooms - {PACKAGE.name} <= named


def test_every_file_that_the_guide_names_exists() -> None:
    named = {text for text in inline(GUIDE) if re.fullmatch(r"[.\w]+/[\w./]*", text)}
    assert len(named) > 50
    for path in named:
        if "NAME" not in path:
            assert any((folder / path).exists() for folder in (ROOT, PACKAGE)), path


def test_the_way_of_a_report_names_functions_that_its_files_have() -> None:
    rows = re.findall(
        r"^\| [^|`]+ \| (`[^|]+`) \| (`[^|]+`) \|$", guide("The way of a report"), re.M
    )
    assert len(rows) > 12
    for files, functions in rows:
        defined = {name for file in re.findall(r"`(.+?)`", files) for name in definitions(file)}
        assert set(re.findall(r"`(.+?)`", functions)) <= defined, files


def definitions(file: str) -> Iterator[str]:
    """The functions and classes of a file of the package, methods after their class's name."""
    for node in ast.parse((PACKAGE / file).read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            methods = (ast.FunctionDef, ast.AsyncFunctionDef)
            yield from (
                f"{node.name}.{each.name}" for each in node.body if isinstance(each, methods)
            )


def test_the_benchmarks_and_their_lessons_are_short() -> None:
    text = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 80


def test_every_placeholder_is_named() -> None:
    table = page("rules").partition("| 占位符 |")[2]
    assert set(re.findall(r"`\{(\w+)\}`", table)) == set(PLACEHOLDERS)


def test_every_answer_is_named() -> None:
    answers = set(re.findall(r"^\| (\d{3}) \|", section(page("http"), "回答"), re.M))
    assert answers == {str(status) for status in STATUS.values()} | {"200", "404", "405"}


class Asked(dict[str, object]):
    """Fields that remember which of them were looked for."""

    def __init__(self) -> None:
        super().__init__(content="x")
        self.names: set[str] = set()

    def get(self, key: str, default: object = None) -> object:  # pyright: ignore[reportIncompatibleMethodOverride] - all that parse needs
        self.names.add(key)
        return super().get(key, default)


def test_every_field_of_a_report_is_named() -> None:
    table = dict(
        re.findall(r"^\| `(\w+)` \| (?:`(\w+)`)? *\|", section(page("http"), "字段"), re.M)
    )
    asked = Asked()
    parse(asked)
    assert {name: alias for name, alias in table.items() if alias} == ALIASES
    assert set(table) | set(ALIASES.values()) == asked.names | {"token"}


def test_every_command_is_named() -> None:
    shown = inline(ROOT / MARKDOWN.format("operation"))
    named = {one.split()[3] for one in shown if one.startswith("python -m nonebot_plugin_report ")}
    assert named == set(parsers()[1]) - {"run"}


def test_chat_commands_are_written_as_they_are_understood() -> None:
    pages = [path for path in PAGES if path.name != "CHANGELOG.md"]
    named = [one for path in pages for one in inline(path) if re.match("/?推送 ?[^ 的]", one)]
    assert named
    for one in named:
        assert read(one.lstrip("/").removeprefix("推送")).command, one


def test_the_number_of_channels_is_right() -> None:
    assert "二十一种" in page("away")
    assert len(names()) == 21


def test_every_event_of_bettergis_list_has_a_chinese_name() -> None:
    assert len(EVENT_LABELS) == 22
    assert EVENT_LABELS["task.cancel"] == "任务取消", "BetterGI's own label is wrong"
