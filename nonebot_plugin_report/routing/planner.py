"""What each target of a report gets, and when. Pure: the time is an argument."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..model import scheduling as hold
from ..model.delivery import Delivery, Outgoing, Priority
from ..model.grant import Grant
from ..model.message import Message
from ..model.report import Report
from ..model.scheduling import Policy
from ..model.target import Lane, Target
from ..model.value import value_type
from .recast import Recast, recast
from .rules import Directory, Planned, Routing, route
from .template import Template


@value_type
class Plan:
    """The deliveries of a report."""

    routing: Routing
    outgoing: tuple[Outgoing, ...]
    """One for each of the routing's targets, in their order."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans reports according to the settings."""

    directory: Directory
    template: Template
    """REPORT_TEMPLATE."""
    policy: Callable[[Target], Policy]

    def recast(self, report: Report, grant: Grant, now: float) -> Recast:
        """Find what a report that came with a grant counts as by the rules, before it is planned.

        `now` is in epoch seconds.
        """
        return recast(report, self.directory.rules, grant.name, now)

    def plan(
        self, report: Report, grant: Grant, now: float, held_until: float | None = None
    ) -> Plan:
        """Route a report that came with a grant, and render its messages.

        Args:
            report: what was sent.
            grant: what its token lets it do.
            now: epoch seconds.
            held_until: hold it back until then, since its token is over its rate.

        Raises:
            Forbidden: its grant does not reach a recipient that it names.
            InvalidReport: it reaches nobody.
        """
        return self.write(route(report, self.directory, grant, now), report, grant, now, held_until)

    def write(
        self,
        routing: Routing,
        report: Report,
        grant: Grant,
        now: float,
        held_until: float | None = None,
    ) -> Plan:
        """Render the messages of a report that was routed already."""
        outgoing = [self._outgoing(one, report, grant, now, held_until) for one in routing.planned]
        return Plan(routing, tuple(outgoing))

    def wait(self, outgoing: Outgoing, now: float) -> hold.Wait | None:
        """Why a delivery would have to wait now, if it were the only one in its lane."""
        alone = Delivery(
            "",
            "",
            Lane(outgoing.target),
            outgoing.message,
            created_at=now,
            handling=outgoing.handling,
        )
        step = hold.plan([alone], self.policy(outgoing.target), now, (), limited=False)
        return step if isinstance(step, hold.Wait) else None

    def _outgoing(
        self, planned: Planned, report: Report, grant: Grant, now: float, held_until: float | None
    ) -> Outgoing:
        images = report.images if planned.screenshot else ()
        text = self._write_text(planned, report) or ("" if images else report.heading or "[截图]")
        pictureless = replace(report, images=()) if report.images else report
        message = Message(text, images, pictureless)
        handling = planned.handling
        if report.not_before is not None:
            handling = replace(
                handling, priority=Priority.TIMED, held_until=report.not_before, reason="定时"
            )
        elif held_until is not None:
            reason = f"超过令牌 {grant.name} 的频率限制"
            handling = replace(
                handling, priority=Priority.BULK, held_until=held_until, reason=reason
            )
        outgoing = Outgoing(planned.target, message, handling)
        if handling.fallback_after is None or (wait := self.wait(outgoing, now)) is None:
            return outgoing
        # Quiet hours and mutes are not a failure to reach the target.
        later = handling.fallback_after + wait.until - now
        return replace(outgoing, handling=replace(handling, fallback_after=later))

    def _write_text(self, planned: Planned, report: Report) -> str:
        text = (planned.template or self.template).render(report)
        notes = report.cut
        if report.image_fault and planned.screenshot:
            notes = (*notes, f"截图无法使用：{report.image_fault}")
        if not notes:
            return text
        return "\n".join(filter(None, (text, *(f"[{note}]" for note in notes))))
