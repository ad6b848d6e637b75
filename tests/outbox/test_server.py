"""A PostgreSQL server that is stopped, killed, stalled, or cut off in between."""

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from loguru import logger
from sqlalchemy import Connection

from nonebot_plugin_report.access.tokens import Tokens
from nonebot_plugin_report.errors import StoreUnavailable
from nonebot_plugin_report.model.delivery import Delivery, Outcome, Outgoing, State
from nonebot_plugin_report.model.grant import Grant
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.scheduling import Policy
from nonebot_plugin_report.model.status import Process, Receipt
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox import TERM
from nonebot_plugin_report.outbox.lane import SHARED_LEASE
from nonebot_plugin_report.store import postgres as postgres_store
from nonebot_plugin_report.store.leases import claim
from nonebot_plugin_report.watchdog.beats import DOWN, UP, Beat
from nonebot_plugin_report.watchdog.watchdog import LAG, Watchdog
from nonebot_plugin_report.watchdog.watches import LATE, OVERDUE, Watch
from tests import postgres
from tests.between import Between, between
from tests.bot import until
from tests.ports import free_port
from tests.postgres import Server
from tests.postgres import running as running

from .fakes import LIMITS, FarEnd, World, world
from .places import change, rows

ME = Target("private", "10001")
HOUR = 3600.0
WATCH = Watch.model_validate({"after": "dragon.start", "expect": "dragon.end", "within": "3h"})
BEAT = Beat.model_validate({"beat": "pc", "every": "2h"})


WAITS_FOR_A_LOCK = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@dataclass
class Holding(FarEnd):
    """Never answers what is sent in one lane."""

    lane: Lane | None = None

    async def send(self, delivery: Delivery) -> Outcome:
        if delivery.lane == self.lane:
            await asyncio.Event().wait()
        return await super().send(delivery)


@pytest.fixture
def server(running: Server) -> Server:
    """It runs."""
    with suppress(AssertionError):
        running.start()
    return running


async def accepted(w: World, text: str) -> Receipt:
    """Pushed again and again until it is accepted."""

    async def once() -> Receipt | None:
        try:
            return await w.accept(text, ME)
        except StoreUnavailable:
            return None

    return await until(once)


async def test_while_the_server_is_away_all_is_refused_at_once_and_then_goes_on(
    server: Server,
) -> None:
    async with world(server.url) as w:
        first = await w.accept("1", ME)
        postgres.stop(server.data, "fast")
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="数据库"):
                await w.accept("refused", ME)
        server.start()
        second = await accepted(w, "2")
        await w.drain(ME)
        assert w.far.texts(Lane(ME)) == ["1", "2"]
        for one in (first, second):
            assert await w.states(one) == [State.DELIVERED]


async def test_a_server_that_was_restarted_meanwhile_costs_no_push(server: Server) -> None:
    """Nothing was under way: the next connects anew by itself."""
    async with world(server.url) as w:
        postgres.stop(server.data, "fast")
        server.start()
        await w.accept("1", ME)


async def test_what_a_killed_server_had_confirmed_is_there(server: Server) -> None:
    async with world(server.url) as w:
        receipts = [await accepted(w, str(number)) for number in range(5)]
        await server.kill()
        await accepted(w, "after")
        for one in receipts:
            assert await w.states(one) == [State.WAITING]


async def test_a_connection_lost_in_the_middle_of_a_commit_is_no_success(server: Server) -> None:
    async with between(server) as proxy, world(proxy.url) as w:
        proxy.last_word = b"COMMIT"
        with pytest.raises(StoreUnavailable, match="没有确认"):
            await w.accept("perhaps", ME)
        proxy.last_word = Between.last_word
        assert (await accepted(w, "2")).status == "accepted"


async def test_a_connection_cut_between_two_pushes_costs_none(server: Server) -> None:
    async with between(server) as proxy, world(proxy.url) as w:
        await w.accept("1", ME)
        proxy.cut()
        await w.accept("2", ME)


async def test_a_server_that_says_nothing_is_given_up_and_used_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nonebot_plugin_report.store.writer.DEADLINE", 0.5)
    async with between(server) as proxy, world(proxy.url) as w:
        proxy.holds.clear()
        with pytest.raises(StoreUnavailable):
            await w.accept("1", ME)
        proxy.holds.set()
        await accepted(w, "2")


