"""Returns the memory of large bodies and pictures to the system."""

import sys
from typing import Final

# malloc.h of glibc.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
KEPT: Final = 8 * 2**20
"""Free bytes at the heap's end that stay: a screenshot needs some of them several times."""
LARGE: Final = 4 * 2**20
"""Bytes from which a block is mapped by itself rather than taken from the heap."""


def give_back_large_blocks() -> None:
    """Let glibc map and unmap large blocks.

    By itself it moves that threshold up to 32 MiB after the first large block (mallopt(3),
    M_MMAP_THRESHOLD), and the heap then keeps the holes that screenshots leave.
    """
    if sys.platform != "linux":
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none
        mallopt(_M_MMAP_THRESHOLD, LARGE)
        mallopt(_M_TRIM_THRESHOLD, KEPT)
