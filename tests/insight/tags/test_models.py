"""Model tags: they come and go with a score and its threshold, and leave to people what people said."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from shuke.doors import wiring
from shuke.insight import profiles, tags
from shuke.insight.profiles import models
from shuke.insight.profiles.policy.cards import Card
from shuke.insight.profiles.policy.fitting import Words
from shuke.insight.tags import actions, jobs
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.events import Relay

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SHARES = {1: 0.92, 2: 0.71, 3: 0.5, 4: 0.2, 5: 0.33}


async def says(database: Database, merchant_id: int, shares: dict[int, float], at: datetime) -> None:
    """A model of content that says these shares of videos, as a fitting would leave it."""
    async with database.write(merchant_id) as tx:
        [card_id] = await tx.fresh_ids(1)
        card = Card(
            model="content", name=Words("内容偏好", "Content type"), scoring=bool(shares), members=5, until=at.date()
        )
        await tx.run("delete from profile_score where merchant_id = %(merchant_id)s")
        await tx.insert(models.ProfileCard, [
            {"card_id": card_id, "model": "content", "state": "scoring", "card": msgspec.to_builtins(card), "at": at}
        ])  # fmt: skip
        await tx.insert(models.ProfileScore, [
            {"model": "content", "member_id": member, "scores": {"video_share": share}, "computed_at": at,
             "evidence": {"videos": 9, "articles": 1, "all": 0.55}}
            for member, share in shares.items()
        ])  # fmt: skip
        told = {"video_share": [shares.get(member) for member in SHARES]}
        tx.announce(profiles.ProfilesScored(model="content", at=at, member_ids=list(SHARES), scores=told))
    await Relay(database, wiring.READERS).drain(merchant_id)
    with clock.at(at):
        await jobs.keep_tags(database, merchant_id)


async def worn(database: Database, merchant_id: int) -> dict[str, set[int]]:
    async with database.read(merchant_id) as tx:
        return {tag.name: set(await tags.wearers(tx, tag.slug, NOON)) for tag in await tags.list_tags(tx)}


@pytest.fixture
async def shop(database: Database, merchant_id: int) -> int:
    await says(database, merchant_id, SHARES, NOON)
    return merchant_id


async def test_they_come_and_go_with_the_score(database: Database, shop: int) -> None:
    async with database.write(shop) as tx:
        video = await tags.adopt(tx, "video", 0.7, NOON, "苏芙")
        await tags.adopt(tx, "article", 0.35, NOON, "苏芙")
    with clock.at(NOON):
        await jobs.keep_tags(database, shop)
    assert await worn(database, shop) == {"短视频党": {1, 2}, "图文党": {4, 5}}
    # Two change sides in one fitting, one is no longer spoken of.
    await says(database, shop, {1: 0.1, 3: 0.8, 4: 0.9}, NOON + timedelta(hours=1))
    assert await worn(database, shop) == {"短视频党": {3, 4}, "图文党": {1}}
    await says(database, shop, {1: 0.1, 3: 0.8, 4: 0.9}, NOON + timedelta(hours=2))
    async with database.read(shop) as tx:
        assert [one.change for one in await tags.history(tx, 4)] == ["added", "removed", "added"]
        told = (await tags.of_members(tx, [4], NOON + timedelta(hours=3)))[4]
        assert [(one.name, one.source, one.follows) for one in told] == [("短视频党", "model", "content")]
    async with database.write(shop) as tx:
        moved = profiles.Followed("content", "video_share", ">=", 0.85)
        await tags.edit_tag(tx, video.slug, tags.TagShape(follows=moved), NOON)
    with clock.at(NOON + timedelta(hours=3)):
        await jobs.keep_tags(database, shop)
    assert (await worn(database, shop))["短视频党"] == {4}
    async with database.write(shop) as tx:
        await tags.edit_tag(tx, video.slug, tags.TagShape(follows=None), NOON)
        again = await tags.adopt(tx, "video", 0.75, NOON, "苏芙")
        assert (again.slug, again.follows and again.follows.value) == (video.slug, 0.75)
    with clock.at(NOON + timedelta(hours=3)):
        await jobs.keep_tags(database, shop)
    assert (await worn(database, shop))["短视频党"] == {3, 4}
    await says(database, shop, {}, NOON + timedelta(hours=4))  # a model that is refused says nothing
    assert await worn(database, shop) == {"短视频党": set(), "图文党": set()}


async def test_what_a_person_said_stays_in_an_exclusive_group(database: Database, shop: int) -> None:
    hand = tags.Cause(verb="tag", source="console", by="小满")
    async with database.write(shop) as tx:
        video = await tags.adopt(tx, "video", 0.7, NOON, "苏芙")
        mine = await tags.create_tag(tx, tags.TagShape(name="都不看", group=video.group), NOON, "小满")
        await tags.change(tx, hand, NOON, puts=[tags.Put(1, mine.tag_id)])
        with pytest.raises(tags.RuleTag):
            await tags.change(tx, hand, NOON, puts=[tags.Put(3, video.tag_id)])
        with pytest.raises(actions.NoSuchScore):
            await tags.adopt(tx, "oracle", 0.7, NOON, "苏芙")
        with pytest.raises(actions.TagTaken):
            await tags.adopt(tx, "video", 0.9, NOON, "苏芙")
    with clock.at(NOON):
        await jobs.keep_tags(database, shop)
    assert await worn(database, shop) == {"短视频党": {2}, "都不看": {1}}


async def test_the_threshold_is_tried_before_it_is_used(
    database: Database, shop: int, owner: httpx.AsyncClient
) -> None:
    listed: list[Any] = (await owner.get("/console/api/tags/models")).json()
    video = next(one for one in listed if one["ready"]["code"] == "video")
    assert video["tag"] is None and video["silent"] is None
    assert (
        next(one for one in listed if one["ready"]["code"] == "thrifty")["silent"]["en"]
        == "The model was not fitted yet."
    )
    asked = {"model": "content", "score": "video_share", "op": ">=", "value": 0.5}
    tried = (await owner.get("/console/api/tags/models/preview", params=asked)).json()
    assert tried["members"] == 3 and tried["standing"]["members"] == 5 and sum(tried["standing"]["bars"]) == 5
    assert (tried["standing"]["low"], tried["standing"]["high"]) == (0.2, 0.92)
    wrong = await owner.get("/console/api/tags/models/preview", params=asked | {"op": "="})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "no_such_score")
    made = await owner.post("/console/api/tags/models", json={"code": "video", "value": 0.5})
    assert made.status_code == 201 and made.json()["follows"]["value"] == 0.5
    with clock.at(NOON):
        await jobs.keep_tags(database, shop)
    assert (await worn(database, shop))["短视频党"] == {1, 2, 3}
    both = await owner.patch(f"/console/api/tags/{made.json()['slug']}", json={"follows": asked | {"score": "mood"}})
    assert (both.status_code, both.json()["code"]) == (422, "no_such_score")