async def test_a_process_that_is_cut_off_in_the_middle_of_a_claim_keeps_its_lane_from_nobody(
    server: Server,
) -> None:
    target = Target("private", "10006")
    async with (
        between(server) as proxy,
        world(server.url) as other,
        world(proxy.url, clock=other.clock) as w,
        asyncio.TaskGroup() as tasks,
    ):
        await w.accept("1", target)
        proxy.last_but_one = b"UPDATE lane"

        async def claim() -> None:
            with suppress(StoreUnavailable):
                await w.drain(target)

        async def held() -> bool:
            return not proxy.holds.is_set()

        tasks.create_task(claim())
        await until(held)

        async def sent_by_the_other() -> bool:
            assert other.store.others is not None
            await other.store.others.end_stalled()
            await other.drain(target)
            other.clock.now += 1
            return other.far.texts(Lane(target)) == ["1"]

        await until(sent_by_the_other)
        proxy.last_but_one = Between.last_but_one
        proxy.holds.set()
    assert w.far.sent == []


async def test_a_transaction_that_stopped_is_ended_and_those_of_others_are_not(
    server: Server,
) -> None:
    target = Target("private", "10007")
    ours = psycopg.connect(server.url, application_name="nonebot-plugin-report")
    async with world(server.url) as w:
        with ours, psycopg.connect(server.url) as theirs:
            await w.accept("1", target)
            theirs.execute("SELECT 1")
            # What an accept leaves locked; the server's own limit does not end it after this.
            ours.execute("SELECT * FROM lane FOR UPDATE")

            async def sent() -> bool:
                assert w.store.others is not None
                await w.store.others.end_stalled()
                await w.drain(target)
                w.clock.now += 1
                return w.far.texts(Lane(target)) == ["1"]

            await until(sent)
            with pytest.raises(psycopg.OperationalError):
                ours.execute("SELECT 1")
            theirs.execute("SELECT 1")


async def test_nothing_is_left_of_an_operation_that_fails_beside_others(server: Server) -> None:
    async with world(server.url) as w:
        before = rows(server.url, "SELECT count(*) FROM report")[0][0]
        results = await asyncio.gather(
            w.accept("1", ME), w.accept("\0", ME), w.accept("2", ME), return_exceptions=True
        )
        assert isinstance(results[1], StoreUnavailable)
        assert rows(server.url, "SELECT count(*) FROM report") == [(before + 2,)]


async def test_what_another_process_took_before_goes_before(server: Server) -> None:
    async with world(server.url) as one, world(server.url, clock=one.clock) as other:
        target = Target("private", "10003")
        await one.accept("1", target)
        await one.drain(target)  # the lane is its own, and empty
        await other.accept("2", target)
        one.clock.now += 0.01
        await one.accept("3", target)
        await one.drain(target)
        assert one.far.texts(Lane(target)) == ["1", "2", "3"]


async def test_a_lane_that_is_let_go_of_is_not_the_one_that_was_just_claimed_again(
    server: Server,
) -> None:
    busy, idle = Target("private", "10004"), Target("private", "10005")
    async with (
        world(server.url, far=Holding(lane=Lane(busy))) as one,
        world(server.url, clock=one.clock) as other,
        asyncio.TaskGroup() as tasks,
    ):
        running = tasks.create_task(one.outbox.lanes.run())
        await asyncio.sleep(0)  # it runs
        await one.accept("held", busy)
        first = await one.accept("1", idle)

        async def delivered() -> bool:
            return await other.states(first) == [State.DELIVERED]

        await until(delivered)
        with psycopg.connect(server.url) as lock:
            # The lanes that are in use are renewed, which waits; then the idle ones are let go of.
            lock.execute("SELECT * FROM lane WHERE name = %s FOR UPDATE", (str(Lane(busy)),))

            async def waits() -> bool:
                return bool(rows(server.url, WAITS_FOR_A_LOCK))

            await until(waits)
            second = await other.accept("2", idle)
            one.outbox.lanes.wake([Lane(idle)])
            lock.rollback()

        async def sent() -> bool:
            other.clock.now += 1
            await other.drain(idle)
            return await other.states(second) == [State.DELIVERED]

        await until(sent)
        texts = one.far.texts(Lane(idle)) + other.far.texts(Lane(idle))
        assert texts == ["1", "2"]
        running.cancel()


async def test_processes_count_together_what_a_target_and_a_token_may_get(server: Server) -> None:
    target, policy = Target("group", "1"), Policy(rate=(2, 600.0))
    async with (
        world(server.url, policy=policy) as one,
        world(server.url, policy=policy, clock=one.clock) as other,
    ):
        began = one.clock.now
        for text in ("1", "2"):
            await one.accept(text, target)
            await one.drain(target)
            one.clock.now += 1
        assert one.far.texts(Lane(target)) == ["1", "2"]
        await one.outbox.lanes.release()
        await other.accept("3", target)
        assert await other.drain(target) == began + 600
        assert other.far.sent == []

        grant = Grant("x", frozenset(), (), (2, 600.0))
        counting = [
            Tokens(
                {}, w.store.bindings, w.clock,
                may_bind=False, bind_rate=None, spent=w.store.spent,
            )
            for w in (one, other)
        ]  # fmt: skip
        ends: list[float | None] = []
        for tokens in (*counting, *counting):
            await tokens.recount(grant)
            ends.append(tokens.count(grant))
            await one.store.history.backlog()  # and with it what was counted
            await other.store.history.backlog()
        assert ends == [None, None, one.clock.now + 600, one.clock.now + 600]


