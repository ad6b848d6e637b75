"""Memory of large bodies and pictures, given back as soon as it is free."""

import sys
from typing import Final

# malloc.h of glibc.
_M_MMAP_THRESHOLD: Final = -3
LARGE: Final = 2**20
"""Bytes of a block that is the system's own affair, not the heap's."""


def give_back_large_blocks() -> None:
    """Let glibc take large blocks from the system and give them back.

    By itself it moves that threshold up to 32 MiB after the first large block (mallopt(3),
    M_MMAP_THRESHOLD), and the heap then keeps the holes that screenshots leave.
    """
    if sys.platform != "linux":
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none
        mallopt(_M_MMAP_THRESHOLD, LARGE)
