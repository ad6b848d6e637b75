"""The processes that the parts have in common, and their settings."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .payloads import TOKEN
from .processes import Child, started
from .remote import Remote


@contextmanager
def bot(kind: str, folder: Path, **more: object) -> Iterator[Child]:
    """A bot of `benchmarks.bot`, with its store (if it has one) in a folder; `more` settings."""
    settings: dict[str, object] = {"superusers": ["10001"]}
    if kind == "ours":
        settings |= {
            "report_token": TOKEN,
            "report_send_interval": 0,
            "report_database_url": f"sqlite:///{database(folder)}",
        }
    with started("bot", kind, json.dumps(settings | more), folder=folder) as child:
        yield child


def database(folder: Path) -> Path:
    """Where our bot in a folder keeps its store."""
    return folder / "report.db"


@contextmanager
def remote(module: str, folder: Path) -> Iterator[Remote]:
    """The pusher or the OneBot implementation, ready to be called."""
    with started(module, folder=folder) as child:
        yield Remote(child.port)
