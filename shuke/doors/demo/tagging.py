"""The tags of the demonstration merchant: what clerks noted, what a list brought, and what segments decide by themselves."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from shuke.doors.demo.goods import CATEGORIES
from shuke.insight import profiles, tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from shuke.doors.demo.desk import Desk
    from shuke.doors.demo.people import Member
    from shuke.doors.demo.world import World
    from shuke.kit.db import Tx

SEED = 20_261
ASKED = 0.55  # of so many members the clerks know how they live
GROUPS = (("人生阶段", "Stage of life", True), ("肤质与偏好", "Skin and taste", False), ("来往", "Contact", False))
BY_HAND = (
    ("学生党", "人生阶段", "还在上学", "unlimited"),
    ("上班族", "人生阶段", "工作日中午和晚上来得多", "unlimited"),
    ("宝妈", "人生阶段", "家里有小朋友，关心成分", "unlimited"),
    ("银发族", "人生阶段", "55 岁以上", "unlimited"),
    ("敏感肌", "肤质与偏好", "推荐前先问过敏史", "unlimited"),
    ("美妆爱好者", "肤质与偏好", "口红、眼妆、底妆买得多", "unlimited"),
    ("企微好友", "来往", "加了导购的企业微信", "unlimited"),
    ("秋季沙龙到场", "来往", "来过静安店的护肤沙龙", "90D"),
)
BY_RULE = (("签到达人", "check-in-fans"), ("大促型", "sale-hunters"))
BY_MODEL = (
    "article",
    "alone",
    "leaving",
    "lover:精华",
    "lover:护理服务",
    "lover:口红",
)
ENGLISH = {
    "学生党": "Students", "上班族": "Office workers", "宝妈": "Mothers of young children", "银发族": "55 and over",
    "敏感肌": "Sensitive skin", "美妆爱好者": "Make-up lovers", "企微好友": "WeChat Work friends",
    "秋季沙龙到场": "Came to the autumn salon", "大促型": "Sale hunters",
    "精华爱好者": "Serum lovers", "护理服务爱好者": "Treatment lovers", "口红爱好者": "Lipstick lovers",
}  # fmt: skip
MAKEUP = ("口红", "眼妆", "底妆")


async def put_tags(tx: Tx, made: World, numbers: Sequence[int], at: datetime) -> None:
    """Groups, tags by hand and by rule, and who wears the former; drawn from a seed of their own."""
    groups = {name: (await tags.create_group(tx, name, exclusive, at, en)).slug for name, en, exclusive in GROUPS}
    known: dict[str, tags.Tag] = {}
    for name, group, description, valid_for in BY_HAND:
        shape = tags.TagShape(
            name=name, name_en=ENGLISH[name], group=groups[group], description=description, valid_for=valid_for
        )
        known[name] = await tags.create_tag(tx, shape, at, "苏芙")
    for name, segment in BY_RULE:
        await tags.create_tag(tx, tags.TagShape(name=name, name_en=ENGLISH.get(name, ""), segment=segment), at, "苏芙")
    worn = _worn(made, at.date())
    clerk = tags.Cause(verb="tag", source="console", by="小满", reason="收银时聊到的")
    await _put(tx, clerk, known, worn, numbers, ("学生党", "上班族", "宝妈", "银发族", "敏感肌"), at)
    owner = tags.Cause(verb="tag", source="console", by="苏芙", reason="按一年的购买整理")
    await _put(tx, owner, known, worn, numbers, ("美妆爱好者",), at)
    listed = tags.Cause(verb="import", source="import", by="苏芙", reason="企微好友名单.csv")
    await _put(tx, listed, known, worn, numbers, ("企微好友",), at)
    salon = tags.Cause(verb="tag", source="console", by="小满", reason="静安店秋季护肤沙龙签到")
    await _put(tx, salon, known, worn, numbers, ("秋季沙龙到场",), at)


async def note_allergy(desk: Desk, at: datetime) -> None:
    """小满 hears of three allergies at the till, and writes down who said what."""
    heard = ("用水杨酸会刺痛，自己说的", "面霜试用后脸颊发红", "医生让停用酸类产品")
    async with desk.database.write(desk.merchant_id) as tx:
        known = {one.name: one for one in await tags.list_tags(tx)}
        for place, (member, reason) in enumerate(zip(await desk.rich(tx, 11, 3, at), heard, strict=False)):
            cause = tags.Cause(verb="tag", source="console", by=desk.clerk.name, reason=reason)
            await tags.change(tx, cause, at, puts=[tags.Put(member, known["敏感肌"].tag_id)])
            desk.left[f"allergy-{place}"] = member


async def correct_allergy(desk: Desk, at: datetime) -> None:
    """One of them was a sunburn."""
    if "allergy-1" not in desk.left:
        return
    async with desk.database.write(desk.merchant_id) as tx:
        known = {one.name: one for one in await tags.list_tags(tx)}
        cause = tags.Cause(verb="tag", source="console", by=desk.clerk.name, reason="复测是晒伤，不是敏感肌")
        await tags.change(tx, cause, at, takes=[(desk.left["allergy-1"], known["敏感肌"].tag_id)])


async def choose_advised(desk: Desk, at: datetime) -> None:
    """苏芙 looks after some members herself from now on."""
    async with desk.database.write(desk.merchant_id) as tx:
        group = next(one.slug for one in await tags.list_groups(tx) if one.name == "来往")
        shape = tags.TagShape(
            name="店主亲自跟进",
            name_en="Looked after by the owner",
            group=group,
            description="下单、预约前先联系苏芙",
            valid_for="180D",
        )
        made = await tags.create_tag(tx, shape, at, desk.owner.name)
        await desk.note(tx, desk.owner, "tag.created", ("tag", made.name), at)
        cause = tags.Cause(verb="tag", source="console", by=desk.owner.name, reason="本月买得多，想听听她们的意见")
        puts = [tags.Put(member, made.tag_id) for member in await desk.rich(tx, 12, 12, at)]
        await tags.change(tx, cause, at, puts=puts)


async def follow_models(tx: Tx, at: datetime) -> None:
    """Tags that follow what the models say, each from its ready threshold on; those of models that are silent are left out."""
    ready, _ = await profiles.ready_tags(tx)
    for one in ready:
        if one.code not in BY_MODEL:
            continue
        made = await tags.adopt(tx, one.code, one.value, at, "苏芙")
        if made.name in ENGLISH:
            await tags.edit_tag(tx, made.slug, tags.TagShape(name_en=ENGLISH[made.name]), at)


async def _put(
    tx: Tx, cause: tags.Cause, known: dict[str, tags.Tag], worn: dict[str, list[int]], numbers: Sequence[int],
    names: Iterable[str], at: datetime,
) -> None:  # fmt: skip
    puts = [tags.Put(numbers[place], known[name].tag_id) for name in names for place in worn[name]]
    await tags.change(tx, cause, at, puts=puts)


def _worn(made: World, day: date) -> dict[str, list[int]]:
    """Which members (by place) wear which tag."""
    rng = np.random.default_rng(SEED)
    draws = rng.random((len(made.members), 4))
    makeup = made.habits.taste[:, [n for n, one in enumerate(CATEGORIES) if one.name in MAKEUP]].sum(1)
    eager = float(np.quantile(makeup, 0.8))
    found: dict[str, list[int]] = {name: [] for name, *_ in BY_HAND}
    for place, (member, draw) in enumerate(zip(made.members, draws, strict=True)):
        if draw[0] < ASKED:
            found[_stage(member, day, float(draw[1]))].append(place)
            if member.skin == "敏感性":
                found["敏感肌"].append(place)
        if makeup[place] > eager:
            found["美妆爱好者"].append(place)
        if member.wechat and draw[2] < 0.5:
            found["企微好友"].append(place)
        if member.city == "上海" and draw[3] < 0.06:
            found["秋季沙龙到场"].append(place)
    return found


def _stage(member: Member, day: date, chance: float) -> str:
    age = (day - member.birthday).days / 365.25 if member.birthday else 33.0
    if age < 23:
        return "学生党"
    if age >= 55:
        return "银发族"
    return "宝妈" if member.gender == "female" and 25 <= age < 42 and chance < 0.45 else "上班族"
