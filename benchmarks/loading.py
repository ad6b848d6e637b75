"""A process that prints how many seconds a bot takes to load the plugin."""

import os
from time import perf_counter

import nonebot

from .bot import PLUGINS, prepare


def main() -> None:
    """Load it as a bot does: the driver and the adapter are there already."""
    # Neither is opened: that is done when a bot starts to run.
    store = f"sqlite:///{os.devnull}"
    prepare(port=8080, log_level="ERROR", report_token="measured", report_database_url=store)
    began = perf_counter()
    plugin = nonebot.load_plugin(PLUGINS["ours"])
    took = perf_counter() - began
    if plugin is None:
        raise SystemExit("the plugin could not be loaded")
    print(took)


if __name__ == "__main__":
    main()