async def test_the_watchdog_of_who_leads_knows_what_came_to_all(server: Server) -> None:
    async with world(server.url) as one, world(server.url, clock=one.clock) as other:
        leading, told = one, [list[str](), list[str]()]

        def watchdog(w: World, events: list[str]) -> Watchdog:
            async def tell(_: object, report: Report) -> None:
                events.append(report.event)

            return Watchdog(
                w.store, [WATCH, BEAT], w.clock, tell, lambda _, source: source == "master",
                lambda: leading is w,
            )  # fmt: skip

        dogs = [watchdog(w, events) for w, events in zip((one, other), told, strict=True)]
        for dog in dogs:
            await dog.open()
            await dog.catch_up()

        async def later(seconds: float) -> None:
            one.clock.now += seconds
            for dog in dogs:
                await dog.catch_up()

        await other.outbox.accept(Report(event="dragon.start"), [], source="master", note="x")
        dogs[1].beat("pc", "master")
        await later(LAG + 1)
        await later(HOUR)
        assert told == [[], []]
        await later(3 * HOUR)
        assert sorted(told[0]) == [DOWN, OVERDUE]
        leading = other
        dogs[0].beat("pc", "master")
        await other.outbox.accept(Report(event="dragon.end"), [], source="master", note="x")
        await later(LAG + 1)
        assert sorted(told[0] + told[1]) == sorted([DOWN, OVERDUE, UP, LATE])


@pytest.mark.parametrize("off", [-2 * HOUR, 0.0, 2 * HOUR])
async def test_what_a_process_thinks_that_the_time_is_takes_nothing_away(
    server: Server, off: float
) -> None:
    lane = Lane(Target("private", "10010"), str(off))
    async with world(server.url) as w:
        await w.outbox.accept(Report(send_from=lane.bot), [Outgoing(lane.target, Message("1"))])
        store, now = w.store, await w.store.now(0.0)
        held, _ = await store.queue.claim(lane, "a", now, SHARED_LEASE, 10)
        assert held.lease is not None
        assert await store.terms.take(lane.bot, "a", now, TERM)

        async def others_get_nothing() -> None:
            claim, found = await store.queue.claim(lane, "b", now + off, SHARED_LEASE, 10)
            assert (claim.lease, claim.taken, found) == (None, True, [])
            assert 0 < claim.due_at - (now + off) <= SHARED_LEASE, "it asks again in good time"
            assert not await store.terms.take(lane.bot, "b", now + off, TERM)

        await others_get_nothing()
        # Nor does one whose own clock is wrong shorten what it has, or keep it for longer.
        await store.leases.renew("a", [str(lane)], now + off, SHARED_LEASE)
        assert await store.terms.take(lane.bot, "a", now + off, TERM)
        await others_get_nothing()
        for query in ("lease_until FROM lane WHERE name", "until FROM term WHERE office"):
            name = str(lane) if "lane" in query else lane.bot
            ((ends,),) = rows(server.url, f"SELECT {query} = ?", name)
            assert 0 < ends - now < HOUR


async def test_who_stores_something_for_a_lane_keeps_nobody_from_sending_there(
    server: Server,
) -> None:
    to = Target("private", "10011")
    async with world(server.url) as w, world(server.url) as other:
        await w.accept("1", to)
        with psycopg.connect(server.url) as storing:  # as the key of what it stores has it
            storing.execute("SELECT FROM lane WHERE name = %s FOR KEY SHARE", (str(Lane(to)),))
            await w.drain(to)
        assert w.far.texts(Lane(to)) == ["1"]
        await w.outbox.lanes.release()

        def begun(conn: Connection) -> None:
            claim(conn, Lane(to), "another", 0.0, SHARED_LEASE)
            asyncio.run_coroutine_threadsafe(stored(), loop).result()

        async def stored() -> None:
            await other.accept("2", to)

        loop = asyncio.get_running_loop()
        await w.store.queue._run(begun)


