"""The acts of people at work: each at its hour, on days that are played, and in an order that makes sense."""

from datetime import time

from shuke.doors.demo import happenings, load, luck, outside, timetable


def test_every_act_falls_on_a_day_that_is_played_after_the_morning() -> None:
    acts = [(days, act) for days in range(load.LIVE_DAYS) for act in timetable.of(days)]
    assert {act.do for _, act in acts} >= {act.do for act in timetable.ONCE}
    assert all(load.MORNING < act.at < time(23, 59) for _, act in acts)
    for days in range(load.LIVE_DAYS):
        hours = [act.at for act in timetable.of(days)]
        assert hours == sorted(hours)
        assert len(set(hours)) == len(hours), f"two things at once, {days} days before the last"


def test_what_rests_on_something_comes_after_it() -> None:
    first: dict[object, tuple[int, time]] = {}
    for days in reversed(range(load.LIVE_DAYS)):
        for act in timetable.of(days):
            first.setdefault(act.do, (-days, act.at))
    for before, after in (
        (happenings.make_keys, happenings.revoke_old_key),
        (luck.open_lottery, luck.draw),
        (luck.begin_photos, luck.send_photos),
        (luck.send_photos, luck.look_at_photos),
        (outside.tell_crm, outside.send),
        (outside.send, outside.pause_crm),
    ):
        assert first[before] < first[after]


def test_the_prizes_add_up_and_something_is_always_left() -> None:
    assert sum(prize["odds"] for prize in luck.PRIZES) == 10_000
    assert any("stock" not in prize for prize in luck.PRIZES)
    assert all(reason for place, reason in luck.SAID_NO.items() if place < len(luck.PROOFS))
