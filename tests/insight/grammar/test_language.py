"""Rules as text: every rule comes back as it was, and a slip of the pen is found by line and column."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuke.insight.grammar.policy import language
from shuke.insight.grammar.policy.rules import BadRule
from tests.insight.grammar.test_three_back_ends import LEAVES, TREES

ARGUED = st.sampled_from([
    {"attr": "points.expiring", "args": {"within": "7d"}, "op": ">", "value": 0},
    {"attr": "会员 来源`x", "op": "eq", "value": '他说"好"'}, {"attr": "last", "op": "missing"},
    {"attr": "points.affords", "args": {"reward": "帆布袋"}, "op": "eq", "value": True},
    {"segment": "vip"}, {"did": "order", "op": "exists", "measure": "last_at"}, {"did": "first", "where": []},
])  # fmt: skip
WHOLE = st.recursive(
    LEAVES | ARGUED,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)


def plain(rule: Any) -> Any:
    """Without fields that say nothing."""
    if isinstance(rule, dict):
        return {key: plain(value) for key, value in rule.items() if value is not None}
    return [plain(one) for one in rule] if isinstance(rule, list) else rule


@settings(max_examples=300, deadline=None)
@given(rule=TREES | WHOLE)
def test_text_and_json_say_the_same(rule: dict[str, Any]) -> None:
    text = language.write(rule)
    assert language.read(text) == plain(rule), text
    assert language.write(language.read(text)) == text
    assert language.read(" ".join(text.split("\n"))) == plain(rule)


def test_it_reads_like_a_sentence() -> None:
    rule = {
        "all": [
            {"attr": "city", "op": "in", "value": ["上海", "杭州"]},
            {"did": "order", "where": [{"prop": "channel", "op": "eq", "value": "pos"}], "window": {"last": "90d"},
             "measure": {"sum": "amount_fen"}, "op": ">=", "value": 100_000},
            {"not": {"any": [{"tag": "staff"}, {"segment": "dormant"}]}},
            {"rank": {"did": "order", "measure": {"sum": "amount_fen"}}, "top": "20%"},
            {"sequence": [{"did": "add_to_cart"}, {"not": {"did": "order"}, "same": ["sku"], "within": "2h"}], "within": "7d"},
        ]
    }  # fmt: skip
    assert language.write(rule) == (
        'city in ["上海", "杭州"]\n'
        'and did order where (channel = "pos") last 90d : sum(amount_fen) >= 100000\n'
        'and not (tag "staff" or segment "dormant")\n'
        "and top 20% by (did order : sum(amount_fen))\n"
        "and sequence(add_to_cart then not order same (sku) within 2h) within 7d"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Line 1, column 1"), ("did order last 30", "Line 1, column 16"), ("city = 上海", "Line 1, column 8"),
        ("did order and\n  did view or did check_in", "Line 2, column 12"), ("(did order", "Line 1, column 11"),
        ("did order ;", "Line 1, column 11"), ("city", "Line 1, column 5"), ("(" * 100, "Line 1"),
    ],
)  # fmt: skip
def test_a_slip_is_found(text: str, said: str) -> None:
    with pytest.raises(BadRule) as refused:
        language.read(text)
    assert said in str(refused.value)
    assert refused.value.code == "bad_text"
