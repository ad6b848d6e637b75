"""QQ numbers and bots' ids, in canonical form."""

from typing import Final

MAX_ID_LENGTH: Final = 128
MAX_BOT_LENGTH: Final = 64
MAX_DIGITS: Final = 19
"""Digits of a QQ number: it fits into 64 bits everywhere."""


def qq_number(text: str, name: str = "QQ 号") -> str:
    """A QQ number in canonical form.

    Raises:
        ValueError: it is not one; the text is Chinese, and calls it `name`.
    """
    text = text.strip()
    if text.isdecimal() and len(text) <= MAX_ID_LENGTH:
        number = str(int(text))
        if number != "0" and len(number) <= MAX_DIGITS:
            return number
    raise ValueError(f"{name}应为数字，最多 {MAX_DIGITS} 位")


def bot_id(text: str) -> str:
    """A bot's id in canonical form. OneBot 12 has bots whose ids are not numbers.

    Raises:
        ValueError: it is not one; the text is Chinese.
    """
    text = text.strip()
    if len(text) > MAX_BOT_LENGTH or not text or not text.isprintable() or " " in text:
        raise ValueError(f"机器人的号码里不能有空格，最多 {MAX_BOT_LENGTH} 个字符")
    return qq_number(text) if text.isdecimal() and text.strip("0") else text
