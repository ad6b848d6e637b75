"""The tables' version, the steps that raise it, and indexes that changed."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from nonebot_plugin_report.errors import StoreUnavailable
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.store import Store, schema

from .fakes import Clock, FarEnd, world
from .places import Place, change, rows

ME = Target("private", "10001")
NOW = len(schema.STEPS)
STEPS: Sequence[schema.Step] = (
    *schema.STEPS,
    ("ALTER TABLE mute ADD COLUMN note VARCHAR NOT NULL DEFAULT 'old'",),
    ("ALTER TABLE mute RENAME COLUMN note TO remark", "UPDATE mute SET remark = 'new'"),
)


async def upgrade(store: Store, steps: Sequence[schema.Step]) -> None:
    """Upgrade as a later version of the plugin would, that has more steps."""

    def work(conn: Connection) -> None:
        schema.upgrade(conn, steps)

    await store._writer.run(work)  # pyright: ignore[reportPrivateUsage] - the steps of later versions do not exist yet


async def test_a_store_goes_through_the_steps_that_it_lacks_each_once(place: Place) -> None:
    async with world(place) as w:
        await w.store.mutes.set(ME, 1e10)
        await upgrade(w.store, STEPS[: NOW + 1])
        assert rows(place, "SELECT note FROM mute") == [("old",)]
        await upgrade(w.store, STEPS)
        await upgrade(w.store, STEPS)
        assert rows(place, "SELECT remark FROM mute") == [("new",)]
        assert rows(place, "SELECT value FROM meta WHERE name = 'version'") == [(str(NOW + 3),)]
    with pytest.raises(StoreUnavailable, match=f"结构版本 {NOW + 3}，本插件认识 1 到 {NOW + 1}"):
        await Store(place).open()


async def test_a_store_of_the_first_version_gets_what_came_later(place: Place) -> None:
    later = ("mention", "message_id", "remind_at", "remind_every", "reminded", "escalate")

    def go_back(conn: Connection) -> None:
        conn.execute(text("DROP INDEX delivery_reminder"))
        for column in later:
            conn.execute(text(f"ALTER TABLE delivery DROP COLUMN {column}"))
        schema.write_meta(conn, "version", "1")

    async with world(place) as w:
        await w.store._writer.run(go_back)  # pyright: ignore[reportPrivateUsage] - as above
    async with world(place):
        assert rows(place, f"SELECT {', '.join(later)} FROM delivery") == []


@pytest.mark.parametrize("version", ["99", "0", "new"])
async def test_a_store_of_an_unknown_version_is_not_touched(place: Place, version: str) -> None:
    async with world(place):
        pass
    change(place, f"UPDATE meta SET value = '{version}' WHERE name = 'version'")
    change(place, "UPDATE meta SET value = '{}' WHERE name = 'indexes'")
    with pytest.raises(StoreUnavailable, match="请升级插件"):
        await Store(place).open()
    assert rows(place, "SELECT value FROM meta WHERE name = 'indexes'") == [("{}",)]


async def test_an_index_whose_definition_has_changed_is_made_anew(path: Path) -> None:
    made = "SELECT sql FROM sqlite_master WHERE name = 'delivery_queue'"
    async with world(path):
        today = rows(path, made)
    change(path, "UPDATE meta SET value = replace(value, 'waiting', 'pending')"
                 " WHERE name = 'indexes'")  # fmt: skip
    with_old_index(path)
    clock, far = Clock(), FarEnd()
    async with world(path, clock=clock, far=far) as w:
        assert rows(path, made) == today
        assert rows(path, "SELECT name FROM sqlite_master WHERE name = 'mute_old'") == []
        await w.accept("1", ME)
        await w.drain(ME)
        assert far.texts(Lane(ME)) == ["1"]


def with_old_index(path: Path) -> None:
    """Give a store the indexes of another version: one defined otherwise, one that is no more."""
    for statement in (
        "DROP INDEX delivery_queue",
        "CREATE INDEX delivery_queue ON delivery (lane, rank, id) WHERE state = 'pending'",
        "CREATE INDEX mute_old ON mute (until)",
    ):
        rows(path, statement)
    change(path, "UPDATE meta SET value = json_set(value, '$.mute_old', 'x')"
                 " WHERE name = 'indexes'")  # fmt: skip
