"""The file in which outcomes survive the end of a process."""

from pathlib import Path

from nonebot_plugin_report.store.journal import LONG, Journal


def opened(path: Path) -> Journal:
    journal = Journal(path)
    journal.begin()
    return journal


def left(path: Path) -> list[bytes]:
    """What the next process finds."""
    return [line for line in Journal(path).begin() if line]


def test_the_next_process_finds_what_was_noted(tmp_path: Path) -> None:
    journal = opened(path := tmp_path / "noted")
    assert journal.note(b"1")
    assert journal.note(b"2")
    assert left(path) == [b"1", b"2"]
    assert path.stat().st_mode & 0o077 == 0


def test_a_torn_line_costs_none_of_the_others(tmp_path: Path) -> None:
    journal = opened(path := tmp_path / "noted")
    journal.note(b"whole")
    with path.open("ab") as file:
        file.write(b"\nto")
    journal.note(b"next")
    assert left(path) == [b"whole", b"to", b"next"]


def test_it_does_not_grow_for_ever_and_keeps_what_is_needed(tmp_path: Path) -> None:
    journal = opened(path := tmp_path / "noted")
    for _ in range(200):
        assert journal.note(b"x" * (LONG // 100))
        journal.settled()
    assert path.stat().st_size <= LONG * 1.1
    journal.note(b"needed")
    for _ in range(200):
        journal.note(b"x" * (LONG // 100))
        journal.settled()
    assert b"needed" in left(path)


def test_without_a_place_nothing_is_noted(tmp_path: Path) -> None:
    assert not Journal(tmp_path / "noted").note(b"1")
    assert not opened(tmp_path / "no folder" / "noted").note(b"1")