async def test_a_process_that_stops_in_the_middle_of_a_transaction_holds_up_nobody_for_long(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = Target("private", "10012")
    settings = postgres_store._DURABLE
    monkeypatch.setattr(postgres_store, "_DURABLE", settings.replace("'3s'", "'200ms'"))
    async with world(server.url) as stopping, world(server.url) as other:
        await stopping.accept("1", to)
        has_it, goes_on = threading.Event(), threading.Event()

        def stops(conn: Connection) -> None:
            claim(conn, Lane(to), "stopping", 0.0, SHARED_LEASE)
            has_it.set()
            goes_on.wait()

        stopped = asyncio.ensure_future(stopping.store.queue._run(stops))
        await asyncio.to_thread(has_it.wait)

        async def sent() -> list[str]:
            other.clock.now += 1
            await other.drain(to)
            return other.far.texts(Lane(to))

        try:
            assert await until(sent) == ["1"]
        finally:
            goes_on.set()
        with pytest.raises(StoreUnavailable):
            await stopped


async def test_a_process_of_which_nothing_was_heard_for_long_is_forgotten(server: Server) -> None:
    async with world(server.url) as w:
        processes = w.store.processes
        for name in ("here", "gone", "left"):
            await processes.sign(Process(name, "pc", 1, ("20000",), 0.0, 0.0))
        change(server.url, "UPDATE process SET seen_at = seen_at - 600 WHERE name = 'gone'")
        await processes.forget(0.0)
        await processes.leave("left")
        told = {one.name: one.lapsed for one in await processes.all(0.0)}
        assert told == {"here": False, "gone": True}
        change(server.url, "UPDATE process SET seen_at = seen_at - 3600 WHERE name = 'gone'")
        await processes.forget(0.0)
        assert [one.name for one in await processes.all(0.0)] == ["here"]
        await processes.leave("here")


async def test_what_is_given_up_or_deleted_for_all_is_by_the_servers_clock(server: Server) -> None:
    async with world(server.url, limits=replace(LIMITS, expire=HOUR)) as w:
        w.clock.now = await w.store.now(0.0)
        receipt = await w.accept("1", ME)
        w.clock.now += 2 * LIMITS.retention
        for job in (w.outbox.expire, w.outbox.fall_back, w.outbox.prune):
            await job()
        assert await w.states(receipt) == [State.WAITING]
        assert (await w.store.history.report(receipt.id)) is not None


async def test_a_burst_is_one_word_to_the_others(server: Server) -> None:
    async with world(server.url) as one, world(server.url) as other:
        assert one.store.others is not None
        assert other.store.others is not None
        heard: list[Sequence[Lane] | None] = []

        async def hear(lanes: Sequence[Lane] | None) -> None:
            heard.append(lanes)

        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(other.store.others.listen("other", hear))

            async def words() -> int:
                return len(heard)

            await until(words)  # it listens
            lanes = [Lane(Target("private", str(10001 + number)), "20000") for number in range(30)]
            one.store.others.tell(Lane(Target("group", "777")), "a third")
            for number, lane in enumerate(lanes):
                one.store.others.tell(lane, "other" if number % 2 else "")
                other.store.others.tell(lane, "")  # what it says itself it does not hear

            async def answered() -> bool:
                return await words() > 1

            await until(answered)
            await one.store.others.tell_all()

            async def again() -> bool:
                return await words() > 2

            await until(again)
            listening.cancel()
        first, burst, last = heard
        assert first is None
        assert last is None
        assert burst is not None
        assert set(burst) == set(lanes)


@pytest.fixture
async def bouncer(server: Server) -> AsyncGenerator[str]:
    """A PgBouncer that shares two connections by transaction."""
    if (program := shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")) is None:
        assert postgres.MUST not in os.environ, "no pgbouncer here"
        pytest.skip("no pgbouncer here")
    folder, port = Path(tempfile.mkdtemp()), free_port()
    folder.chmod(0o755)
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host=127.0.0.1 port={server.port} user=postgres\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 2\nunix_socket_dir =\n"
    )
    user, group = postgres.account() or (None, None)
    process = await asyncio.create_subprocess_exec(
        program, "-q", settings, user=user, group=group,
        extra_groups=None if group is None else [], stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip

    async def answers() -> bool:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return True
        return False

    try:
        await until(answers)
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        await process.wait()
        shutil.rmtree(folder)


async def test_pgbouncer_may_share_the_connections_and_says_so_once(bouncer: str) -> None:
    told: list[str] = []
    sink = logger.add(told.append, filter="nonebot_plugin_report.store.others", format="{message}")
    try:
        async with world(bouncer) as one, world(bouncer) as other, asyncio.TaskGroup() as tasks:
            listening = [
                tasks.create_task(w.store.others.listen("", w.outbox.lanes.heard))
                for w in (one, other)
                if w.store.others is not None
            ]
            target = Target("private", "10009")
            receipts = await asyncio.gather(
                *(w.accept(str(number), target) for number in range(20) for w in (one, other))
            )
            await one.drain(target)
            for receipt in receipts:
                assert await other.states(receipt) == [State.DELIVERED]

            async def both() -> bool:
                return len(told) == len(listening)

            await until(both)
            for task in listening:
                task.cancel()
    finally:
        logger.remove(sink)
    assert all("PgBouncer" in line for line in told)
