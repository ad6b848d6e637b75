"""`python -m benchmarks [part …]`: measure, and print each figure beside its target.

Without a part all are run but `faults`, which measures no time and takes ten minutes.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from . import (
    channels,
    chat,
    faults,
    figures,
    held,
    latency,
    load,
    page,
    scale,
    store,
    storm,
    throughput,
)
from .processes import scratch

PARTS: dict[str, Callable[[Path], None]] = {
    "throughput": throughput.run,
    "latency": latency.run,
    "held": held.run,
    "load": load.run,
    "chat": chat.run,
    "store": store.run,
    "channels": channels.run,
    "storm": storm.run,
    "page": page.run,
    "several": scale.run,
    "faults": faults.run,
}


def main() -> None:
    """Run the parts that are named, or all; each in a folder of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="|".join(PARTS))
    parts: list[str] = parser.parse_args().parts or [one for one in PARTS if one != "faults"]
    with scratch() as folder:
        figures.machine(folder)
        for part in parts:
            own = folder / part
            own.mkdir(exist_ok=True)
            PARTS[part](own)
        figures.noise("at the end", folder)


if __name__ == "__main__":
    main()
