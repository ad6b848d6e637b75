"""What a message in a busy group costs a bot that has the plugin, beside one `on_command`."""

from pathlib import Path
from statistics import median

from . import figures
from .bot import PLUGINS
from .processes import printed

ROUNDS = 7


def run(folder: Path) -> None:
    """Measure and print."""
    figures.heading(f"Chat: CPU of a message in a group, medians of {ROUNDS} in turns")
    costs: dict[str, list[float]] = {"": [], PLUGINS["ours"]: []}
    for _ in range(ROUNDS):
        for plugins, measured in costs.items():
            measured += printed("chatting", folder, BENCHMARK_PLUGINS=plugins)
    without, with_plugin = (median(measured) for measured in costs.values())
    figures.line("a bot with one on_command", f"{without:.2f} ms")
    figures.line("the same, and the plugin", f"{with_plugin:.2f} ms")
    figures.at_most("  ratio", with_plugin / without, 1.2)
