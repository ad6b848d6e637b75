"""Bodies as the tool really writes them, one generation each, and pictures to put in."""

import base64
import json
from io import BytesIO
from typing import Any

from PIL import Image


def jpeg(width: int = 64, height: int = 36, color: str = "navy") -> bytes:
    """A small real JPEG."""
    buffer = BytesIO()
    Image.new("RGB", (width, height), color).save(buffer, "JPEG")
    return buffer.getvalue()


def dotnet(fields: dict[str, Any]) -> bytes:
    """JSON as System.Text.Json escapes it: non-ASCII and + < > & ' as \\uXXXX."""
    text = json.dumps(fields)
    for character in "+<>&'":
        text = text.replace(character, f"\\u{ord(character):04X}")
    return text.encode("ascii")


def generations(picture: bytes) -> dict[str, bytes]:
    """One body of each generation of the wire format."""
    encoded = base64.b64encode(picture).decode("ascii")
    iso = "2026-11-23T21:44:00.1234567+08:00"
    common = {"event": "domain.end", "message": "自动秘境结束", "data": None}
    return {
        "to 2025-02": dotnet(
            {**common, "result": "Success", "timestamp": "2025-02-01 12:34:56",
             "screenshot": encoded}
        ),
        "2025-03 to 2025-07": dotnet(
            {**common, "result": 0, "timestamp": iso, "send_to": "",
             "screenshot": {"Size": {"Width": 1920, "Height": 1080}, "Frames": []}}
        ),
        "2025-07 to 2026-05": dotnet(
            {**common, "result": 0, "timestamp": iso, "send_to": "", "screenshot": None}
        ),
        "since 2026-05-30": dotnet(
            {**common, "result": 0, "timestamp": iso, "send_to": "", "screenshot": encoded}
        ),
    }  # fmt: skip
