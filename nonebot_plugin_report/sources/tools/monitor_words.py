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
CHECKS: Final = Words(
    name=re.compile(r"\bis (?:DOWN|UP)\b"),
    rows=(
        Row(re.compile(r"\bis DOWN\b"), Result.FAIL, "monitor.down"),
        Row(re.compile(r"\bis UP\b"), Result.SUCCESS, "monitor.up"),
    ),
)
