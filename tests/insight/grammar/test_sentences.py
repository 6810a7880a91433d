"""Rules in words: money in yuan, shares in percent, codes by what people call them."""

from __future__ import annotations

from typing import Any

import pytest

import shuke.doors.wiring  # noqa: F401  (declares the facts of all rooms)
from shuke.ground import mirror
from shuke.insight import grammar
from shuke.insight.grammar.queries import naming

SAID: list[tuple[dict[str, Any], str, str]] = [
    (
        {"did": "order", "where": [
            {"prop": "channel", "op": "eq", "value": "pos"}, {"prop": "amount_fen", "op": ">=", "value": 19_950},
        ]},
        "曾下单（渠道是 门店收银且实付金额至少 199.5 元）", "ordered (channel is in store and amount ≥ 199.5 yuan)",
    ),
    (
        {"did": "order", "op": ">", "value": 0.5, "measure": {
            "share": {"of": "amount_fen", "where": [{"prop": "channel", "op": "in", "value": ["web", "mini"]}]},
        }},
        "下单的实付金额里，渠道是其中之一 网店、小程序的占比大于 50%",
        "share of amount where channel is one of online store, mini program: ordered > 50%",
    ),
    (
        {"did": "order", "where": [{"prop": "weekday", "op": "eq", "value": 6}], "measure": {"avg": "amount_fen"}, "op": "<",
         "value": 8_000},
        "下单（星期几等于 周六）的实付金额平均小于 80 元", "average amount: ordered (weekday = Saturday) < 80 yuan",
    ),
    (
        {"did": "order", "window": {"last": "90d"}, "op": "between", "value": [1, 2]},
        "最近 90 天下单 1 到 2 次", "ordered 1 to 2 times in the last 90 days",
    ),
    (
        {"did": "order", "window": {"last": "365d"}, "where": [{"prop": "coupon", "op": "exists"}], "op": ">=", "value": 3},
        "最近 365 天下单（有优惠券）3 次以上", "ordered (with coupon) at least 3 times in the last 365 days",
    ),
    ({"attr": "gender", "op": "eq", "value": "female"}, "性别是 女", "Gender is female"),
    ({"attr": "city", "op": "eq", "value": "上海"}, "城市是 上海", "City is 上海"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "zh", "en"), SAID)
def test_a_rule_reads_as_people_say_it(rule: dict[str, Any], zh: str, en: str) -> None:
    registry = mirror.declared()
    assert tuple(grammar.sentence(grammar.parse(rule, registry))) == (zh, en)


def test_tags_groups_and_stores_are_called_by_their_names() -> None:
    registry = mirror.declared()
    rule = {"all": [
        {"attr": "tag:vip", "op": ">=", "value": {"ago": "30d"}}, {"attr": "tag_group:skin", "op": "exists"},
        {"did": "order", "where": [{"prop": "store", "op": "in", "value": ["sh-jingan", "new"]}]},
    ]}  # fmt: skip
    names = {"tag": {"vip": "重要客户"}, "tag_group": {"skin": "肤质"}, "store": {"sh-jingan": "静安店"}}
    said = naming.said(grammar.parse(rule, registry), names, registry)
    assert "打上标签「重要客户」的时间不早于 30 天前" in said.zh
    assert "打上标签组「肤质」的时间有值" in said.zh
    assert said.zh.endswith("曾下单（门店是其中之一 静安店、new）")
    assert 'wears the tag "重要客户"' in said.en
