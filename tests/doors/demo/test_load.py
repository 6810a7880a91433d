"""The demonstration merchant as it stands when it is loaded: everything on its screens came through the verbs."""

from datetime import date, timedelta
from typing import Any

import pytest

from shuke.assets import approvals, audit, finance, offers, points
from shuke.doors.context import Context
from shuke.doors.demo import load, programme, shop
from shuke.ground import members, tenancy
from shuke.insight import lifecycle, segments, tags
from shuke.kit import clock
from shuke.outreach import journeys, playbooks

YESTERDAY = date(2026, 11, 20)


@pytest.mark.slow
async def test_a_small_world_is_loaded_through_the_front_doors(mirrored: Context) -> None:
    database = mirrored.database
    told: list[float] = []
    async with database.directory() as tx:
        cut_off = await tenancy.create_merchant(tx, shop.SLUG, "半途而废", shop.ZONE, clock.now(), "loading")
    merchant_id = await load.load(database, mirrored.mirror, YESTERDAY, lambda _, share: told.append(share), count=300)
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
        assert sorted(one.state for one in requests.items) == ["approved", "refused", "waiting"]
        levels = await tx.rows("select distinct level from member_tier where merchant_id = %(merchant_id)s")
        assert len(levels) >= 3
        assert (await _one(tx, "select count(*) from late_item"))[0] == 0


async def _one(tx: Any, sql: str) -> Any:
    return await tx.one(f"{sql} where merchant_id = %(merchant_id)s")
