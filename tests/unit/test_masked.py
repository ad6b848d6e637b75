"""What the command line repeats of others has no token in it."""

import subprocess
import sys

CODE = """
import nonebot
nonebot.logger.remove()
nonebot.init(_env_file=None, report_token={token!r})
from nonebot_plugin_report.cli.bot import masked
print(masked({text!r}), end="")
"""


def masked(text: str, token: str) -> str:
    code = CODE.format(text=text, token=token)
    command = [sys.executable, "-X", "utf8", "-c", code]
    return subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout


def test_the_token_in_force_is_masked_wherever_it_stands() -> None:
    assert masked("x?token=s3cret&y=s3cret.", "s3cret") == "x?token=…&y=…."


def test_other_words_stay_and_without_a_token_all_do() -> None:
    assert masked("HTTP 403 令牌不正确", "s3cret") == "HTTP 403 令牌不正确"
    assert masked("HTTP 403 令牌不正确", "") == "HTTP 403 令牌不正确"
