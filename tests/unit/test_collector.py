"""The garbage collector is back when loading has ended, however it ended."""

import gc

import pytest

from nonebot_plugin_report.cli.garbage import paused


def test_it_is_paused_for_the_scope_only() -> None:
    with paused():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_failure_to_load_does_not_leave_it_off() -> None:
    with pytest.raises(ImportError), paused():
        raise ImportError
    assert gc.isenabled()


def test_who_has_turned_it_off_keeps_it_off() -> None:
    gc.disable()
    try:
        with paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
