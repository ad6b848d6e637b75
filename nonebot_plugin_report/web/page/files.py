"""The page's files, and the headers by which a browser keeps to them.

Everything comes from here, nothing is written into the document, and no other page may show it in a
frame: text from outside stays text.
"""

from hashlib import sha256
from importlib.resources import files
from typing import Final

from fastapi import Request, Response

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
NOTHING: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""The policy of answers other than the document."""
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
}
_COMMON: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


class Files:
    """The files, in memory."""

    def __init__(self) -> None:
        folder = files(__name__.rpartition(".")[0]) / "static"
        self._contents = {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}

    def index(self) -> Response:
        """Answer with the document."""
        return self._answer("index.html", POLICY)

    async def file(self, request: Request) -> Response:
        """Answer with a file."""
        name = str(request.path_params["name"])
        if name not in self._contents:
            return _guarded(Response(status_code=404), NOTHING)
        tag = f'"{sha256(self._contents[name]).hexdigest()[:32]}"'
        if request.headers.get("if-none-match") == tag:
            answer = _guarded(Response(status_code=304), NOTHING)
        else:
            answer = self._answer(name, NOTHING)
        answer.headers["ETag"] = tag
        return answer

    def _answer(self, name: str, policy: str) -> Response:
        answer = Response(self._contents[name])
        answer.headers["Content-Type"] = _TYPES[name.rpartition(".")[2]]
        answer.headers["Cache-Control"] = (
            "no-cache"  # the browser asks again, and mostly gets a 304
        )
        return _guarded(answer, policy)


def private(answer: Response) -> Response:
    """Mark an answer as private: no browser or cache keeps it."""
    answer.headers["Cache-Control"] = "no-store"
    return _guarded(answer, NOTHING)


def _guarded(answer: Response, policy: str) -> Response:
    answer.headers.update({**_COMMON, "Content-Security-Policy": policy})
    return answer
