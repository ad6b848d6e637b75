"""The one place where the parts meet, and the one path of a report: `Hub.submit`."""

import asyncio
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from loguru import logger
from nonebot.adapters import Bot

from . import hold, rules
from .auth import BOUND, MASTER, Gate, Grant, digest
from .clock import Clock
from .config import Config
from .delivery import (
    Backlog,
    Delivery,
    Kind,
    Lane,
    Message,
    Outgoing,
    Rank,
    Receipt,
    ReportState,
    Target,
)
from .diary import Diary
from .errors import InvalidReport, StoreUnavailable
from .image import Image
from .outbox import Limits, Outbox
from .report import Report
from .senders.qq import OneBotSender
from .senders.router import Router
from .spare import Spare
from .store import Binding, Store
from .watch import Watch

OWN: Final = "self"
"""The source of reports that the plugin makes itself."""
WATCH_EVERY: Final = 10.0
"""Seconds between looks for what did not come."""
CLOCK_EVERY: Final = 1.0
"""Seconds between looks whether the computer's clock was set."""
PROBE_EVERY: Final = 5.0
"""Seconds between writes that only see whether there can be some."""
REOPEN_EVERY: Final = 5.0
"""Seconds between tries to open a store that another process has, or that cannot be used."""


_STOPPING: Final = "插件正在停止"


@dataclass(frozen=True, slots=True)
class Health:
    """What `GET {route}/health` tells."""

    fault: str
    """Why nothing can be stored (Chinese); empty: it can."""
    bots: tuple[tuple[str, str, bool], ...]
    """Id, adapter and whether it can send now."""
    backlog: Backlog | None
    """None while the store does not work."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What one target of a report would see."""

    planned: rules.Planned
    message: Message
    wait: hold.Wait | None
    """Why it would not go out at once."""


