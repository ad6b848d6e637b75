"""A fuzzer against the running route: whatever it sends, the server answers as documented."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import checks

from tests.bot import TOKEN, Bot, running, until
from tests.onebot import ScriptedV11

AS_DOCUMENTED = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
DOCUMENTED = {200, 400, 403, 413, 415, 422}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = st.dictionaries(
    st.sampled_from(
        ["token", "title", "content", "message", "event", "result", "timestamp", "screenshot",
         "data", "send_from", "send_to", "send_to_group", "channel", "id", "to", "from"]
    ) | st.text(max_size=8),
    JSON,
    max_size=8,
)  # fmt: skip
BODIES = st.binary(max_size=300) | FIELDS.map(lambda fields: json.dumps(fields).encode())
TYPES = st.sampled_from(
    ["application/json", "text/plain", "text/plain; charset=x", "a/b; c", "", "image/png",
     "multipart/form-data; boundary=x"]
)  # fmt: skip


async def test_any_body_gets_a_documented_answer_and_the_bot_lives(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        fuzz_bodies(bot)
        await bot.end()
        assert "Traceback" not in bot.log
        await bot.start()
        async with ScriptedV11(url=bot.onebot_v11) as qq:
            await bot.push(content="good", send_to=424242)

            async def arrived() -> bool:
                return any(one.target == "private:424242" for one in qq.messages)

            await until(arrived)


def fuzz_bodies(bot: Bot) -> None:
    with httpx2.Client(trust_env=False, timeout=30) as client:

        @settings(
            max_examples=100,
            suppress_health_check=SLOW,
        )
        @given(BODIES, TYPES, st.text("0123456789,， ", max_size=12))
        def fuzz(body: bytes, media_type: str, send_to: str) -> None:
            query = {"token": TOKEN, "send_to": send_to}
            answer = client.post(
                bot.url, params=query, content=body, headers={"Content-Type": media_type}
            )
            assert answer.status_code in DOCUMENTED
            assert answer.json()["status"] in ("accepted", "duplicate", "error")

        fuzz()


@pytest.mark.filterwarnings("default")  # the fuzzer's own dependencies warn
async def test_schemathesis_finds_no_server_error(tmp_path: Path) -> None:
    async with running(tmp_path, settings={"fastapi_openapi_url": "/openapi.json"}) as bot:
        base = f"http://127.0.0.1:{bot.port}"
        with httpx2.Client(trust_env=False) as client:
            document: dict[str, Any] = client.get(f"{base}/openapi.json").json()
        document["paths"] = {
            path: item for path, item in document["paths"].items() if path.startswith("/report")
        }
        assert document["paths"], "there is something to fuzz"
        schema = schemathesis.openapi.from_dict(document)
        for result in schema.get_all_operations():
            operation: Any = result
            fuzz_operation(operation.ok(), base)
        assert "Traceback" not in bot.log


def fuzz_operation(operation: Any, base: str) -> None:
    @settings(
        max_examples=10,
        suppress_health_check=SLOW,
        database=None,
    )
    @given(operation.as_strategy())
    def fuzz(case: Any) -> None:
        answer = case.call(base_url=base, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code < 500, answer.text
        case.validate_response(answer, checks=AS_DOCUMENTED)

    fuzz()
