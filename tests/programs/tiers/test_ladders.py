"""Further ladders, gifts, levels by hand, previews and progress, over a real shop's orders."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from shuke.assets import points
from shuke.doors import wiring
from shuke.ground import access, ingestion, members, mirror
from shuke.insight import segments
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.events import Relay
from shuke.programs import intake, tiers
from shuke.programs.tiers import jobs

NOON = datetime(2026, 3, 5, 4, tzinfo=UTC)  # 12:00 in Shanghai
ANNA, BO = {"phone": "13800138000"}, {"phone": "13900139000"}
API = "/console/api"
GIFT = {"rewards": [{"kind": "points", "params": {"points": 500}}]}
LADDER = [tiers.Level(0, "普通会员", 0), tiers.Level(1, "金卡", 100_000), tiers.Level(2, "白金", 500_000)]


def order(key: str, at: datetime, yuan: int, who: dict[str, str] = ANNA) -> ingestion.OrderIn:
    return ingestion.OrderIn(order_id=key, occurred_at=at, member=who, amount_fen=yuan * 100)


def refund(key: str, of: str, at: datetime, yuan: int) -> ingestion.RefundIn:
    return ingestion.RefundIn(refund_id=key, order_id=of, occurred_at=at, amount_fen=yuan * 100)


async def send(database: Database, merchant_id: int, at: datetime, *items: Any) -> None:
    with clock.at(at):
        for answer in await intake.apply(database, merchant_id, items, at=at, history=True):
            assert answer.status == 200, answer.body
        await Relay(database, wiring.READERS).drain(merchant_id)
        await jobs.count_tiers(database, merchant_id)


async def member(database: Database, merchant_id: int, who: dict[str, str] = ANNA, **profile: Any) -> int:
    async with database.write(merchant_id) as tx:
        [number] = await members.ensure_members(tx, [who], NOON)
        if profile:
            await members.write_profiles(tx, [(number, profile)])
        return number


async def main_ladder(database: Database, merchant_id: int, *benefits: tiers.Benefit, at: datetime = NOON) -> None:
    levels = [*LADDER[:1], tiers.Level(1, "金卡", 100_000, 100, "", benefits), LADDER[2]]
    async with database.write(merchant_id) as tx:
        await tiers.publish(tx, tiers.LadderDraft(name="会员等级", levels=levels), tiers.MAIN, at)


async def standing(database: Database, merchant_id: int, number: int, day: date, ladder: int = -1) -> tiers.TierShape:
    async with database.read(merchant_id) as tx:
        return (await tiers.standings_everywhere(tx, [number], day))[number][ladder]


async def available(database: Database, merchant_id: int, number: int, at: datetime) -> int:
    async with database.read(merchant_id) as tx:
        return (await points.balance(tx, number, at)).available


@pytest.mark.parametrize(
    ("by", "thresholds", "before", "after"),
    [("orders", (0, 3), (3, 1), (2, 1)), ("visits", (0, 2), (2, 1), (1, 1)), ("points", (0, 300), (600, 1), (400, 1))],
)
async def test_a_further_ladder_is_played_from_the_beginning_and_follows(
    database: Database, merchant_id: int, by: Any, thresholds: tuple[int, int], before: Any, after: Any
) -> None:
    await send(
        database, merchant_id, NOON + timedelta(days=3), order("A1", NOON, 200), order("A2", NOON + timedelta(hours=1), 200),
        order("A3", NOON + timedelta(days=1), 200),
    )  # fmt: skip
    levels = [tiers.Level(0, "新友", thresholds[0]), tiers.Level(1, "老友", thresholds[1])]
    with clock.at(NOON + timedelta(days=4)):
        async with database.write(merchant_id) as tx:
            draft = tiers.LadderDraft(name="到店阶梯", terms=tiers.Terms(by=by), levels=levels)
            await tiers.publish(tx, draft, None, clock.now())
        await jobs.count_tiers(database, merchant_id)
    [anna] = [await member(database, merchant_id)]
    shown = await standing(database, merchant_id, anna, date(2026, 3, 9))
    assert (shown.ladder, shown.worth, shown.level) == ("到店阶梯", *before)
    assert shown.since is not None and shown.since <= NOON + timedelta(days=1)
    later = NOON + timedelta(days=5)
    await send(database, merchant_id, later, refund("R3", "A3", later, 200))
    shown = await standing(database, merchant_id, anna, date(2026, 3, 11))
    assert (shown.worth, shown.level) == after
    end = datetime(2027, 12, 31, 16, 5, tzinfo=UTC)
    with clock.at(end):
        await jobs.review_tiers(database, merchant_id)
        await jobs.count_tiers(database, merchant_id)
        again = await standing(database, merchant_id, anna, date(2028, 1, 1))
        assert (again.level, again.worth, again.next.missing if again.next else None) == (0, 0, thresholds[1])
        await jobs.count_tiers(database, merchant_id)
    async with database.read(merchant_id) as tx:
        changes = await tx.rows("select reason from tier_change where merchant_id = %(merchant_id)s order by at")
    assert [row.reason for row in changes] == ["reached", "dropped"]


async def test_lower_thresholds_raise_within_moments_and_higher_ones_demote_nobody(
    database: Database, merchant_id: int
) -> None:
    await main_ladder(database, merchant_id)
    await send(database, merchant_id, NOON, order("A1", NOON, 900))
    anna = await member(database, merchant_id)
    assert (await standing(database, merchant_id, anna, date(2026, 3, 5))).level == 0
    for threshold, level in ((80_000, 1), (200_000, 1)):
        async with database.write(merchant_id) as tx:
            await tiers.change_ladder(tx, [LADDER[0], tiers.Level(1, "金卡", threshold), LADDER[2]])
        with clock.at(NOON + timedelta(hours=1)):
            await jobs.count_tiers(database, merchant_id)
        assert (await standing(database, merchant_id, anna, date(2026, 3, 5))).level == level


async def test_an_upgrade_gift_is_paid_once_when_nothing_can_come_back_any_more(
    database: Database, merchant_id: int
) -> None:
    await main_ladder(database, merchant_id, tiers.Benefit(kind="upgrade_gift", params=GIFT | {"wait_days": 7}))
    later = NOON + timedelta(hours=1)
    await send(database, merchant_id, later, order("A1", later, 1_000), order("B1", later, 1_000, BO))
    await send(database, merchant_id, later + timedelta(hours=3), refund("RB", "B1", later + timedelta(hours=2), 600))
    anna, bo = await member(database, merchant_id), await member(database, merchant_id, BO)
    for after, paid in ((timedelta(days=6), 0), (timedelta(days=7), 500), (timedelta(days=8), 500)):
        for _ in range(2):
            with clock.at(later + after):
                await jobs.review_tiers(database, merchant_id)
        assert await available(database, merchant_id, anna, later + after) == 1_000 + paid
        assert await available(database, merchant_id, bo, later + after) == 400
    async with database.read(merchant_id) as tx:
        gifts = await tx.rows(
            "select member_id, state from tier_gift where merchant_id = %(merchant_id)s order by member_id"
        )
        [entry, *_] = (await points.entries_of(tx, anna)).items
    assert [tuple(row) for row in gifts] == [(anna, "given"), (bo, "lapsed")]
    assert entry.why.zh == "升级到「金卡」的礼物"


@pytest.mark.parametrize(
    ("when", "born", "first", "zone_day"),
    [
        ("day", date(2000, 2, 29), datetime(2027, 2, 27, 16, 0, tzinfo=UTC), "28 February in Shanghai"),
        ("week", date(1990, 1, 2), datetime(2026, 12, 27, 16, 0, tzinfo=UTC), "Monday before New Year"),
        ("month", date(1990, 7, 31), datetime(2026, 6, 30, 16, 0, tzinfo=UTC), "1 July in Shanghai"),
    ],
)
async def test_a_birthday_gift_comes_once_a_year_at_the_shops_own_midnight(
    database: Database, merchant_id: int, when: str, born: date, first: datetime, zone_day: str
) -> None:
    await main_ladder(database, merchant_id, tiers.Benefit(kind="birthday_gift", params=GIFT | {"when": when}))
    anna = await member(database, merchant_id, birthday=born)
    await member(database, merchant_id, BO, birthday=born)  # stands too low for a gift
    later = NOON + timedelta(hours=1)
    await send(database, merchant_id, later, order("A1", later, 1_000))
    got = []
    for after in (-timedelta(seconds=1), timedelta(0), timedelta(days=1), timedelta(days=5), timedelta(days=30)):
        for _ in range(2):
            with clock.at(first + after):
                await jobs.review_tiers(database, merchant_id)
        got.append(await available(database, merchant_id, anna, first + after))
    assert got == [1_000, 1_500, 1_500, 1_500, 1_500], zone_day
    async with database.read(merchant_id) as tx:
        assert await tx.value("select count(*) from tier_gift where merchant_id = %(merchant_id)s") == 1


async def test_a_level_by_hand_has_an_end_and_a_history(
    owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await main_ladder(database, merchant_id)
    anna = await member(database, merchant_id)
    path = f"{API}/members/{anna}/tier"
    until = clock.now() + timedelta(days=30)
    body = {"level": 2, "until": until.isoformat(), "note": "开业嘉宾"}
    given = await owner.post(path, json=body)
    assert given.status_code == 200, given.text
    told = given.json()
    assert (told["standings"][0]["name"], told["standings"][0]["by_hand"]) == ("白金", True)
    assert (told["changes"][0]["reason"], told["changes"][0]["note"]) == ("manual", "开业嘉宾")
    lower = await owner.post(path, json=body | {"level": 1})
    assert (lower.status_code, lower.json()["code"]) == (422, "tier_not_higher")
    passed = await owner.post(path, json=body | {"until": "2020-01-01T00:00:00Z"})
    assert passed.json()["code"] == "tier_end_passed"
    with clock.at(until + timedelta(seconds=1)):
        await jobs.review_tiers(database, merchant_id)
    after = (await owner.get(f"{API}/members/{anna}/tiers")).json()
    assert (after["standings"][0]["name"], after["changes"][0]["reason"]) == ("普通会员", "ended")
    nothing = await owner.post(f"{path}/back", json={})
    assert nothing.json()["code"] == "tier_not_by_hand"
    await owner.post(path, json=body | {"until": None})
    back = await owner.post(f"{path}/back", json={})
    assert back.json()["standings"][0]["name"] == "普通会员"


async def test_the_console_shows_who_would_move_before_it_happens(
    owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await main_ladder(database, merchant_id)
    at = clock.now() - timedelta(days=1)
    await send(
        database, merchant_id, clock.now(), order("A1", at, 1_200), order("B1", at, 700, BO),
        order("C1", at, 5_000, {"phone": "13700137000"}),
    )  # fmt: skip
    shown = (await owner.get(f"{API}/tiers/ladders")).json()
    [main] = shown["items"]
    assert [one["members"] for one in main["levels"]] == [1, 1, 1]
    assert {one["code"] for one in shown["benefits"]} == {
        "multiplier", "birthday_gift", "upgrade_gift", "priority_booking", "free_delivery", "service_desk",
    }  # fmt: skip
    draft = {"name": main["name"], "terms": main["terms"], "levels": [
        {"level": 0, "name": "普通会员", "threshold": 0}, {"level": 1, "name": "金卡", "threshold": 60_000},
        {"level": 2, "name": "白金", "threshold": 600_000, "multiplier": 2, "benefits": [
            {"kind": "birthday_gift", "params": GIFT}, {"kind": "service_desk", "params": {"contact": "微信 fuyan-vip"}},
        ]},
    ]}  # fmt: skip
    told = (await owner.post(f"{API}/tiers/preview", json={"ladder_id": 0, "draft": draft})).json()
    assert [(one["when"], one["from_name"], one["to_name"], one["members"]) for one in told["moves"]] == [
        ("at_once", "普通会员", "金卡", 1), ("at_the_end", "白金", "金卡", 1),
    ]  # fmt: skip
    assert told["moves"][0]["examples"][0]["worth"] == 70_000
    further = {"name": "到店阶梯", "terms": {"by": "orders"}, "levels": [
        {"level": 0, "name": "新友", "threshold": 0}, {"level": 1, "name": "老友", "threshold": 1},
    ]}  # fmt: skip
    told = (await owner.post(f"{API}/tiers/preview", json={"draft": further})).json()
    assert (told["looked_at"], [one["members"] for one in told["moves"]]) == (3, [3])
    done = await owner.put(f"{API}/tiers/ladders/0", json=draft)
    assert done.status_code == 200, done.text
    assert [one["zh"] for one in done.json()["levels"][2]["words"]] == [
        "消费积分 2 倍", "生日当天送 500 积分", "专属客服：微信 fuyan-vip",
    ]  # fmt: skip
    assert (await owner.get(f"{API}/tiers")).json()["levels"][2]["multiplier"] == 2
    made = await owner.post(f"{API}/tiers/ladders", json=further)
    assert made.status_code == 201, made.text
    fast = further | {"levels": [further["levels"][0], further["levels"][1] | {"multiplier": 2}]}  # type: ignore[index]
    number = made.json()["ladder_id"]
    refused = await owner.put(f"{API}/tiers/ladders/{number}", json=fast)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_ladder")
    assert (await owner.post(f"{API}/tiers/ladders/0/end")).json()["code"] == "main_ladder_stays"
    assert (await owner.post(f"{API}/tiers/ladders/{number}/end")).status_code == 204
    assert len((await owner.get(f"{API}/tiers/ladders")).json()["items"]) == 1


async def test_the_member_side_tells_how_far_it_is(
    client: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await main_ladder(database, merchant_id, tiers.Benefit(kind="free_delivery", params={"from_fen": 9_900}))
    at = clock.now() - timedelta(hours=1)
    await send(database, merchant_id, clock.now(), order("A1", at, 1_200))
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "小程序", ["member"], clock.now())
    told = await client.get(
        "/v1/tiers", params={"member": "phone:13800138000"}, headers={"Authorization": f"Bearer {secret}"}
    )
    assert told.status_code == 200, told.text
    [one] = told.json()["tiers"]
    assert (one["name"], one["percent"], one["next"]["missing"], one["to_keep"]) == ("金卡", 24, 380_000, 0)
    assert one["benefits"] == [{"zh": "满 ¥99.00 免运费", "en": "Free delivery from ¥99.00"}]
    async with database.read(merchant_id) as tx:
        heard = await tx.rows(
            "select payload from outbox where merchant_id = %(merchant_id)s and kind = 'tier_progress' order by seq"
        )
    assert heard[-1].payload["members"] == [[1, 24, 380_000]]


async def test_whose_year_leaves_the_window_is_told_on_the_first(database: Database, merchant_id: int) -> None:
    await main_ladder(database, merchant_id)
    await send(database, merchant_id, NOON, order("A1", NOON, 900))
    with clock.at(datetime(2027, 2, 28, 16, 1, tzinfo=UTC)):
        await jobs.review_tiers(database, merchant_id)
        await jobs.count_tiers(database, merchant_id)
    async with database.read(merchant_id) as tx:
        heard = await tx.rows(
            "select payload from outbox where merchant_id = %(merchant_id)s and kind = 'tier_progress' order by seq"
        )
    assert [row.payload["members"] for row in heard] == [[[1, 90, 10_000]], [[1, 0, 100_000]]]


async def test_a_merge_that_is_undone_leaves_each_with_their_own_history(database: Database, merchant_id: int) -> None:
    await main_ladder(database, merchant_id)
    later = NOON + timedelta(hours=1)
    await send(database, merchant_id, later, order("A1", NOON, 600), order("B1", NOON, 700, BO))
    anna, bo = await member(database, merchant_id), await member(database, merchant_id, BO)
    async with database.write(merchant_id) as tx:
        await members.merge(tx, anna, bo, by="小美", at=later)
    await send(database, merchant_id, later)
    shown = await standing(database, merchant_id, bo, date(2026, 3, 5))
    assert (shown.level, shown.worth) == (1, 130_000)
    async with database.write(merchant_id) as tx:
        [merge] = (await members.merges(tx)).items
        await members.unmerge(tx, merge.merge_id, by="小美", at=later)
    await send(database, merchant_id, later)
    for number, worth in ((anna, 60_000), (bo, 70_000)):
        shown = await standing(database, merchant_id, number, date(2026, 3, 5))
        assert (shown.level, shown.worth) == (0, worth)


async def test_levels_of_further_ladders_are_facts_for_segments(
    database: Database, columns: mirror.Mirror, owner: httpx.AsyncClient, mirrored: Any, merchant_id: int
) -> None:
    """Who is 老友 by visits can be asked for by the ladder's name, also as of another day; others are on level 0."""
    draft = tiers.LadderDraft(
        name="到店阶梯", name_en="Visits", terms=tiers.Terms(by="visits"),
        levels=[tiers.Level(0, "新友", 0), tiers.Level(1, "老友", 2)],
    )  # fmt: skip
    async with database.write(merchant_id) as tx:
        ladder = await tiers.publish(tx, draft, None, NOON - timedelta(days=9))
    anna, bo = await member(database, merchant_id), await member(database, merchant_id, BO)
    for key, days, who in (("a", 2, ANNA), ("b", 1, ANNA), ("c", 1, BO)):
        await send(
            database, merchant_id, NOON - timedelta(days=days), order(key, NOON - timedelta(days=days), 100, who)
        )
    rule = {"attr": f"tier.level:{ladder.ladder_id}", "op": ">=", "value": 1}
    async with database.write(merchant_id) as tx:
        await segments.create_segment(tx, name="老友以上", slug="friends", rule=rule, at=NOON)
        rest = rule | {"op": "<"}
        await segments.create_segment(tx, name="新友", slug="fresh", rule=rest, at=NOON)
    await segments.refresh(database, columns, merchant_id, NOON)
    async with database.read(merchant_id) as tx:
        inside = [set(await segments.members(tx, slug)) for slug in ("friends", "fresh")]
    assert inside == [{anna}, {bo}]
    shown = (await owner.get(f"{API}/segments/friends")).json()
    assert shown["sentence"] == {"zh": "「到店阶梯」的等级至少 1", "en": 'the level on "Visits" ≥ 1'}
    kinds = (await owner.get(f"{API}/segments/kinds")).json()["attributes"]
    [fact] = [one for one in kinds if one["name"] == rule["attr"]]
    assert (fact["title"]["zh"], fact["type"]) == ("「到店阶梯」的等级", "number")
