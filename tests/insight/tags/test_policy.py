"""What is decided before anything is written: which wish counts, how a file is read, what a rule speaks of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.insight.tags import policy
from shuke.insight.tags.policy import Put

PUTS = st.lists(st.builds(Put, st.integers(1, 4), st.integers(1, 6)), max_size=20)
EXCLUSIVE = {1: 10, 2: 10, 3: 10, 4: 20}


@given(PUTS)
def test_of_an_exclusive_group_the_last_wish_of_a_member_counts(puts: list[Put]) -> None:
    settled = policy.settled(puts, EXCLUSIVE)
    assert policy.settled(settled, EXCLUSIVE) == settled
    places = [(put.member_id, EXCLUSIVE.get(put.tag_id, -put.tag_id)) for put in settled]
    assert len(set(places)) == len(places)
    last = {(put.member_id, EXCLUSIVE.get(put.tag_id, -put.tag_id)): put for put in puts}
    assert dict(zip(places, settled, strict=True)) == last


def test_a_file_is_read_by_its_first_line() -> None:
    table = [["会员卡号", "姓名", "标签"], [" C-7 ", "王芳", "宝妈、敏感肌;宝妈"], ["", "", ""], ["C-8", "李娜"]]
    assert policy.lines_of(table) == [
        policy.Line(2, "card", "C-7", ("宝妈", "敏感肌")), policy.Line(4, "card", "C-8", ())
    ]  # fmt: skip
    with pytest.raises(policy.NoSuchColumns):
        policy.lines_of([["姓名", "标签"], ["王芳", "宝妈"]])
    with pytest.raises(policy.NoSuchColumns):
        policy.lines_of([])


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"tag": "bao-ma"}, True),
        ({"all": [{"did": "order"}, {"not": {"tag": "bao-ma"}}]}, True),
        ({"attr": "tag:bao-ma", "op": "exists"}, True),
        ({"attr": "tag:bao-ma-2", "op": "exists"}, False),
        ({"segment": "bao-ma"}, False),
    ],
)
def test_a_rule_that_speaks_of_a_tag_is_found_however_deep(rule: object, said: bool) -> None:
    assert policy.mentions(rule, "bao-ma") is said


@pytest.mark.parametrize("name", ["", "   ", "宝妈-敏感肌", "长" * 31])
def test_a_name_that_could_not_stand_in_a_combination_is_refused(name: str) -> None:
    with pytest.raises(policy.BadTagName):
        policy.name_of(name)
    assert policy.combination(["宝妈", "美妆爱好者", "价格敏感型"]) == "宝妈-美妆爱好者-价格敏感型"
