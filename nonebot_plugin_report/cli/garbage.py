"""Python's garbage collector in the ready bot, whose process is ours.

In somebody's own bot the plugin leaves the collector alone.
"""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def paused() -> Generator[None]:
    """Collect no garbage within a scope, and never look again at what it leaves.

    Looking for garbage among what is imported takes a tenth of the time to load.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


async def freeze() -> None:
    """Never look again at what there is once the bot has started.

    A full collection of it would hold the event loop for 35 ms now and then.
    """
    gc.freeze()
