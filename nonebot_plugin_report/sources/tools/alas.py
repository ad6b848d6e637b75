"""The words of Alas, and of StarRailCopilot, which is made of it. Pure.

https://github.com/LmeSzinc/AzurLaneAutoScript (alas.py, module/campaign/run.py),
https://github.com/LmeSzinc/StarRailCopilot (module/alas.py)
"""

import re
from typing import Final

from ...model.report import Result
from ..verdicts import Row, Words, phrase

_ALAS: Final = r"Alas <[^>\n]{0,60}>"
_SRC: Final = r"Src <[^>\n]{0,60}>"
WORDS: Final = Words(
    name=re.compile(rf"^(?:{_ALAS}|{_SRC})", re.MULTILINE),
    rows=(
        Row(phrase(f"{_ALAS} crashed"), Result.FAIL, "alas.error"),
        Row(phrase(f"{_SRC} crashed"), Result.FAIL, "src.error"),
        Row(phrase(f"{_ALAS} campaign finished"), Result.SUCCESS, "alas.done"),
        Row(phrase(f"{_SRC} campaign finished"), Result.SUCCESS, "src.done"),
        Row(phrase("Script crashed"), Result.FAIL, "alas.error", named=True),
    ),
)
