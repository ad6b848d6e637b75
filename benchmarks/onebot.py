"""A process that is a OneBot v11 implementation, joined by reverse WebSocket to each bot.

It answers every action with success, at once or later, and counts. It reads no more of an action
than its `echo` where it answers at once. No compression: NapCat, the most used implementation,
asks for none (packages/napcat-onebot/network/websocket-client.ts, `perMessageDeflate: false`).
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from .remote import serve

_ECHO = re.compile(rb'"echo":\s*"(\d+)"')
_ECHO_WITHIN = 64
"""The adapter writes `echo` last: an action's end is enough to find it."""
_WAIT_SECONDS = 300.0


@dataclass(slots=True)
class Account:
    """One connection to a bot, and what was delivered over it since the last `expect`."""

    delay: float
    """Seconds until an action is answered."""
    goal: int = 0
    count: int = 0
    arrived_at: float = 0.0
    """When the last action was there, by `time.monotonic`."""
    last_at: float = 0.0
    """When the last action was answered."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    delivered: dict[str, float] = field(default_factory=dict[str, float])
    """When the last message for each target was answered; only kept with a delay."""

    def answered(self) -> None:
        """Count an action."""
        self.count += 1
        self.last_at = time.monotonic()
        if self.count >= self.goal:
            self.reached.set()


class OneBot:
    """All accounts by the names that the benchmark gives them."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._tasks = tasks
        self._accounts: dict[str, Account] = {}

    async def join(
        self, name: str, port: int, delay: float = 0.0, *, another: bool = False
    ) -> None:
        """Connect an account to a bot; `another`: to one more."""
        socket = await connect(
            f"ws://127.0.0.1:{port}/onebot/v11/ws",
            additional_headers={"X-Self-ID": "10000", "X-Client-Role": "Universal"},
            compression=None,
            max_size=None,
            proxy=None,
        )
        if not another:
            self._accounts[name] = Account(delay)
        self._tasks.create_task(self._serve(socket, self._accounts[name]))

    async def expect(self, name: str, count: int) -> None:
        """Start to count anew."""
        account = self._accounts[name]
        account.goal, account.count = count, 0
        account.reached.clear()
        account.delivered.clear()

    async def wait(self, name: str) -> float:
        """When the last of the expected messages was answered, by `time.monotonic`."""
        account = self._accounts[name]
        async with asyncio.timeout(_WAIT_SECONDS):
            await account.reached.wait()
        return account.last_at

    async def arrived(self, name: str) -> float:
        """When the last of the expected messages was there; it is answered by then."""
        await self.wait(name)
        return self._accounts[name].arrived_at

    async def count(self, name: str) -> int:
        """How many messages were answered."""
        return self._accounts[name].count

    async def delivered(self, name: str) -> dict[str, float]:
        """When the message for each target was answered, by `time.monotonic`."""
        return self._accounts[name].delivered

    async def _serve(self, socket: ClientConnection, account: Account) -> None:
        await socket.send(json.dumps(_CONNECTED))
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    action = await socket.recv(decode=False)
                    account.arrived_at = time.monotonic()
                    if account.delay:
                        tasks.create_task(_answer_later(socket, account, action))
                    else:
                        await socket.send(_answer(action), text=True)
                        account.answered()
        except* ConnectionClosed:
            pass


async def _answer_later(socket: ClientConnection, account: Account, action: bytes) -> None:
    target = str(json.loads(action)["params"]["user_id"])
    await asyncio.sleep(account.delay)
    await socket.send(_answer(action), text=True)
    account.delivered[target] = time.monotonic()
    account.answered()


def _answer(action: bytes) -> bytes:
    found = _ECHO.search(action, max(0, len(action) - _ECHO_WITHIN)) or _ECHO.search(action)
    assert found, "an action without an echo"
    return b'{"status":"ok","retcode":0,"data":{"message_id":1},"echo":"%s"}' % found[1]


_CONNECTED = {
    "time": 1764000000,
    "self_id": 10000,
    "post_type": "meta_event",
    "meta_event_type": "lifecycle",
    "sub_type": "connect",
}


async def main(port: int) -> None:
    """Serve the benchmark's calls until ended."""
    async with asyncio.TaskGroup() as tasks:
        onebot = OneBot(tasks)
        handlers = {
            "join": onebot.join,
            "expect": onebot.expect,
            "wait": onebot.wait,
            "arrived": onebot.arrived,
            "count": onebot.count,
            "delivered": onebot.delivered,
        }
        await serve(port, handlers)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
