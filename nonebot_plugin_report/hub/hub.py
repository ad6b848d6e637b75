"""Wires the parts together, and holds the one path of a report: `Hub.submit`."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from loguru import logger
from nonebot.adapters import Bot, Event

from ..access.sessions import Sessions
from ..access.tokens import Tokens
from ..config import Config
from ..errors import InvalidReport, Refused, StoreUnavailable
from ..model.clock import Clock
from ..model.delivery import Outgoing, State
from ..model.grant import BOUND, MASTER, OWN, Grant
from ..model.image import Image
from ..model.report import Report
from ..model.status import Receipt, ReportState
from ..model.target import Kind, Target
from ..outbox import UNREAD_SECONDS, Limits, Outbox
from ..outbox.digest import how_to_read_on
from ..outbox.mutes import Mutes
from ..pictures.masked import masked
from ..routing import rules
from ..routing.planner import Plan, Planner
from ..senders.qq.diagnosis import RefusedBots, contacts
from ..senders.qq.sender import OneBotSender
from ..senders.router import Router
from ..sources.body import Pushed, load_readers
from ..sources.dialect import Addressees
from ..store import Store
from ..store.ids import number, spans
from ..watchdog.beats import Beat
from ..watchdog.durations import Durations
from ..watchdog.watchdog import Watchdog
from ..watchdog.watches import Watch
from .bot_register import BotRegister
from .health import Checkup, Health
from .masking import Masking
from .receipt_log import ReceiptLog
from .refused_pushes import RefusedPushes, describe_refusal
from .roster import Roster
from .supervisor import Supervisor
from .timekeeping import Timekeeper
from .trust import Trust

if TYPE_CHECKING:
    from ..store.archive import Archive
    from ..store.reminders import Reminder

STATUS_EVERY: Final = 60.0
"""Seconds between questions to the bots whose heartbeats say that they are offline."""
DELETE_TRIES: Final = 30
"""Checks whether a report's deliveries have ended, before its deletion gives up."""
DELETE_EVERY: Final = 0.1
"""Seconds between these checks."""


