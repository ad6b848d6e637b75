"""Inflates compressed bodies while they arrive, in small pieces."""

import zlib
from collections.abc import Iterator
from typing import Final

from ..errors import InvalidReport, UnsupportedMedia

PIECE: Final = 2**18
"""Most bytes that are inflated at once: one millisecond."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_RAW: Final = -zlib.MAX_WBITS
_METHOD: Final = 8
"""The low half of a zlib stream's first byte (RFC 1950, section 2.2)."""


class Inflater:
    """Inflates one body. What comes out is to be counted by whoever asks for it."""

    def __init__(self, encoding: str) -> None:
        """`encoding` is a Content-Encoding.

        Raises:
            UnsupportedMedia: it is not one that can be inflated.
        """
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise UnsupportedMedia("压缩的请求体（Content-Encoding）只支持 gzip 和 deflate")
        self._stream = zlib.decompressobj(_GZIP) if encoding != "deflate" else None

    def inflate(self, chunk: bytes) -> Iterator[bytes]:
        """The pieces that a received chunk adds.

        Raises:
            InvalidReport: it is not compressed as it says.
        """
        while chunk:
            if self._stream is None:  # many clients leave out the header that RFC 9110 asks for
                self._stream = zlib.decompressobj(
                    zlib.MAX_WBITS if chunk[0] & 15 == _METHOD else _RAW
                )
            if self._stream.eof:
                raise InvalidReport("body", "压缩的请求体后面还有别的内容")
            try:
                yield self._stream.decompress(chunk, PIECE)
            except zlib.error:
                raise InvalidReport("body", "压缩的请求体解不开") from None
            chunk = self._stream.unconsumed_tail or self._stream.unused_data

    def finish(self) -> None:
        """Check that all of it arrived.

        Raises:
            InvalidReport: it ends too early.
        """
        if self._stream is None or not self._stream.eof:
            raise InvalidReport("body", "压缩的请求体不完整")
