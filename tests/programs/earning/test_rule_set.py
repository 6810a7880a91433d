"""Rules made ready once give what the same rules give when each is asked anew."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from shuke.programs import earning
from shuke.programs.earning import policy

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT = datetime.fromisoformat("2026-03-08T00:00:00+08:00")
WEEKEND = {"kind": "weekday", "params": {"weekdays": [6, 7]}}
MINI = {"kind": "channel", "params": {"channels": ["mini"]}}
WOMENS_DAY = {"kind": "festival", "params": {"festivals": ["womens_day"]}}

hours = st.integers(-24 * 12, 24 * 12)
periods = st.tuples(st.none() | hours, st.none() | hours)
wordings = st.tuples(
    st.lists(st.sampled_from([WEEKEND, MINI, WOMENS_DAY]), max_size=2, unique_by=lambda one: one["kind"]), periods,
    st.sampled_from(["order_bonus", "spend_rate", "spend_ladder", "event_bonus", "sign_up"]),
)  # fmt: skip
happenings = st.tuples(hours, st.sampled_from(["mini", "pos"]), st.sampled_from(["order", "event", "sign_up"]))


def instant(hour: int | None) -> datetime | None:
    return None if hour is None else MIDNIGHT + timedelta(hours=hour)


def rules_of(worded: list[Any]) -> list[policy.LiveRule]:
    return [
        earning.compiled(
            (number, 1, kind, f"规则{number}"), {}, conditions, policy.Terms(), (instant(begins), instant(ends))
        )
        for number, (conditions, (begins, ends), kind) in enumerate(worded, 1)
    ]


def basis_of(hour: int, channel: str, trigger: str) -> policy.Basis:
    return policy.Basis(
        occurred_at=MIDNIGHT + timedelta(hours=hour), amount_fen=120_000, channel=channel, zone=SHANGHAI, trigger=trigger,
        event="article_read" if trigger == "event" else "",
    )  # fmt: skip


def asked_one_by_one(rules: list[policy.LiveRule], basis: policy.Basis) -> list[tuple[int, int]]:
    """The plain way: every rule, its period, its conditions, its kind."""
    found = []
    for rule in rules:
        if rule.answers(basis) and all(kind.holds(params, basis) for kind, params in rule.conditions):
            award = earning.EFFECTS[rule.kind].award(rule, basis)
            if award is not None:
                found.append((rule.rule_id, award.points))
    return found


@given(st.lists(wordings, max_size=8), st.lists(happenings, min_size=1, max_size=12))
def test_prepared_rules_give_what_each_gives_when_asked(worded: list[Any], happened: list[Any]) -> None:
    rules = rules_of(worded)
    ready = earning.RuleSet(rules)
    for hour, channel, trigger in happened:
        basis = basis_of(hour, channel, trigger)
        awards = earning.evaluate(ready, earning.EFFECTS, basis)
        assert [(award.rule.rule_id, award.points) for award in awards] == asked_one_by_one(rules, basis)


def test_a_period_that_begins_at_noon_begins_at_noon() -> None:
    ready = earning.RuleSet(rules_of([([], (12, 36), "order_bonus")]))
    found = {
        hour: bool(earning.evaluate(ready, earning.EFFECTS, basis_of(hour, "pos", "order")))
        for hour in (11, 12, 35, 36)
    }
    assert found == {11: False, 12: True, 35: True, 36: False}


def test_counters_are_wanted_only_where_a_rule_with_counters_is_live() -> None:
    capped = policy.Terms(caps=[policy.Cap(per="day", points=100)])
    rules = [
        earning.compiled((1, 1, "spend_rate", "消费送积分"), {}, [], capped, (None, instant(0))),
        earning.compiled((1, 2, "spend_rate", "消费送积分"), {}, [], capped, (instant(0), None)),
        earning.compiled((2, 1, "order_bonus", "每单加赠"), {}, [], policy.Terms(), (None, None)),
        earning.compiled(
            (3, 1, "order_bonus", "限量加赠"), {}, [], policy.Terms(budget_points=900), (instant(1), None)
        ),
    ]
    wanted = earning.wanted_counters(earning.RuleSet(rules), [(7, basis_of(-1, "pos", "order"))])
    assert wanted == [(1, 7, "d:2026-03-07")]
    later = earning.wanted_counters(earning.RuleSet(rules), [(7, basis_of(2, "pos", "order"))])
    assert later == [(1, 7, "d:2026-03-08"), (3, 0, "b")]