class Hub:
    """Takes reports, stores and delivers them. Opened with the bot, closed with it."""

    def __init__(
        self,
        config: Config,
        database: Path,
        *,
        bots: Callable[[], Mapping[str, Bot]],
        superusers: Iterable[str],
        clock: Callable[[], float] | None = None,
    ) -> None:
        """`bots` gives all connected bots by id; `superusers` are NoneBot's; `clock` epoch
        seconds; None: the computer's."""
        self.config = config
        users, unusable = rules.onebot_users(superusers)
        for entry in unusable:
            logger.warning(f"SUPERUSERS 里的 {entry[:40]!r} 不是 QQ 号，推送不会发给它；请改正")
        self.directory = rules.Directory(
            users,
            frozenset(config.report_channels),
            config.report_default_targets,
            config.report_aliases,
            config.report_rules,
        )
        self._computer = Clock()
        self._clock = clock = clock or self._computer
        self._grants = _configured_grants(config, self.directory)
        self.gate = Gate(self._grants, not self._grants and not config.report_bind, time.monotonic)
        self._spare = Spare(config, self.directory)
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._qq = OneBotSender(bots, config.report_send_interval, config.report_from or "")
        self._router = Router(self._qq, config.report_channels)
        limits = Limits(
            config.report_expire, config.report_retention, config.report_image_retention
        )
        self.store = Store(database)
        self.outbox = Outbox(
            self.store, self._router, limits, policy=self._spare.policy, clock=clock
        )
        self._diary = Diary(self.store, config.report_watch, clock)
        self._fault = "插件还没有启动"
        self._trouble = ""
        self._probed = float("-inf")
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start. A store that cannot be used is tried again later; until then all is refused."""
        # NoneBot runs start-up and shutdown hooks in different tasks, which no TaskGroup can span:
        # this one task is ours to end, and all others live in groups below it.
        self._task = asyncio.get_running_loop().create_task(self._work(), name="report outbox")
        await self._tried.wait()

    async def close(self) -> None:
        """Stop; what was not delivered waits on disk."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            await self._router.close()

    async def submit(self, report: Report, grant: Grant = MASTER) -> Receipt:
        """Store a report for its targets; when this returns it is on disk.

        Raises:
            Forbidden: its grant does not reach whom it names.
            InvalidReport: it reaches nobody.
            StoreUnavailable: it could not be stored.
        """
        now = self._clock()
        routing = await self._route(report, grant, now)
        self._require_store()
        elapsed = await self._diary.elapsed(report.event, grant.name)
        report = replace(report, elapsed=elapsed)
        held_until = self._held_until(grant, now)
        outgoing = [self._outgoing(one, report, grant, held_until) for one in routing.planned]
        try:
            receipt = await self.outbox.accept(
                report, outgoing, source=grant.name, note=routing.reason
            )
        except StoreUnavailable as error:
            self._trouble = str(error)
            raise
        self._trouble = ""
        if receipt.status != "duplicate":
            self._diary.note(report.event, grant.name)
            if self._diary.has_news:
                await self._catch_up()
        return receipt

    async def _route(self, report: Report, grant: Grant, now: float) -> rules.Routing:
        if self.directory.is_slow(report):
            # The engine of patterns lets others run meanwhile.
            return await asyncio.to_thread(rules.route, report, self.directory, grant, now)
        return rules.route(report, self.directory, grant, now)

    def explain(self, report: Report, grant: Grant) -> tuple[rules.Routing, list[Preview]]:
        """What would become of a report now, and what each target would see. Nothing is sent.

        Raises:
            Forbidden: its grant does not reach whom it names.
            InvalidReport: it reaches nobody.
        """
        now = self._clock()
        routing = rules.route(report, self.directory, grant, now)
        previews: list[Preview] = []
        for one in routing.planned:
            outgoing = self._outgoing(one, report, grant, None)
            wait = self._wait(one.target, outgoing.message, outgoing.rank, 0.0)
            previews.append(Preview(one, outgoing.message, wait))
        return routing, previews

    def grant_named(self, name: str) -> Grant | None:
        """The grant of a token by its name, or None."""
        return next((one for one in (MASTER, *self._grants.values()) if one.name == name), None)

    def token_names(self) -> list[str]:
        """What `grant_named` knows."""
        return list(dict.fromkeys(one.name for one in (MASTER, *self._grants.values())))

    async def state(self, report_id: str, grant: Grant = MASTER) -> ReportState | None:
        """A report by its id or the sender's own, or None where the grant does not see it.

        Raises:
            StoreUnavailable: the store cannot be read.
        """
        self._require_store()
        state = await self.store.history.state(report_id, grant.name)
        visible = state is not None and (grant.is_master or state.source == grant.name)
        return state if visible else None

    async def health(self) -> Health:
        """Whether reports can be stored (tried by a real write now and then), and what waits."""
        bots = tuple(self._qq.connected())
        if self._fault:
            return Health(self._fault, bots, None)
        now = time.monotonic()
        probe = now - self._probed >= PROBE_EVERY
        if self._trouble and not probe:
            return Health(self._trouble, bots, None)
        try:
            if probe:
                await self.store.housekeeping.probe(self._clock())
            backlog = await self.store.history.backlog()
        except StoreUnavailable as error:
            self._trouble = str(error)
            return Health(self._trouble, bots, None)
        finally:
            self._probed = now if probe else self._probed
        self._trouble = ""
        return Health("", bots, backlog)

    async def fault(self) -> str:
        """Why nothing can be stored (Chinese); empty: it can. Writes nothing while all is well."""
        return (await self.health()).fault if self._trouble else self._fault

    async def bot_connected(self) -> None:
        """Send what waited for a bot."""
        if not self._fault:
            await self._resume()

    async def bot_heartbeat(self, self_id: str, *, online: bool) -> None:
        """A OneBot implementation said whether its QQ is online."""
        if self._qq.set_online(self_id, online=online) and not self._fault:
            await self._resume()

    def bot_disconnected(self, self_id: str) -> None:
        """Do not wait for answers that cannot come."""
        self._qq.disconnected(self_id)

    def now(self) -> float:
        """Epoch seconds."""
        return self._clock()

    async def send_to(self, report: Report, targets: Sequence[Target]) -> Receipt:
        """Store a report for exactly these targets, past all rules.

        Raises:
            StoreUnavailable: it could not be stored.
        """
        self._require_store()
        outgoing = [self._outgoing(rules.Planned(one), report, MASTER, None) for one in targets]
        return await self.outbox.accept(report, outgoing, source=OWN)

    async def resend(self, report_id: str, targets: Sequence[Target]) -> Receipt | None:
        """Store a report once more for some of its targets, to each of them the very message that
        it was sent; None where there is nothing to send.

        Raises:
            StoreUnavailable: it could not be stored.
        """
        report, image = await self.stored(report_id) or (Report(), None)
        outgoing: list[Outgoing] = []
        for target in targets:
            text, pictured = await self.store.history.sent(report_id, target) or ("", False)
            if text or (image and pictured):
                message = Message(text, image if pictured else None, report)
                outgoing.append(Outgoing(target, message))
        if not outgoing:
            return None
        return await self.outbox.accept(replace(report, image=image), outgoing, source=OWN)

    async def sent(self, report_id: str, target: Target) -> Message:
        """What of a report was sent to a target, in its rule's words, as far as it is still there.

        Raises:
            StoreUnavailable: it could not be read.
        """
        self._require_store()
        text, pictured = await self.store.history.sent(report_id, target) or ("", False)
        _, image = (pictured and await self.stored(report_id)) or (None, None)
        return Message(text, image)

    async def stored(self, report_id: str) -> tuple[Report, Image | None] | None:
        """A stored report and its picture, as far as they are still there.

        Raises:
            StoreUnavailable: it could not be read.
        """
        self._require_store()
        return await self.store.history.report(report_id)

    async def recent(self, limit: int, target: Target | None) -> list[ReportState]:
        """The newest reports, the newest first; with `target` those sent to it, as it may see them.

        Raises:
            StoreUnavailable: they could not be read.
        """
        self._require_store()
        return await self.store.history.recent(limit, target)

    async def state_for(self, report_id: str, target: Target) -> ReportState | None:
        """A report as a target of it may see it; None where it is none.

        Raises:
            StoreUnavailable: it could not be read.
        """
        self._require_store()
        return await self.store.history.state_for(report_id, f"{BOUND}{target.id}", target)

    async def mute(self, target: Target, until: float) -> None:
        """Hold what is not urgent back until a moment (epoch seconds); 0: no longer.

        Raises:
            StoreUnavailable: it could not be written.
        """
        self._require_store()
        await self.store.mutes.set(target, until)
        self._spare.mutes = {**self._spare.mutes, target: until}
        await self.outbox.dispatcher.sweep()

    def muted(self) -> dict[Target, float]:
        """Until when (epoch seconds) each muted target is."""
        now = self._clock()
        return {target: until for target, until in self._spare.mutes.items() if until > now}

    async def bind(self, user: str) -> str:
        """Give a user a token that reaches only them; a former one is no longer good.

        Raises:
            StoreUnavailable: it could not be written.
        """
        self._require_store()
        token = secrets.token_urlsafe(18)
        made = Binding(user, digest(token), self._clock())
        await self.store.bindings.add(made)
        self._forget_bound(user)
        self._grants[made.token] = _bound_grant(user, self.config)
        return token

    async def unbind(self, user: str) -> bool:
        """Take a user's token away; whether there was one.

        Raises:
            StoreUnavailable: it could not be written.
        """
        self._require_store()
        await self.store.bindings.remove(user)
        return self._forget_bound(user)

    def bound(self) -> tuple[str, ...]:
        """The users who have a token of their own."""
        names = (grant.name for grant in self._grants.values())
        return tuple(name.removeprefix(BOUND) for name in names if name.startswith(BOUND))

    def _forget_bound(self, user: str) -> bool:
        former = [key for key, one in self._grants.items() if one.name == f"{BOUND}{user}"]
        for key in former:
            del self._grants[key]
        return bool(former)

    def _require_store(self) -> None:
        if self._fault:
            raise StoreUnavailable(self._fault)

    def _words(self, planned: rules.Planned, report: Report) -> str:
        notes = list(report.cut)
        if report.image_fault and planned.screenshot:
            notes.append(f"截图无法使用：{report.image_fault}")
        text = (planned.template or self.config.report_template).render(report)
        return "\n".join(filter(None, (text, *(f"[{note}]" for note in notes))))

    def _outgoing(
        self, planned: rules.Planned, report: Report, grant: Grant, held_until: float | None
    ) -> Outgoing:
        image = report.image if planned.screenshot else None
        text = self._words(planned, report) or ("" if image else report.heading or "[截图]")
        message = Message(text, image, replace(report, image=None))
        rank = Rank.URGENT if planned.urgent else Rank.NORMAL
        reason = ""
        if held_until is not None:
            rank, reason = Rank.BULK, f"超过令牌 {grant.name} 的频率限制"
        fallback_after = planned.fallback_after
        if fallback_after is not None:
            wait = self._wait(planned.target, message, rank, held_until or 0.0)
            if wait is not None:
                fallback_after += wait.until - self._clock()  # to be left in peace is no failure
        return Outgoing(
            planned.target, message, rank, held_until or 0.0, reason,
            planned.fallback, fallback_after,
        )  # fmt: skip

    def _wait(
        self, target: Target, message: Message, rank: Rank, held_until: float
    ) -> hold.Wait | None:
        """Why a report would not go out to a target now, were it the only one."""
        now = self._clock()
        alone = Delivery(
            "", "", Lane(target), message, created_at=now, rank=rank, held_until=held_until
        )
        step = hold.plan([alone], self._spare.policy(target), now, (), limited=False)
        return step if isinstance(step, hold.Wait) else None

    def _held_until(self, grant: Grant, now: float) -> float | None:
        """Count a report; where its token has sent too many, when there is room again."""
        if grant.rate is None:
            return None
        count, period = grant.rate
        seen = self._seen.setdefault(grant.name, deque(maxlen=count))
        if len(seen) == count and seen[0] + period > now:
            return seen[0] + period
        seen.append(now)
        return None

    async def _watch(self) -> None:
        """Look now and then for what did not come."""
        while True:
            self._diary.look()
            if self._diary.has_news:
                await self._catch_up()
            await asyncio.sleep(WATCH_EVERY)

    async def _follow_clock(self) -> None:
        """Keep waits as long as they were meant when the computer's clock is set."""
        while True:
            await asyncio.sleep(CLOCK_EVERY)
            since = self._computer.since
            if by := self._computer.jump():
                logger.warning(f"电脑的时钟变了 {by:+.0f} 秒，等待中的推送不受影响")
                try:
                    await self._move_in_time(since, by)
                except StoreUnavailable as error:
                    logger.warning(f"时钟变了，但数据库暂时不可用：{error}")

    async def _move_in_time(self, since: float, by: float) -> None:
        for seen in self._seen.values():
            for _ in range(len(seen)):
                seen.append(seen.popleft() + by)
        self._diary.move_in_time(by)
        await self.outbox.shift(since, by)
        await self._remember()

    async def _catch_up(self) -> None:
        try:
            await self._diary.catch_up(self._tell)
        except StoreUnavailable as error:
            logger.warning(f"看门狗的记录暂时没能存下，稍后再存：{error}")

    async def _tell(self, watch: Watch, report: Report) -> None:
        """Send a watch's own report, as one that names the watch's targets."""
        named: dict[str, list[str]] = {"private": [], "group": [], "channel": []}
        for target in self.directory.expand(watch.to):
            named[target.kind].append(target.id)
        report = replace(
            report,
            send_to=tuple(named["private"]),
            send_to_group=tuple(named["group"]),
            channel=tuple(named["channel"]),
        )
        try:
            routing = rules.route(report, self.directory, MASTER, self._clock())
        except InvalidReport as error:
            logger.error(f"看门狗的提醒没有接收者：{error}")
            return
        outgoing = [self._outgoing(one, report, MASTER, None) for one in routing.planned]
        await self.outbox.accept(report, outgoing, source=OWN, note=routing.reason)

    async def _remember(self) -> None:
        """Take up what was remembered beside reports."""
        self._spare.mutes = await self.store.mutes.all()
        for one in await self.store.bindings.all():
            if not self.config.report_bind:
                continue
            try:
                self._grants[one.token] = _bound_grant(one.user, self.config)
            except ValueError:  # a user of OneBot 12 who has no number, bound by an older version
                logger.warning(f"绑定的 {one.user[:40]!r} 不是 QQ 号，它的推送地址不再有效")
        await self._diary.open()

    async def _resume(self) -> None:
        try:
            await self.outbox.dispatcher.resume()
        except StoreUnavailable as error:
            logger.warning(f"机器人已连接，但数据库暂时不可用，稍后补发：{error}")

    async def _work(self) -> None:
        """The root of all tasks. A fault here must not take the bot down."""
        while True:
            pause = 0.0
            try:
                await self._serve()
            except* StoreUnavailable as group:
                error = str(_cause(group))
                # What worked until now may be mended by opening it anew.
                pause = 0.0 if self._fault == _STOPPING else REOPEN_EVERY
                if error != self._fault:
                    logger.error(f"收不下推送，会继续尝试：{error}")
                self._fault = error
            except* Exception:  # noqa: BLE001 - the root of our tasks: logged, and begun anew
                logger.exception("推送插件内部出错，稍后重新开始")
                self._fault = "插件内部出错，正在重新开始"
                pause = REOPEN_EVERY
            self._tried.set()
            await asyncio.sleep(pause)

    async def _serve(self) -> None:
        """Deliver until cancelled, or until the store does not work."""
        await self.store.open()
        try:
            await self.outbox.open()
            await self._remember()
            self._fault = ""
            self._tried.set()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.outbox.run())
                tasks.create_task(self._watch())
                tasks.create_task(self._follow_clock())
        finally:
            self._fault = self._fault or _STOPPING
            await self.outbox.close()
            await self.store.close()


def _cause(group: BaseExceptionGroup[StoreUnavailable]) -> StoreUnavailable:
    """The first of what a group of tasks failed with."""
    first = group.exceptions[0]
    return _cause(first) if isinstance(first, BaseExceptionGroup) else first


def _configured_grants(config: Config, directory: rules.Directory) -> dict[str, Grant]:
    """The grants of the settings' tokens, by digest."""
    grants: dict[str, Grant] = {}
    if config.report_token is not None:
        grants[digest(config.report_token)] = MASTER
    for name, one in config.report_tokens.items():
        kinds: list[Kind] = [some for some in one.to if isinstance(some, str)]
        exact = directory.expand(some for some in one.to if not isinstance(some, str))
        defaults = directory.expand(one.default) or exact
        grant = Grant(name, frozenset((*kinds, *exact)), defaults, one.rate)
        grants[digest(one.token.get_secret_value())] = grant
    return grants


def _bound_grant(user: str, config: Config) -> Grant:
    own = Target("private", user)
    return Grant(f"{BOUND}{user}", frozenset({own}), (own,), config.report_bind_rate)
