"""The features of a member, each declared once: what it means, its unit, where it comes from, and how the mirror counts it."""

from __future__ import annotations

from typing import Literal

import msgspec

from shuke.insight.profiles.policy.fitting import Words

HALF_LIFE_DAYS = 90  # what was bought so long ago counts half in category shares
LATELY_DAYS = 30


class Feature(msgspec.Struct, frozen=True):
    """One figure of a member. `sql` is an aggregate over the rows of `source`; «today» is the business date asked for."""

    code: str
    title: Words
    means: Words
    unit: Literal["days", "times", "fen", "share", "number", "points", "hour", "weekday", "text"]
    source: Literal["orders", "categories", "events"]
    sql: str

    @property
    def is_text(self) -> bool:
        """Whether it is a name and not a number."""
        return self.unit == "text"


def _most(column: str, of: str = "") -> str:
    """The most frequent value of a column; of equally frequent ones the smallest.

    Sorted, the value that is first repeated as often as any is: one array a member, no second grouping.
    """
    values, times = f"values_{column}", f"times_{column}"
    return (
        f"(arraySort(groupArray({of or column})) AS {values})"
        f"[indexOf(arrayEnumerateUniq({values}) AS {times}, arrayMax({times}))]"
    )


def _feature(code: str, title: str, means: str, unit: str, source: str, sql: str) -> Feature:
    zh, en = title.split(" | ")
    means_zh, means_en = means.split(" | ")
    return Feature(code, Words(zh, en), Words(means_zh, means_en), unit, source, sql)  # type: ignore[arg-type]


def _lately(kind: str) -> str:
    return f"countIf(kind = '{kind}' AND day > «today» - {LATELY_DAYS})"


_SEEN = "countIf(kind IN ('video_watched', 'article_read'))"
_WON = "(countIf(kind = 'invite_rewarded') - countIf(kind = 'invite_taken_back'))"
FEATURES: tuple[Feature, ...] = (
    _feature("recency", "距上次购买 | Days since last order",
        "今天减去最近一单的营业日 | Today less the business date of the last order", "days", "orders",
        "dateDiff('day', max(day), «today»)"),
    _feature("frequency", "订单数 | Orders", "全部没有整单退掉的订单 | All orders that were not returned as a whole", "times",
        "orders", "count()"),
    _feature("money", "累计实付 | Spent in total", "扣掉退款后的实付合计 | Net amounts after refunds", "fen", "orders",
        "sum(fen)"),
    _feature("tenure", "首单至今 | Days since first order",
        "今天减去第一单的营业日 | Today less the business date of the first order", "days", "orders",
        "dateDiff('day', min(day), «today»)"),
    _feature("gap", "平均多久来一次 | Days between visits",
        "首末两次购买之间的天数除以间隔数，只来过一天的没有 | Days from first to last, per interval; none after a single day",
        "days", "orders", "if(uniqExact(day) > 1, dateDiff('day', min(day), max(day)) / (uniqExact(day) - 1), NULL)"),
    _feature("basket", "客单价 | Basket", "累计实付除以订单数 | Spent in total per order", "fen", "orders",
        "sum(fen) / count()"),
    _feature("items", "每单件数 | Items per order", "件数合计除以订单数 | Items per order", "number", "orders",
        "sum(items) / count()"),
    _feature("discount_share", "优惠占比 | Discount share", "优惠金额除以原价合计 | Discounts over list prices", "share",
        "orders", "if(sum(list_) > 0, least(1, sum(discount) / sum(list_)), NULL)"),
    _feature("discounted_orders", "用优惠的订单占比 | Orders with a discount",
        "有优惠的订单数除以订单数 | Orders with any discount, per order", "share", "orders", "countIf(discount > 0) / count()"),
    _feature("channel", "常用渠道 | Usual channel", "下单最多的渠道 | The channel of most orders", "text", "orders",
        _most("channel", "toString(channel)")),
    _feature("store", "常去门店 | Usual store", "下单最多的门店 | The store of most orders", "text", "orders",
        _most("store", "toString(store)")),
    _feature("weekday", "常来的星期 | Usual weekday", "下单最多的星期几，1 为周一 | The weekday of most orders, 1 is Monday",
        "weekday", "orders", _most("weekday")),
    _feature("hour", "常来的钟点 | Usual hour", "下单最多的钟点 | The hour of most orders", "hour", "orders",
        _most("hour")),
    _feature("category", "最爱的品类 | Favourite category",
        "近期买得最多的品类，90 天前的算一半 | Where most was spent lately; 90 days ago counts half", "text", "categories",
        "argMax(category, (weight, category))"),
    _feature("category_share", "最爱品类占比 | Share of the favourite",
        "最爱的品类占近期消费的比例 | Its share of what was spent lately", "share", "categories",
        "if(sum(weight) > 0, max(weight) / sum(weight), NULL)"),
    _feature("categories", "买过几个品类 | Categories bought", "买过的不同品类数 | Different categories bought", "number",
        "categories", "count()"),
    _feature("check_ins", "近 30 天签到 | Check-ins, 30 days", "近 30 天签到次数 | Check-ins of the last 30 days", "times",
        "events", _lately("check_in")),
    _feature("videos", "看过的视频 | Videos watched", "看视频的次数 | Videos watched", "times", "events",
        "countIf(kind = 'video_watched')"),
    _feature("articles", "读过的文章 | Articles read", "读文章的次数 | Articles read", "times", "events",
        "countIf(kind = 'article_read')"),
    _feature("video_share", "看视频的比例 | Videos of what is seen",
        "看过的视频除以看过的视频和读过的文章 | Videos watched, per video or article", "share", "events",
        f"if({_SEEN} > 0, countIf(kind = 'video_watched') / {_SEEN}, NULL)"),
    _feature("shares", "分享和评论 | Shares and comments", "分享、评论、评价的次数 | Shares, comments and reviews", "times",
        "events", "countIf(kind IN ('share', 'comment', 'review'))"),
    _feature("invites", "邀请好友 | Invitations", "邀请好友的次数 | Friends invited", "times", "events",
        "countIf(kind = 'invite')"),
    _feature("invites_won", "邀请成功 | Friends who stayed",
        "邀请来的好友里，下单并过了退货期的人数，收回的不算 | Friends brought who bought and kept it, less those taken back",
        "times", "events", _WON),
    _feature("invite_success", "邀请成功率 | Success of invitations",
        "邀请成功的好友除以邀请的好友 | Friends who stayed, per friend invited", "share", "events",
        f"if(countIf(kind = 'invite') > 0, least(1, greatest(0, {_WON}) / countIf(kind = 'invite')), NULL)"),
    _feature("points_spent", "近一年用掉的积分 | Points spent, a year",
        "近 365 天用掉的积分 | Points spent in the last 365 days", "points", "events",
        "sumIf(numbers['points'], kind = 'redeem' AND day > «today» - 365)"),
)  # fmt: skip
BY_CODE = {feature.code: feature for feature in FEATURES}


class Bar(msgspec.Struct, frozen=True):
    """One bar of a distribution: from (included) to (excluded, the last one included), or the name; and how many members."""

    members: int
    start: float | None = None
    end: float | None = None
    name: str | None = None


class Distribution(msgspec.Struct, frozen=True):
    """How one feature is spread over the members that have it."""

    code: str
    members: int
    median: float | None
    bars: list[Bar]