class Hub:
    """Takes reports, stores and delivers them. Opened with the bot, closed with it."""

    def __init__(
        self,
        config: Config,
        database: Path | str,
        *,
        bots: Callable[[], Mapping[str, Bot]],
        superusers: Iterable[str],
        chat_command: str = "/推送",
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Wire the parts; nothing is opened yet.

        Args:
            config: the settings.
            database: the SQLite file, or a PostgreSQL database's address.
            bots: gives all connected bots by id.
            superusers: NoneBot's.
            chat_command: what chat commands begin with, prefix and name, for hints.
            clock: gives epoch seconds; None: the computer's.
        """
        self.config = config
        self.chat_command: Final = chat_command
        self.directory = config.directory(superusers)
        for entry in self.directory.unusable:
            logger.warning(
                f"SUPERUSERS 里的 {entry[:40]!r} 不是 QQ 号，推送不会发给它；"
                "QQ 号写成 10001 或 onebot:10001"
            )
        computer = Clock()
        self.clock: Final = clock or computer
        """Epoch seconds."""
        self.files: Final = database if isinstance(database, Path) else None
        """The database's file; other files lie beside it, and their names begin with its name.
        None: nothing is stored on this machine."""
        self._store = Store(database)
        self.history: Final = self._store.history
        self.tokens: Final = Tokens(
            config.grants(self.directory),
            self._store.bindings,
            self.clock,
            may_bind=bool(config.report_bind),
            bind_rate=config.report_bind_rate,
            secrets=config.tokens,
            spent=self._store.spent if self._store.shared else None,
        )
        self.sessions: Final = Sessions(
            self._store.sessions, self.tokens, self.directory.superusers, self.clock
        )
        self.mutes: Final = Mutes(self._store.mutes, self.clock)
        policies = config.policies(self.directory)
        self._planner = Planner(
            self.directory,
            config.report_template,
            lambda target: policies.of(target, self.mutes.until(target)),
        )
        self._bots = bots
        self._refused_bots = RefusedBots(self._connected_twice)
        self._twice: Final = set[str]()
        """The accounts that have just connected a second time."""
        self._is_twice = asyncio.Event()
        self._qq = OneBotSender(
            bots,
            config.report_send_interval,
            config.report_from or "",
            config.report_max_picture,
            clock=self.clock,
            expected=lambda: self._register.ids,
        )
        self._register = BotRegister(
            self._store.bots, lambda: [self_id for self_id, *_ in self.bots()], config.bots
        )
        self._router = Router(self._qq, config.report_channels, chat_command=chat_command)
        self._outbox = Outbox(
            self._store,
            self._router,
            Limits(config.report_expire, config.report_retention, config.report_image_retention),
            policy=self._planner.policy,
            clock=self.clock,
            rest=how_to_read_on(chat_command),
        )
        self.tally: Final = self._outbox.tally
        """Counts of reports stored and sent since this process started."""
        self.refused: Final = RefusedPushes(self.clock, config.tokens)
        self._receipt_log = ReceiptLog()
        self._durations = Durations(self.history, self._store.stories, self.clock)
        self.watchdog: Final = Watchdog(
            self._store,
            config.report_watch,
            self.clock,
            self._tell,
            Trust(self.directory, self.tokens, config.report_watch).reaches_audience,
            lambda: self._outbox.leads,
        )
        self._timekeeper = Timekeeper(
            computer,
            self._store,
            self._outbox,
            self.mutes,
            self.tokens,
            self.sessions,
            self._durations,
            self.watchdog,
        )
        self._supervisor = Supervisor(self._opened, self._run)
        self._roster = Roster(
            self._store, self._outbox.owner, self.bots, self.clock, lambda: self._outbox.leads
        )
        self._checkup = Checkup(
            self._store,
            self._supervisor,
            self._refused_bots,
            (one.id for one in self.directory.superusers),
            self._roster.all,
            self.refused.all,
            self.clock,
        )

    @property
    def addressees(self) -> Addressees:
        """Whom a report can name by a short name."""
        return Addressees(self._register.ids, self.directory.channels)

    @property
    def archive(self) -> "Archive":
        """The history for the page."""
        return self._store.archive

    async def open(self) -> None:
        """Start the work. An unusable store is retried; until then every report is refused."""
        self._refused_bots.listen()
        await self._supervisor.start()
        asyncio.get_running_loop().run_in_executor(None, load_readers)

    async def close(self) -> None:
        """Stop the work. Undelivered messages wait on disk."""
        self._refused_bots.close()
        await self._supervisor.stop()
        await self._router.close()

    async def submit(self, report: Report, grant: Grant = MASTER) -> Receipt:
        """Store a report for its targets; when this returns it is on disk.

        Raises:
            Forbidden: the grant does not reach a recipient that the report names.
            InvalidReport: the report reaches nobody, or names a bot that was never connected.
            StoreUnavailable: the report could not be stored.
        """
        self._require_store()
        if report.send_from:
            await self._register.check(report.send_from)
        report = await self._recast(report, grant)
        elapsed = await self._durations.elapsed(report, grant.name)
        if elapsed != report.elapsed:
            report = replace(report, elapsed=elapsed)
        if report.key_seconds is not None:
            key = await self._key(report, report.key_seconds, grant.name)
            report = replace(report, key=key, key_with_words=False)
        plan = await self._plan(report, grant)
        try:
            receipt = await self._accept(report, plan, grant.name)
        except StoreUnavailable as error:
            self._checkup.store_failed(error)
            raise
        self._checkup.store_worked()
        self._receipt_log.add(receipt, plan.routing.reason)
        if receipt.status == "duplicate":
            return receipt
        self._durations.accepted(report, grant.name)
        self.watchdog.accepted(receipt.id, report.event, grant.name)
        return receipt

    async def take(self, pushed: Pushed, grant: Grant = MASTER) -> Receipt:
        """Submit the report of a body. A body in a wrong format for its source is stored until the
        next one.

        Raises:
            Refused: as `submit`.
        """
        receipt = await self.submit(pushed.report, grant)
        if pushed.body:
            try:
                await self._store.unread.keep(pushed.unread, pushed.body, self.clock())
            except StoreUnavailable as error:
                logger.warning(f"没能存下来源 {pushed.unread} 读不懂的内容：{error}")
        return receipt

    async def unread(self, source: str) -> bytes | None:
        """Read a source's last body in a wrong format, of the last day, or None.

        Raises:
            StoreUnavailable: the body could not be read.
        """
        self._require_store()
        return await self._store.unread.last(source, self.clock() - UNREAD_SECONDS)

    async def _key(self, report: Report, seconds: float, source: str) -> str:
        """Make the key of a report whose key holds for `seconds` only: it ends with the time of the
        first report within them."""
        now, beginning = self.clock(), f"{report.key}@"
        key = await self.history.last_key(beginning, source, now - seconds)
        return key or f"{beginning}{now:.0f}"

    async def _recast(self, report: Report, grant: Grant) -> Report:
        """Let the rules say what a report counts as."""
        now = self.clock()
        if self.directory.is_slow(report):
            return (await asyncio.to_thread(self._planner.recast, report, grant, now)).report
        return self._planner.recast(report, grant, now).report

    async def _plan(self, report: Report, grant: Grant) -> Plan:
        await self.tokens.recount(grant)
        now, held_until = self.clock(), self.tokens.count(grant)
        if self.directory.is_slow(report):
            # In a thread: the patterns' engine lets the event loop run meanwhile.
            return await asyncio.to_thread(self._planner.plan, report, grant, now, held_until)
        return self._planner.plan(report, grant, now, held_until)

    async def _accept(self, report: Report, plan: Plan, source: str) -> Receipt:
        outgoing = await Masking().outgoing(plan) if report.images else plan.outgoing
        return await self._outbox.accept(report, outgoing, source=source, note=plan.routing.reason)

    async def state(self, report_id: str, grant: Grant = MASTER) -> ReportState | None:
        """Find a report by its id or the client's own, or None where the grant does not see it.

        Raises:
            StoreUnavailable: the store cannot be read.
        """
        self._require_store()
        state = await self.history.state(report_id, grant.name)
        visible = state is not None and (grant.is_master or state.source == grant.name)
        return state if visible else None

    def number(self, report_id: str) -> int:
        """Convert a report's id to a number, for clients that need one."""
        return number(report_id)

    async def numbered(self, report_number: int, grant: Grant) -> ReportState | None:
        """Find the report of a number, or None where the grant does not see it.

        Raises:
            StoreUnavailable: the store cannot be read.
        """
        self._require_store()
        for first, last in spans(report_number, self.clock(), self.config.report_retention):
            if report_ids := await self.history.between(first, last):
                # Another process on the same store may have made the same number.
                return await self.state(report_ids[0], grant) if len(report_ids) == 1 else None
        return None

    async def withdraw(self, report_id: str) -> bool:
        """Cancel a report's waiting deliveries. Returns whether there were any.

        Raises:
            StoreUnavailable: the change could not be written.
        """
        self._require_store()
        return await self._outbox.withdraw(report_id)

    async def acknowledge(self, report_id: str, target: Target | None = None) -> bool:
        """End a report's reminders, with `target` those there alone. Returns whether there were
        any.

        Raises:
            StoreUnavailable: the change could not be written.
        """
        self._require_store()
        return await self._outbox.acknowledge(report_id, target)

    async def reminders(self, report_id: str) -> "Sequence[Reminder]":
        """Read a report's reminders that are still to come.

        Raises:
            StoreUnavailable: they could not be read.
        """
        return await self._store.reminders.of_report(report_id)

    async def delete(self, report_id: str) -> bool:
        """Delete a report and its waiting deliveries. Returns False while a delivery is being sent.

        Raises:
            StoreUnavailable: the change could not be written.
        """
        self._require_store()
        await self._outbox.withdraw(report_id)
        for _ in range(DELETE_TRIES):
            state = await self.history.state(report_id, "")
            if state is None or not any(one.state is State.WAITING for one in state.deliveries):
                return await self._store.housekeeping.delete_report(report_id, self.clock())
            await asyncio.sleep(DELETE_EVERY)
        return False

    def bots(self) -> tuple[tuple[str, str, bool], ...]:
        """List each bot of QQ: its id, its adapter, and whether it can send now."""
        return tuple(self._qq.connected())

    async def are_bots(self, accounts: frozenset[str]) -> bool:
        """Whether one of these QQ accounts is a bot of ours, also of another process."""
        if not accounts.isdisjoint(self_id for self_id, *_ in self.bots()):
            return True
        try:
            processes = await self._roster.all()
        except StoreUnavailable:  # then no command does anything either
            return False
        return any(accounts.intersection(process.bots) for process in processes)

    async def known_to_bots(self, kind: Kind) -> dict[str, str]:
        """Read the friends or groups of the online bots: names by number."""
        return await contacts(kind, self._online())

    def _online(self) -> list[Bot]:
        """List the bots that can send now."""
        online = {self_id for self_id, _, online in self.bots() if online}
        return [bot for self_id, bot in self._bots().items() if self_id in online]

    async def health(self, *, detailed: bool = False) -> Health:
        """Check whether reports can be stored (by a real write from time to time), and read the
        backlog; with `detailed` also the costly fields."""
        health = await self._checkup.health(self.bots())
        return await self._checkup.details(health, self._online()) if detailed else health

    async def fault(self) -> str:
        """Return why nothing can be stored (Chinese); empty: reports can be. Writes only after a
        failure."""
        return await self._checkup.fault()

    def note_astray(self, place: str) -> None:
        """Note that a OneBot implementation connects to a wrong address (`place`, Chinese)."""
        self._refused_bots.astray = place

    async def bot_connected(self) -> None:
        """Send the deliveries that waited for a bot."""
        self._refused_bots.astray = ""
        self._qq.meet()
        await self._register.add_connected(self.clock())
        if not self._supervisor.fault:
            await self._resume()

    async def bot_event(self, bot: Bot, event: Event) -> None:
        """Learn from a bot's event whether its QQ is online, and send if it came back."""
        if self._qq.heard(bot, event) and not self._supervisor.fault:
            await self._resume()

    def bot_disconnected(self, self_id: str) -> None:
        """End the calls that wait for this bot's answers; another process may have the bot now."""
        self._qq.disconnected(self_id)
        if self._store.shared:
            self._outbox.leave()

    async def mute(self, target: Target, until: float) -> None:
        """Hold back messages that are not urgent until a moment (epoch seconds); 0: unmute.

        Raises:
            StoreUnavailable: the change could not be written.
        """
        await self.mutes.mute(target, until)
        await self._outbox.sweep()

    async def send_to(self, report: Report, targets: Sequence[Target]) -> Receipt:
        """Store a report for exactly these targets, ignoring the rules.

        Raises:
            StoreUnavailable: the report could not be stored.
        """
        with self.tally.counting():
            self._require_store()
            planned = (rules.Planned(one, mask=self.directory.mask(one)) for one in targets)
            exactly = rules.Routing(tuple(planned))
            plan = self._planner.write(exactly, report, MASTER, self.clock())
            return await self._accept(report, plan, OWN)

    async def refuse(self, error: Refused, client: str, address: str, grant: Grant | None) -> None:
        """Remember a refused push; tell the owner of its token, now and then, what cannot be read.

        Args:
            error: why it is refused.
            client: what its program calls itself.
            address: its address.
            grant: its token's grant; None: it had no right one.
        """
        refusal = self.refused.add(error, client, address, grant)
        if grant is None or not self.refused.should_tell(error, grant):
            return
        is_bound = grant.name.startswith(BOUND)
        owners = grant.defaults if is_bound else tuple(self.directory.superusers)
        report = describe_refusal(refusal, f"{self.chat_command} 状态")
        try:
            if owners:
                await self.send_to(report, owners)
        except Refused as fault:
            logger.warning(f"没能告诉令牌 {grant.name} 的主人有推送没收下：{fault}")

    async def resend(self, report_id: str, targets: Sequence[Target]) -> Receipt | None:
        """Store a report again for some of its targets, each with its former message. Returns None
        where no message remains.

        Raises:
            StoreUnavailable: the report could not be stored.
        """
        with self.tally.counting():
            self._require_store()
            report = await self.history.report(report_id) or Report()
            text_only = replace(report, images=())
            messages = await self.history.messages(report_id, targets)
            outgoing = [
                Outgoing(target, replace(message, report=text_only))
                for target, message in messages.items()
                if message.text or message.images
            ]
            if not outgoing:
                return None
            return await self._outbox.accept(report, outgoing, source=OWN)

    async def mask_images(self, images: Sequence[Image], chat: Target) -> tuple[Image, ...]:
        """Cover pictures for a chat. Pictures that cannot be covered are left out."""
        mask = self.directory.mask(chat)
        if mask is None or not mask.parts:
            return tuple(images)
        covered, _ = await masked(images, mask)
        return covered

    def _connected_twice(self, self_id: str) -> None:
        self._twice.add(self_id)
        self._is_twice.set()

    async def _end_the_dead(self) -> None:
        """End dead connections whose accounts connect anew."""
        while True:
            await self._is_twice.wait()
            self._is_twice.clear()
            while self._twice:
                await self._qq.end_dead(self._twice.pop())

    async def _ask_the_offline(self) -> None:
        """Ask offline bots regularly: not all implementations report that QQ is back."""
        while True:
            await asyncio.sleep(STATUS_EVERY)
            if await self._qq.ask():
                await self._resume()

    def _require_store(self) -> None:
        if self._supervisor.fault:
            raise StoreUnavailable(self._supervisor.fault)

    async def _tell(self, watch: Watch | Beat, report: Report) -> None:
        """Send a watch's own report to the watch's recipients."""
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
            plan = self._planner.plan(report, MASTER, self.clock())
        except InvalidReport as error:
            logger.error(f"看门狗的提醒没有接收者：{error}")
            return
        await self._accept(report, plan, OWN)

    async def _resume(self) -> None:
        try:
            await self._outbox.resume()
        except StoreUnavailable as error:
            logger.warning(f"机器人已连接，但数据库暂时不可用，稍后补发：{error}")

    @asynccontextmanager
    async def _opened(self) -> AsyncGenerator[None]:
        """Open the store and its users, and close them at the end."""
        await self._store.open()
        try:
            if self._store.shared:
                await self._timekeeper.read_shared()
            await self._outbox.open()
            await self._register.open()
            await self.mutes.open()
            await self.tokens.open()
            await self.sessions.open()
            await self.watchdog.open()
            yield
        finally:
            await self._outbox.close()
            if self._store.shared:
                await self._roster.leave()
            await self._store.close()

    async def _run(self) -> None:
        """Deliver until cancelled, or until the store fails."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._outbox.run())
            tasks.create_task(self.watchdog.run())
            tasks.create_task(self._timekeeper.run())
            tasks.create_task(self._ask_the_offline())
            tasks.create_task(self._end_the_dead())
            if self._store.shared:
                tasks.create_task(self._roster.run())
