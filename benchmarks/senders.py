"""A process that prints what loading the senders takes, of seconds and of bytes of RAM."""

import os
from importlib import import_module
from time import perf_counter

from .bot import prepare
from .processes import memory_of


def main() -> None:
    """Load them as a bot without channels does: what they are made of is there already."""
    prepare(port=8080, log_level="ERROR")
    for name in ("outbox", "routing.rules", "settings"):
        import_module(f"nonebot_plugin_report.{name}")
    before = memory_of(os.getpid())
    began = perf_counter()
    import_module("nonebot_plugin_report.senders.router")
    import_module("nonebot_plugin_report.senders.qq.sender")
    print(perf_counter() - began, memory_of(os.getpid()) - before)


if __name__ == "__main__":
    main()
