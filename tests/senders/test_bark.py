"""Bark, against a server that decrypts as the app does, by openssl."""

import base64
import json
import subprocess

import pytest

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Delivered, NotSent, Rejected
from nonebot_plugin_report.senders import load

from .server import Behaviour, Reply, Request, Server
from .service import NOTHING, Service, channel, make_delivery, make_image

KEYS = ("F5u42Bd3HyW8KxkUqo2gRA", "Xy9pQ7rS3tU5vW1zA2bC4d")
CIPHER_KEY = "k3y-of-sixteen-b"


def answer(request: Request) -> Reply:
    assert (request.method, request.path) == ("POST", "/push")
    body = request.json()
    assert body["device_key"] in KEYS
    check(body)
    assert len(request.body) <= 4096
    return Reply(json={"code": 200, "message": "success", "timestamp": 1})


def apns(reason: str) -> Reply:
    return Reply(500, json={"code": 500, "message": f"push failed: APNS push failed: {reason}"})


def check(content: dict[str, object]) -> None:
    assert content["title"]
    assert content["body"]
    assert "markdown" not in content
    assert (content["level"], content["sound"], content["group"]) == ("critical", "bell", "游戏")


SERVICE = Service(
    kind="bark",
    settings=lambda url: {
        "server": url, "device_key": KEYS[0], "level": "critical", "sound": "bell",
        "group": "游戏", "volume": 5,
    },
    secrets=(KEYS[0],),
    answer=answer,
    acts=NOTHING,
    failures={
        "key": (Reply(400, json={"code": 400, "message": "failed to get device token"}), Rejected),
        "key, in the body alone": (Reply(json={"code": 400, "message": "x"}), Rejected),
        "too large": (apns("PayloadTooLarge"), Rejected),
        "no such device": (apns("BadDeviceToken"), Rejected),
        "no longer there": (apns("Unregistered"), Rejected),
        "Apple is busy": (apns("TooManyRequests"), NotSent),
        "their fault": (Reply(500, json={"code": 500, "message": "push failed"}), NotSent),
    },
)  # fmt: skip


def decrypted(body: dict[str, str], key: str, name: str) -> dict[str, object]:
    """What the command line of openssl makes of it, as in Bark's documentation."""
    iv = ["-iv", body["iv"].encode().hex()] if "iv" in body else []
    command = ["openssl", "enc", "-d", f"-aes-{len(key) * 8}-{name}", "-K", key.encode().hex(), *iv]
    data = base64.b64decode(body["ciphertext"])
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("mode", ["CBC", "ECB"])
@pytest.mark.parametrize("key", [CIPHER_KEY, CIPHER_KEY + "8 more..", CIPHER_KEY * 2])
async def test_what_is_encrypted_can_be_read_with_the_key_alone(mode: str, key: str) -> None:
    async with (
        Server(lambda _: Reply(json={"code": 200})) as server,
        channel(
            "bark",
            **SERVICE.settings(server.url),
            encryption_key=key,
            encryption_mode=mode,
        ) as bark,
    ):
        assert await bark.send(make_delivery()) == Delivered()
        long = await bark.send(make_delivery("字" * 9999, number=2))
        assert isinstance(long, Delivered)
        assert "过长" in long.note
    for request in server.requests:
        assert len(request.body) <= 4096
        assert set(request.json()) <= {"device_key", "id", "ciphertext", "iv"}
        check(decrypted(request.json(), key, mode.lower()))


async def test_gcm_is_authenticated() -> None:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    async with (
        Server(lambda _: Reply(json={"code": 200})) as server,
        channel(
            "bark",
            **SERVICE.settings(server.url),
            encryption_key=CIPHER_KEY,
            encryption_mode="GCM",
        ) as bark,
    ):
        assert await bark.send(make_delivery()) == Delivered()
    body = server.requests[0].json()
    data = base64.b64decode(body["ciphertext"])
    mode = modes.GCM(body["iv"].encode(), tag=data[-16:])
    opened = Cipher(algorithms.AES(CIPHER_KEY.encode()), mode).decryptor()
    check(json.loads(opened.update(data[:-16]) + opened.finalize()))


async def test_every_device_gets_it_once() -> None:
    failing = True

    def second_fails(request: Request) -> Behaviour:
        bad = failing and request.json()["device_key"] == KEYS[1]
        return Reply(503) if bad else answer(request)

    async with Server(second_fails) as server:
        settings = SERVICE.settings(server.url) | {"device_key": ";".join(KEYS)}
        async with channel("bark", **settings) as bark:
            assert isinstance(await bark.send(make_delivery()), NotSent)
            failing = False
            assert await bark.send(make_delivery()) == Delivered()
    assert [one.json()["device_key"] for one in server.requests] == [KEYS[0], KEYS[1], KEYS[1]]


async def test_a_wrong_key_does_not_keep_it_from_the_others() -> None:
    def first_refused(request: Request) -> Behaviour:
        return Reply(400) if request.json()["device_key"] == KEYS[0] else answer(request)

    async with Server(first_refused) as server:
        settings = SERVICE.settings(server.url) | {"device_key": list(KEYS)}
        async with channel("bark", **settings) as bark:
            outcome = await bark.send(make_delivery(image=make_image()))
    assert isinstance(outcome, Delivered)
    assert "有的没有收到" in outcome.note
    assert "不能发图片" in outcome.note


def test_a_key_of_the_wrong_length_is_named_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="encryption_key：应为 16、24 或 32 个字符") as refused:
        load({"type": "bark", "device_key": "x1", "encryption_key": "short-secret"})
    assert "short-secret" not in str(refused.value)


async def test_a_device_that_is_gone_says_what_to_do() -> None:
    async with (
        Server(lambda _: apns("Unregistered")) as server,
        channel("bark", **SERVICE.settings(server.url)) as bark,
    ):
        outcome = await bark.send(make_delivery())
    assert outcome == Rejected(
        "Bark：这台设备的 key 失效了，打开 Bark App，把新的 key 填进 device_key"
    )


@pytest.mark.parametrize("more", [{}, {"encryption_key": CIPHER_KEY}], ids=["plain", "encrypted"])
async def test_a_repeat_has_the_same_id_and_another_delivery_another(more: dict[str, str]) -> None:
    async with (
        Server(lambda _: Reply(json={"code": 200})) as server,
        channel("bark", **SERVICE.settings(server.url), **more) as bark,
    ):
        for number in (1, 1, 2):
            assert await bark.send(make_delivery(number=number)) == Delivered()
    first, repeat, other = (one.json()["id"] for one in server.requests)
    assert first == repeat != other
