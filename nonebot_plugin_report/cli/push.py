"""A push to the running bot."""

import argparse
import sys
from typing import Final

import httpx2
import pybase64

from ..model.text import clean
from ..web.addresses import push_url
from .bot import MASK, init_nonebot, masked, token

PUSH_SECONDS: Final = 30.0


def run_push(options: argparse.Namespace) -> int:
    """Push once; 0 if it was accepted."""
    init_nonebot(log_level="WARNING")
    fields = {
        "title": options.title,
        "content": options.text,
        "send_to": options.to,
        "send_to_group": options.to_group,
        "channel": options.channel,
        "screenshot": options.image and pybase64.b64encode_as_string(options.image.read_bytes()),
    }
    secret: str = options.token or token()
    headers = {b"Authorization": f"Bearer {secret}".encode()}
    try:
        # No proxy of the environment: it could not reach this machine's own address.
        with httpx2.Client(timeout=PUSH_SECONDS, trust_env=False) as client:
            answer = client.post(options.url or push_url(), json=fields, headers=headers)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        print(
            f"连不上机器人（{type(error).__name__}）；它在运行吗？可以用 doctor 检查",
            file=sys.stderr,
        )
        return 1
    said = masked(clean(answer.text).replace(secret, MASK))
    print(said, file=sys.stdout if answer.is_success else sys.stderr)
    return 0 if answer.is_success else 1
