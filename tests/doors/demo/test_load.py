"""The demonstration merchant as it stands when it is loaded: everything on its screens came through the verbs."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shuke.assets import approvals, audit, confirmations, finance, lotteries, offers, points
from shuke.doors.context import Context
from shuke.doors.demo import happenings, load, luck, programme, shop
from shuke.ground import ingestion, members, tenancy
from shuke.insight import lifecycle, segments, tags
from shuke.kit import clock
from shuke.outreach import journeys, playbooks
from shuke.programs import earning, imports

YESTERDAY = date(2026, 11, 20)


@pytest.mark.slow
async def test_a_small_world_is_loaded_through_the_front_doors(mirrored: Context, tmp_path: Path) -> None:
    database = mirrored.database
    told: list[float] = []
    async with database.directory() as tx:
        cut_off = await tenancy.create_merchant(tx, shop.SLUG, "半途而废", shop.ZONE, clock.now(), "loading")
    merchant_id = await load.load(
        database, mirrored.mirror, YESTERDAY, lambda _, share: told.append(share), home=tmp_path, count=300
    )
    assert merchant_id != cut_off
    assert told == sorted(told)
    assert told[-1] == 1.0
    async with database.directory() as tx:
        assert await tenancy.find_merchant(tx, f"{shop.SLUG}-unfinished-{cut_off}") is not None
        assert shop.SLUG in {merchant.slug for merchant in await tenancy.list_merchants(tx)}
    now = load.instant(YESTERDAY + timedelta(days=1), load.MORNING)
    async with database.read(merchant_id) as tx:
        assert await members.count_members(tx) == 300
        last, recorded = await _one(tx, "select max(occurred_at) as a, max(recorded_at) as b from orders")
        assert last.astimezone(clock.zone(shop.ZONE)).date() == YESTERDAY
        assert recorded <= now  # nothing was recorded after the last day
        audited = await audit.last_audit(tx)
        assert audited is not None
        assert audited["differences"] == 0
        figures = await finance.figures(tx, now, 30, shop.ZONE, 0)
        assert min(figures.issued, figures.used, figures.expired, figures.outstanding) > 0
        travelling = {one.name: one for one in await journeys.journeys(tx)}
        assert {name for name, one in travelling.items() if one.state == "draft"} == {"生日祝福", "叫回沉睡会员"}
        welcome, journey = travelling["欢迎新客"], travelling[journeys.EXAMPLES[shop.JOURNEY].name.zh]
        assert welcome.state == "live" and welcome.numbers.messaged > 0
        numbers = journey.numbers
        assert journey.state == "live"
        assert numbers.entered >= numbers.granted >= numbers.returned_7d > 0
        assert numbers.messaged > 0
        [offer] = await offers.offers(tx)
        assert 0 < offer.used < offer.granted
        used = await _one(tx, "select sum(points_spent) as a, sum(points_value_fen) as b from orders")
        assert tuple(used) == (500 * offer.used, 5_000 * offer.used)
        sizes = {one.slug: one.count for one in await segments.list_segments(tx)}
        assert set(sizes) >= {ready.slug for ready in shop.SEGMENTS} | {"lifecycle-dormant", "dormant-500"}
        assert min(sizes["lifecycle-dormant"], sizes["high-value"], sizes["birthday-soon"]) > 0
        worn = {tag.name: tag.size for tag in await tags.list_tags(tx)}
        assert worn["高价值"] == sizes["high-value"]  # a rule tag is its segment
        assert min(worn["宝妈"], worn["美妆爱好者"], worn["企微好友"]) > 0
        assert {one.state for one in await playbooks.preview(tx, playbooks.BOOKS[programme.BOOK])} <= {
            "installed",
            "used",
        }
        life = await lifecycle.find(tx)
        assert life.limits == playbooks.BOOKS[programme.BOOK].life and min(one.count for one in life.stages) > 0
        assert len((await points.holds(tx, now, only_open=True)).items) == 3
        merged = await members.merges(tx)
        assert [one.undoable for one in merged.items] == [True, True]
        requests = await approvals.requests(tx)
        assert sorted(one.state for one in requests.items) == ["approved", "refused", "waiting", "waiting"]
        levels = await tx.rows("select distinct level from member_tier where merchant_id = %(merchant_id)s")
        assert len(levels) >= 3
        assert (await _one(tx, "select count(*) from late_item"))[0] == 0
    await _every_page_has_something_to_show(mirrored, merchant_id, now, tmp_path)


async def _every_page_has_something_to_show(context: Context, merchant_id: int, now: datetime, home: Path) -> None:
    async with context.database.read(merchant_id) as tx:
        assert (await tenancy.get_merchant(tx)).settings["points"] == {"value_fen_per_100": 500}
        [lottery] = await lotteries.lotteries(tx, now)
        assert (lottery.stage, lottery.turns > 0) == ("open", True)
        runs = {one.file_name: one for one in (await ingestion.list_imports(tx, cursor=None, limit=50)).items}
        assert [one.state for one in runs.values()] == ["done"] * 3
        assert all(0 < one.rejected < one.accepted for one in runs.values())
        for one in runs.values():
            assert (imports.import_folder(home, merchant_id, one.import_id) / "rejected.csv").exists()
        awaited = {one.state for one in (await confirmations.awaited(tx, now, waiting=False)).items}
        assert awaited >= {"waiting", "confirmed"}
        proofs = await tx.rows(
            "select p.state, count(*) as n from mission_progress p join mission m on m.merchant_id = p.merchant_id and "
            "m.mission_id = p.mission_id where p.merchant_id = %(merchant_id)s and m.name = %(name)s group by 1",
            name=luck.MISSION.name,
        )
        assert {row.state for row in proofs} == {"accepted", "refused", "in_review"}
        told = {
            row.state for row in await tx.rows("select state from webhook_delivery where merchant_id = %(merchant_id)s")
        }
        assert told == {"waiting", "failed"}
        keys = await tx.rows("select name, revoked_at from api_key where merchant_id = %(merchant_id)s")
        assert {row.name for row in keys if row.revoked_at} == {happenings.RETIRED}
        by_hand = await tx.rows(
            "select by, reason, at from tag_act where merchant_id = %(merchant_id)s and source = 'console'"
        )
        assert {row.by for row in by_hand} == {"苏芙", "小满"}
        assert all(row.reason for row in by_hand)
        assert (await _one(tx, "select max(at) from tag_act"))[0] <= now
        rules = await earning.list_rules(tx, now)
        assert {one.state for one in rules} == {"published", "draft"}
        assert sum((await earning.budgets_used(tx)).values()) > 0


async def _one(tx: Any, sql: str) -> Any:
    return await tx.one(f"{sql} where merchant_id = %(merchant_id)s")
