"""Rules: drafts, versions, pauses; what was published stays as it was, for late orders too."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from shuke.kit import errors
from shuke.kit.db import Database
from shuke.programs import earning

T0 = datetime(2026, 3, 1, 4, tzinfo=UTC)
DAY = timedelta(days=1)


async def act(database: Database, merchant_id: int, verb: Any, *args: Any) -> Any:
    async with database.write(merchant_id) as tx:
        return await verb(tx, *args)


async def points_for(database: Database, merchant_id: int, at: datetime, fen: int = 10_000, **basis: Any) -> list[int]:
    async with database.read(merchant_id) as tx:
        rules = await earning.live_rules(tx)
    asked = earning.Basis(occurred_at=at, amount_fen=fen, **basis)
    return [award.points for award in earning.evaluate(rules, earning.EFFECTS, asked)]


async def first_rule(database: Database, merchant_id: int) -> earning.RuleShape:
    async with database.read(merchant_id) as tx:
        (rule,) = await earning.list_rules(tx, T0)
    return rule


async def has_earned(database: Database, merchant_id: int) -> None:
    from shuke.assets import points

    posting = points.Posting(member_id=1, points=1, type="earn", key="first", why={}, occurred_at=T0)
    await act(database, merchant_id, points.post, [posting])


def draft(points: int, **more: Any) -> earning.Draft:
    return earning.Draft(name=f"{points} 倍", params={"points": points, "per_fen": 100}, **more)


async def test_the_first_rule_holds_from_the_beginning_of_time(database: Database, merchant_id: int) -> None:
    rule = await first_rule(database, merchant_id)
    assert (rule.name, rule.state, rule.version, rule.valid_from) == ("消费送积分", "published", 1, None)
    assert (rule.sentence.zh, rule.draft) == ("每消费 ¥1.00 送 1 积分，按会员等级加倍", None)
    assert await points_for(database, merchant_id, datetime(1999, 1, 1, tzinfo=UTC)) == [100]


async def test_before_any_points_a_new_wording_replaces_the_first_for_all_time(
    database: Database, merchant_id: int
) -> None:
    rule = await first_rule(database, merchant_id)
    await act(database, merchant_id, earning.save_draft, rule.rule_id, draft(2), T0)
    assert await points_for(database, merchant_id, T0) == [100]
    assert await act(database, merchant_id, earning.publish, rule.rule_id, T0) == 2
    assert await points_for(database, merchant_id, T0 - 900 * DAY) == [200]
    assert await points_for(database, merchant_id, T0 + DAY) == [200]


async def test_later_a_new_wording_holds_from_its_publication_and_old_orders_earn_as_before(
    database: Database, merchant_id: int
) -> None:
    await has_earned(database, merchant_id)
    rule = await first_rule(database, merchant_id)
    await act(database, merchant_id, earning.save_draft, rule.rule_id, draft(2), T0)
    await act(database, merchant_id, earning.publish, rule.rule_id, T0, "小王")
    soon = draft(5, valid_from=T0 + 5 * DAY, valid_to=T0 + 7 * DAY)
    await act(database, merchant_id, earning.save_draft, rule.rule_id, soon, T0)
    await act(database, merchant_id, earning.publish, rule.rule_id, T0 + DAY)
    days = (-1, 0, 4.9, 5, 6.9, 7)
    earned = [await points_for(database, merchant_id, T0 + day * DAY) for day in days]
    assert earned == [[100], [200], [200], [500], [500], []]
    shown = await first_rule(database, merchant_id)
    assert [(v.version, v.name, v.state, v.published_by) for v in shown.versions] == [
        (3, "5 倍", "waiting", ""), (2, "2 倍", "live", "小王"), (1, "消费送积分", "ended", ""),
    ]  # fmt: skip


async def test_a_pause_gives_nothing_and_a_late_order_from_before_still_earns(
    database: Database, merchant_id: int
) -> None:
    await has_earned(database, merchant_id)
    rule = await first_rule(database, merchant_id)
    await act(database, merchant_id, earning.pause, rule.rule_id, T0)
    assert (await first_rule(database, merchant_id)).state == "paused"
    assert await act(database, merchant_id, earning.resume, rule.rule_id, T0 + 2 * DAY) == 3
    earned = [await points_for(database, merchant_id, T0 + day * DAY) for day in (-1, 0, 1.9, 2, 9)]
    assert earned == [[100], [], [], [100], [100]]
    await act(database, merchant_id, earning.end, rule.rule_id, T0 + 4 * DAY)
    assert await points_for(database, merchant_id, T0 + 3 * DAY) == [100]
    assert await points_for(database, merchant_id, T0 + 4 * DAY) == []
    for verb in (earning.pause, earning.resume, earning.end):
        with pytest.raises(earning.WrongState):
            await act(database, merchant_id, verb, rule.rule_id, T0 + 5 * DAY)


async def test_rules_apply_in_order_of_priority_and_conditions_narrow_them(
    database: Database, merchant_id: int
) -> None:
    only_web = draft(3, conditions=[{"kind": "channel", "params": {"channels": ["web"]}}])
    rule_id = await act(database, merchant_id, earning.create_rule, "spend_rate", only_web, T0, 50)
    assert await points_for(database, merchant_id, T0, channel="web") == [100]
    await act(database, merchant_id, earning.publish, rule_id, T0)
    assert await points_for(database, merchant_id, T0, channel="web") == [300, 100]
    assert await points_for(database, merchant_id, T0, channel="pos") == [100]
    async with database.read(merchant_id) as tx:
        rule = (await earning.list_rules(tx, T0, rule_id))[0]
    assert rule.sentence.zh == "每消费 ¥1.00 送 3 积分，按会员等级加倍，仅限渠道「网店」"


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        (earning.Draft(name=" ", params={}), "name_missing", "name"),
        (earning.Draft(name="x", params={"points": 0}), "bad_parameters", "params"),
        (earning.Draft(name="x", params={"point": 1}), "bad_parameters", "params"),
        (earning.Draft(name="x", params={}, conditions=[{"kind": "moon"}]), "unknown_kind", "kind"),
        (earning.Draft(name="x", params={}, valid_from=T0, valid_to=T0), "wrong_period", "valid_to"),
    ],
)
async def test_what_does_not_fit_is_refused_and_nothing_changes(
    database: Database, merchant_id: int, wrong: earning.Draft, code: str, field: str
) -> None:
    rule = await first_rule(database, merchant_id)
    with pytest.raises(errors.Refused) as refused:
        await act(database, merchant_id, earning.save_draft, rule.rule_id, wrong, T0)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await first_rule(database, merchant_id) == rule


async def test_publishing_into_the_past_or_without_a_draft_is_refused(database: Database, merchant_id: int) -> None:
    rule = await first_rule(database, merchant_id)
    with pytest.raises(earning.NothingToPublish):
        await act(database, merchant_id, earning.publish, rule.rule_id, T0)
    early = draft(2, valid_from=T0 - DAY)
    await act(database, merchant_id, earning.save_draft, rule.rule_id, early, T0)
    with pytest.raises(earning.StartsInThePast):
        await act(database, merchant_id, earning.publish, rule.rule_id, T0)
    with pytest.raises(earning.NoSuchRule):
        await act(database, merchant_id, earning.publish, 12345, T0)


def test_once_for_each_content_is_asked_only_of_what_has_content() -> None:
    """A comment or a booking is about nothing that could come twice; the form asks nothing that changes nothing."""
    schema = msgspec.json.schema(earning.EFFECTS["event_bonus"].Params)
    [doing] = schema["$defs"].values()
    assert doing["properties"]["once_each"]["x-when"] == {
        "event": ["article_read", "video_watched", "review", "survey"]
    }
