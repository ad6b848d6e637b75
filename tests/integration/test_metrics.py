"""What Prometheus reads of a running bot, and what the dashboard makes of it: one bot for most."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from tests.bot import TOKEN, Bot, running, until
from tests.onebot import Fail, ScriptedV11
from tests.ports import free_port
from tests.senders.server import Reply, Server

pytestmark = pytest.mark.asyncio(loop_scope="module")
DOCS = Path(__file__).parents[2] / "docs"
FRIEND = "t0ken-of-a-friend"
PROMETHEUS = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")
WITHOUT = "there is no Prometheus: Debian's is a package"

Numbers = dict[str, float]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def far() -> AsyncGenerator[Server]:
    async with Server(lambda _: Reply(400)) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(far: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Bot]:
    settings = {
        "report_tokens": {"friend": {"token": FRIEND, "to": ["private:10002"]}},
        "report_channels": {"hook": {"type": "webhook", "url": f"{far.url}/"}},
        "report_rules": [{"event": "nobody", "drop": True}],
    }
    async with running(tmp_path_factory.mktemp("metrics"), settings=settings) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def qq(bot: Bot) -> AsyncGenerator[ScriptedV11]:
    async with ScriptedV11(url=bot.onebot_v11) as joined:
        yield joined


async def scraped(bot: Bot, path: str = "/metrics") -> str:
    async with bot.client() as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def ours(text: str) -> Numbers:
    """Our samples, by their names and the values of their labels, in the labels' order."""
    families = text_string_to_metric_families(text)
    return {
        f"{one.name}{{{','.join(v for _, v in sorted(one.labels.items()) if v)}}}": one.value
        for family in families
        for one in family.samples
        if one.name.startswith("report_hub_")
    }


async def numbers(bot: Bot) -> Numbers:
    return ours(await scraped(bot))


async def grown(bot: Bot, before: Numbers) -> Numbers:
    """What has changed since, but for the times that it took."""
    now = await numbers(bot)
    assert now.keys() == before.keys(), "a clean start shows everything that can ever be there"
    counted = {name for name in now if name.split("{")[0].endswith(("_total", "_count"))}
    return {name: now[name] - before[name] for name in sorted(counted) if now[name] != before[name]}


async def test_each_push_and_delivery_is_counted_as_what_it_came_to(
    bot: Bot, qq: ScriptedV11
) -> None:
    before = await numbers(bot)
    first = await bot.push(content="1", id="once")
    await bot.push(content="1", id="once")
    await bot.push(event="nobody")
    group = await bot.push(content="2", send_to_group="777")
    for receipt in (first, group):
        await bot.until_state(receipt["id"], "delivered")
    hook = await bot.push(content="3", channel="hook")
    qq.behave(Fail(1404, "no", "没有这个好友"))
    refused = await bot.push(content="4")
    for receipt in (hook, refused):
        await bot.until_state(receipt["id"], "rejected")
    await bot.push(content="5", channel="nowhere", expect=422)
    async with bot.client("wrong") as client:
        assert (await client.post("", json={"content": "6"})).status_code == 403
    expected = {
        "report_hub_commit_seconds_count{}": 7,
        "report_hub_deliveries_total{group,delivered}": 1,
        "report_hub_deliveries_total{private,delivered}": 2,
        "report_hub_deliveries_total{hook,channel,rejected}": 1,
        "report_hub_deliveries_total{private,rejected}": 1,
        "report_hub_delivery_seconds_count{group}": 1,
        "report_hub_delivery_seconds_count{private}": 2,
        "report_hub_refused_total{forbidden}": 1,
        "report_hub_refused_total{invalid_report}": 1,
        "report_hub_reports_total{accepted}": 5,
        "report_hub_reports_total{dropped}": 1,
        "report_hub_reports_total{duplicate}": 1,
    }

    async def counted() -> bool:
        return await grown(bot, before) == expected

    await until(counted)  # the owner is told of the one that could not be read


async def test_what_waits_is_shown_with_its_age_and_what_is_parked(bot: Bot) -> None:
    """No bot is there: QQ's lane is parked."""
    waiting = await bot.push(content="1")

    async def parked() -> Numbers | None:
        now = await numbers(bot)
        return now if now["report_hub_parked_lanes{private}"] else None

    now = await until(parked)
    assert now["report_hub_ready{}"] == 1
    assert now["report_hub_waiting_deliveries{}"] == 1
    assert now["report_hub_oldest_waiting_seconds{}"] > 0
    assert now["report_hub_parked_lanes{group}"] == 0
    async with ScriptedV11(url=bot.onebot_v11):
        await bot.until_state(waiting["id"], "delivered")
    now = await numbers(bot)
    assert now["report_hub_waiting_deliveries{}"] == 0
    assert now["report_hub_oldest_waiting_seconds{}"] == 0
    assert now["report_hub_parked_lanes{private}"] == 0


async def test_a_thousand_targets_make_no_series_more(bot: Bot, qq: ScriptedV11) -> None:
    before = await numbers(bot)
    receipts = [
        await bot.push(content="x", send_to=[20_000 + 100 * part + one for one in range(100)])
        for part in range(10)
    ]
    for receipt in receipts:
        await bot.until_state(receipt["id"], "delivered")
    changed = await grown(bot, before)
    assert changed["report_hub_deliveries_total{private,delivered}"] == 1000


