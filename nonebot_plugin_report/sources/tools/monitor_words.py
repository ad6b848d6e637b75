"""The words of Uptime Kuma, Healthchecks and UptimeRobot, whichever notifier they come by. Pure.

https://github.com/louislam/uptime-kuma (server/model/monitor.js: `[name] [🔴 Down] reason`, and how
soon a certificate ends), https://github.com/healthchecks/healthchecks (templates/integrations:
`name is DOWN`), https://uptimerobot.com/api/ (`Monitor is DOWN: name`).
"""

import re
from typing import Final

from ...model.report import Result
from ..verdicts import Row, Words

_ENDS: Final = r"certificate .{1,200} will (?:be )?expired? in \d{1,4} days"
UPTIMEKUMA: Final = Words(
    name=re.compile(rf"\[(?:🔴 Down|✅ Up)\]|{_ENDS}"),
    rows=(
        Row(re.compile(r"\[🔴 Down\]"), Result.FAIL, "monitor.down"),
        Row(re.compile(r"\[✅ Up\]"), Result.SUCCESS, "monitor.up"),
        Row(re.compile(_ENDS), Result.PARTIAL, "monitor.notice"),
    ),
)
_DOWN: Final = r"\bis DOWN\b|\b(?:is|went) (?:down|offline)[.!]?\s*$"
_UP: Final = r"\bis UP\b|\b(?:is|went) (?:back )?(?:up|online)(?: again)?[.!]?\s*$"
CHECKS: Final = Words(
    name=re.compile(f"{_DOWN}|{_UP}", re.MULTILINE),
    rows=(
        Row(re.compile(_DOWN, re.MULTILINE), Result.FAIL, "monitor.down"),
        Row(re.compile(_UP, re.MULTILINE), Result.SUCCESS, "monitor.up"),
    ),
)
