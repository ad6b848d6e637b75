"""Ids sort by the time they were made, whoever makes them and whatever the clock does."""

from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.store.ids import MAX_ROUNDS, IdMaker, first_id, number, spans

MOMENTS = st.floats(0, 4_102_444_800)  # to 2100


class Clock:
    """Epoch seconds that the test sets."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_an_id_can_be_read_aloud_and_typed() -> None:
    made = IdMaker(Clock()).next()
    assert len(made) == 20
    assert set(made) <= set("0123456789abcdefghjkmnpqrstvwxyz"), "no i, l, o, u"


@given(st.lists(MOMENTS, min_size=2))
def test_each_is_greater_than_the_one_before_also_when_the_clock_goes_back(
    moments: list[float],
) -> None:
    clock = Clock()
    maker = IdMaker(clock)
    made: list[str] = []
    for clock.now in moments:
        made.append(maker.next())
    assert made == sorted(set(made))


@given(st.integers(0, 4_102_444_800_000), st.integers(1, 10**12))
def test_who_made_it_later_made_a_greater_one(milliseconds: int, later: int) -> None:
    early = IdMaker(Clock(milliseconds / 1000)).next()
    late = IdMaker(Clock((milliseconds + later + 1) / 1000)).next()
    assert early < late


def test_two_that_start_at_the_same_moment_make_different_ones() -> None:
    first, second = IdMaker(Clock()), IdMaker(Clock())
    made = [maker.next() for maker in (first, second) for _ in range(1000)]
    assert len(set(made)) == len(made)


@given(MOMENTS)
def test_what_was_made_since_a_moment_is_not_below_its_first(moment: float) -> None:
    assert first_id(moment) <= IdMaker(Clock(moment)).next() < first_id(moment + 0.002)


def test_after_a_restart_it_goes_on_above_what_is_stored() -> None:
    clock = Clock()
    newest = IdMaker(clock).next()
    clock.now -= 3600
    again = IdMaker(clock)
    again.continue_after(newest)
    assert again.next() > newest


def test_where_nothing_is_stored_the_clock_alone_says_it() -> None:
    maker = IdMaker(Clock())
    maker.continue_after("")
    assert first_id(Clock().now) <= maker.next() < first_id(Clock().now + 1)


def found(report_number: int, ids: list[str], now: float) -> list[str]:
    """The ids in the first span that has any."""
    for first, last in spans(report_number, now, 30 * 86400):
        if inside := [one for one in ids if first <= one <= last]:
            return inside
    return []


def test_each_has_a_number_of_its_own_that_an_int32_holds_and_that_finds_it() -> None:
    maker = IdMaker(Clock())
    ids = [maker.next() for _ in range(3000)]
    numbers = [number(one) for one in ids]
    assert len(set(numbers)) == len(ids), "in the same millisecond too"
    assert all(0 < one < 2**31 for one in numbers)
    for report_id, report_number in zip(ids[::100], numbers[::100], strict=True):
        assert found(report_number, ids, Clock().now + 1) == [report_id]


@given(st.floats(0, 29 * 86400))
def test_a_number_finds_its_report_for_as_long_as_that_is_kept(age: float) -> None:
    report_id = IdMaker(Clock()).next()
    assert found(number(report_id), [report_id], Clock().now + age) == [report_id]
    assert not found(number(report_id), [report_id], Clock().now + 31 * 86400)
    assert found(number(report_id), [report_id], Clock().now - 3600), "the clock was set back"


@given(st.integers(), st.floats(0, 10**11))
def test_any_number_is_looked_for_in_few_spans(anything: int, now: float) -> None:
    looked = list(spans(anything, now, 10**12))
    assert len(looked) <= MAX_ROUNDS
    assert all(first < last and number(first) == number(last) == anything for first, last in looked)
