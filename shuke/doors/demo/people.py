"""Who the members are: names, cities, birthdays, phones that belong to nobody, habits and tastes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from shuke.doors.demo.goods import CATEGORIES

if TYPE_CHECKING:
    from shuke.doors.demo.calendar import Year

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖"
    "范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严"
)
_FEMALE = "婷雪梅芳娜静敏丽艳娟霞秀燕玲桂英玉萍红月琴云洁莉妍欣怡佳雨涵梓萱诗琪思彤语嫣可馨若曦晓蕾芷兰书瑶梦洋子墨沐宸清妤念安"
_MALE = "伟强磊军勇杰涛超明刚平辉健俊宇浩然子轩博文昊天泽洋家豪嘉明志远思远晨阳景行"
CITIES = {
    "上海": 0.30, "杭州": 0.21, "成都": 0.21, "苏州": 0.045, "南京": 0.04, "宁波": 0.035, "重庆": 0.035, "北京": 0.03,
    "广州": 0.025, "深圳": 0.025, "武汉": 0.02, "西安": 0.015, "长沙": 0.01,
}  # fmt: skip
HOME_STORE = {"上海": "sh-jingan", "杭州": "hz-hubin", "成都": "cd-taikoo"}
SKINS = {"干性": 0.24, "油性": 0.22, "混合性": 0.34, "敏感性": 0.2}
MET = {"门店": 0.42, "朋友推荐": 0.2, "小红书": 0.16, "抖音": 0.12, "公众号": 0.1}


@dataclass(frozen=True, slots=True)
class Member:
    """One member as the shop's old system knows them."""

    number: int
    external: str
    phone: str
    name: str
    gender: str
    birthday: date | None
    joined_on: date
    city: str
    skin: str
    met: str
    sms: bool
    wechat: bool


@dataclass(frozen=True, slots=True)
class Habits:
    """How members live, one row each, never told to the shop.

    rate: visits a day while alive · dropout: chance to stay away after a visit · thrift 0…1: how much prices matter ·
    online 0…1 · taste: weights over categories · basket: further lines per visit · curious: how much they look around ·
    checks: chance to check in on a day · video 0…1: videos rather than articles · social: how much they share ·
    stage: of life, 0 for none, else the place in `goods.STAGES` from 1.
    """

    rate: np.ndarray
    dropout: np.ndarray
    thrift: np.ndarray
    online: np.ndarray
    taste: np.ndarray
    basket: np.ndarray
    curious: np.ndarray
    checks: np.ndarray
    video: np.ndarray
    social: np.ndarray
    stage: np.ndarray


def members(rng: np.random.Generator, year: Year, count: int) -> list[Member]:
    """So many members; six of ten were there before the year began, the others join in its course, more at sales."""
    length = len(year.days)
    old = rng.random(count) < 0.6
    pull = year.pull + 0.6 * year.bargain
    places = rng.choice(length, count, p=pull / pull.sum())
    before = 1 + rng.exponential(260, count).astype(int)
    joined = [
        year.days[0] - timedelta(days=int(min(b, 1500))) if o else year.days[p]
        for o, b, p in zip(old, before, places, strict=True)
    ]
    women = rng.random(count) < 0.87
    ages = np.clip(rng.normal(31, 8.5, count), 18, 68)
    tails = rng.permutation(10_000)[:count]
    shuffled = rng.permutation(count)
    cities = rng.choice(list(CITIES), count, p=_shares(CITIES))
    skins = rng.choice(list(SKINS), count, p=_shares(SKINS))
    met = rng.choice(list(MET), count, p=_shares(MET))
    draws = rng.random((count, 5))
    found = []
    for number in range(count):
        born = year.days[-1] - timedelta(days=int(ages[number] * 365.25) + int(draws[number, 0] * 365))
        found.append(
            Member(
                number=number,
                external=f"FY{100_000 + int(shuffled[number]):06}",
                phone=f"1200{int(shuffled[number]) % 1000:03}{int(tails[number]):04}",
                name=_name(rng, bool(women[number])),
                gender="female" if women[number] else "male",
                birthday=born if draws[number, 1] < 0.82 else None,
                joined_on=joined[number],
                city=str(cities[number]),
                skin=str(skins[number]),
                met=str(met[number]),
                sms=bool(draws[number, 2] < 0.78),
                wechat=bool(draws[number, 3] < 0.64),
            )
        )
    return found


def newcomers(rng: np.random.Generator, day: Year, first: int, count: int) -> list[Member]:
    """Who joins on a day after the year (`day` is a year of that one day), numbered from `first`; drawn like the others."""
    return [
        replace(
            one, number=number, external=f"FY{100_000 + number:06}", phone=f"1201{number:07}", joined_on=day.days[0]
        )
        for number, one in enumerate(members(rng, day, count), first)
    ]


def habits(rng: np.random.Generator, people: list[Member]) -> Habits:
    """Drawn from a gamma over visit rates, a beta over dropout, and tastes around the trade's shares (BG/NBD in spirit)."""
    count = len(people)
    rate = rng.gamma(1.15, 0.027, count)
    dropout = rng.beta(1.1, 12.0, count)
    thrift = rng.beta(1.6, 2.4, count)
    near = np.array([member.city in HOME_STORE for member in people])
    online = np.where(near, rng.beta(1.5, 2.6, count), 1.0)
    shares = np.array([category.weight for category in CATEGORIES])
    taste = rng.gamma(shares * 1.3, 1.0, (count, len(shares))) + 0.02
    far_service = ~near[:, None] & np.array([category.only_store for category in CATEGORIES])[None, :]
    taste = np.where(far_service, 0.0, taste)
    men = np.array([member.gender == "male" for member in people])
    makeup = np.array([category.name in {"口红", "眼妆", "底妆"} for category in CATEGORIES])
    taste = np.where(men[:, None] & makeup[None, :], taste * 0.2, taste)
    taste = taste**2  # people have favourites
    basket = rng.gamma(2.0, 0.35, count)
    curious = rng.gamma(1.3, 0.8, count)
    checks = np.where(rng.random(count) < 0.09, rng.beta(2.0, 3.2, count), rng.beta(0.5, 40, count))
    [own] = rng.spawn(1)  # what came later draws apart, so that everything else stays as it was
    video, social = own.beta(0.7, 0.6, count), own.gamma(0.45, 2.2, count)
    return Habits(
        rate, dropout, thrift, online, taste / taste.sum(1, keepdims=True), basket, curious, checks, video, social,
        np.array([_stage(member, float(draw)) for member, draw in zip(people, own.random(count), strict=True)]),
    )  # fmt: skip


def _stage(member: Member, draw: float) -> int:
    """Students, mothers, the mature: by age, and by chance where age says little."""
    age = (member.joined_on - member.birthday).days / 365.25 if member.birthday else 33.0
    if age < 23:
        return 2
    if age >= 40:
        return 3
    return 1 if member.gender == "female" and 25 <= age < 38 and draw < 0.3 else 0


def _name(rng: np.random.Generator, woman: bool) -> str:
    surname = _SURNAMES[min(int(rng.exponential(16)), len(_SURNAMES) - 1)]
    given = _FEMALE if woman else _MALE
    first, second = rng.integers(0, len(given), 2)
    return surname + given[first] + (given[second] if rng.random() < 0.72 else "")


def _shares(weights: dict[str, float]) -> np.ndarray:
    shares = np.array(list(weights.values()))
    return shares / shares.sum()