@pytest.mark.parametrize("token", [None, "wrong", FRIEND])
async def test_only_the_master_token_sees_them(bot: Bot, token: str | None) -> None:
    async with bot.client(token) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 403
    assert "report_hub" not in answer.text


async def test_the_token_may_stand_in_the_url(bot: Bot) -> None:
    async with bot.client(None) as client:
        answer = await client.get("/metrics/", params={"token": TOKEN})
    assert answer.status_code == 200
    assert "report_hub_ready 1.0" in answer.text


@pytest.mark.skipif(PROMTOOL is None, reason=WITHOUT)
async def test_prometheus_finds_nothing_to_complain_about(bot: Bot) -> None:
    assert PROMTOOL is not None
    process = await asyncio.create_subprocess_exec(
        PROMTOOL, "check", "metrics",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate((await scraped(bot)).encode())
    assert (process.returncode, said.decode()) == (0, "")


def configuration() -> str:
    """The settings that our own page shows."""
    page = (DOCS / "operation.md").read_text("utf-8")
    return next(one for one in re.findall(r"```yaml\n(.*?)```", page, re.S) if "scrape" in one)


@asynccontextmanager
async def prometheus(bot: Bot, folder: Path) -> AsyncGenerator[str]:
    """A real one that scrapes this bot as our page says, only more often; its address."""
    assert PROMETHEUS is not None
    shown = configuration()
    for ours, theirs in (("127.0.0.1:8080", f"127.0.0.1:{bot.port}"), ("REPORT_TOKEN", TOKEN)):
        assert ours in shown
        shown = shown.replace(ours, theirs)
    config, port = folder / "prometheus.yml", free_port()
    config.write_text(f"global: {{scrape_interval: 250ms}}\n{shown}", "utf-8")
    process = await asyncio.create_subprocess_exec(
        PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}/api/v1/query"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def expressions() -> Iterator[str]:
    """Every query of the dashboard, with Grafana's variables as Grafana fills them in."""
    dashboard = json.loads((DOCS / "grafana.json").read_text("utf-8"))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$__rate_interval", "5s").replace("$instance", ".*")


@pytest.mark.skipif(PROMETHEUS is None, reason=WITHOUT)
async def test_every_panel_of_the_dashboard_shows_what_a_real_prometheus_scraped(
    bot: Bot, qq: ScriptedV11, tmp_path: Path
) -> None:
    empty = set(expressions())
    assert len(empty) > 10
    async with prometheus(bot, tmp_path) as url, httpx2.AsyncClient(trust_env=False) as client:

        async def shown() -> bool:
            await bot.push(content="x")
            await bot.push(content="y", channel="hook")
            for query in sorted(empty):
                if await values(client, url, query):
                    empty.remove(query)
            return not empty

        try:
            await until(shown, 60)
        except TimeoutError:
            pytest.fail("no data: " + "\n".join(sorted(empty)))
        assert float((await values(client, url, "up"))[0]) == 1
        private = 'sum(report_hub_deliveries_total{kind="private", state="delivered"})'
        assert float((await values(client, url, private))[0]) > 0


async def values(client: httpx2.AsyncClient, url: str, query: str) -> list[str]:
    """What a query gives, as far as it is a number."""
    try:
        answer = await client.post(url, data={"query": query})
    except httpx2.TransportError:
        return []  # it is not ready yet
    if answer.status_code == 503:
        return []
    said: dict[str, Any] = answer.json()
    assert said["status"] == "success", said
    return [one["value"][1] for one in said["data"]["result"] if one["value"][1] != "NaN"]


async def test_another_plugin_that_shows_the_registry_shows_ours_too(tmp_path: Path) -> None:
    extra = 'nonebot.require("nonebot_plugin_prometheus")'
    async with running(tmp_path, extra=extra) as bot:
        await bot.push(content="x")
        theirs = f"{bot.url.removesuffix('/report')}/metrics"

        async def counted() -> bool:
            found = ours(await scraped(bot, theirs))
            assert found["report_hub_reports_total{accepted}"] == 1
            return found.get("report_hub_waiting_deliveries{}") == 1

        await until(counted)
        assert await scraped(bot, "/metrics"), "both at once"
        assert "Traceback" not in bot.log


NOT_THERE = "open('asked', 'w').close(); raise ModuleNotFoundError('prometheus_client')"


async def test_without_the_extra_nothing_is_loaded_and_the_answer_says_what_to_install(
    tmp_path: Path,
) -> None:
    # Before all others on the path.
    (tmp_path / "prometheus_client.py").write_text(NOT_THERE, "utf-8")
    async with running(tmp_path) as bot:
        await bot.push(content="x")
        assert not (tmp_path / "asked").exists()
        async with bot.client() as client:
            answer = await client.get("/metrics")
        assert answer.status_code == 404
        assert 'pip install ".[metrics]"' in answer.json()["error"]
        async with bot.client(None) as client:
            assert (await client.get("/metrics")).status_code == 403
        assert (await bot.health())["waiting"] == 1
        assert "Traceback" not in bot.log
