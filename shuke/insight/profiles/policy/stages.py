"""Stages of life by the words of the merchant: what may be written, and examples to begin with."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shuke.kit import errors

MOST_STAGES = 12
MOST_WORDS = 60
LONGEST = 30


class BadStage(errors.Refused):
    """A stage of life needs a name of 1 to 30 characters, and 1 to 60 words of 1 to 30 characters each."""

    code = "bad_stage"
    http_status = 422
    zh = "人生阶段要有 1 到 30 个字的名称和 1 到 60 个词，每个词 1 到 30 个字。"
    cure = "Write the words by which the goods of the stage are known, one by one."
    cure_zh = "请写下能认出这个阶段商品的词，一个一个写。"


class TooManyStages(errors.Refused):
    """There are {most} stages of life already."""

    code = "too_many_stages"
    http_status = 422
    zh = "已经有 {most} 个人生阶段了。"
    cure = "Remove one first."
    cure_zh = "请先去掉一个。"


class Stage(msgspec.Struct, frozen=True):
    """A stage of life: its name, and the words in categories and products by which its goods are known."""

    name: str
    words: list[str]


# What shops of the trade look for first; each merchant has goods of its own, so these are copied and changed.
READY = (
    Stage("宝妈", ["婴儿", "宝宝", "孕妈", "孕期", "妊娠", "奶粉", "纸尿裤", "辅食", "儿童"]),
    Stage("学生", ["学生", "校园", "文具", "控油", "祛痘"]),
    Stage("熟龄", ["紧致", "抗皱", "淡纹", "抗老", "中老年"]),
    Stage("养宠", ["猫粮", "狗粮", "宠物", "猫砂"]),
    Stage("健身", ["蛋白粉", "瑜伽", "健身", "跑步"]),
)


def clean(name: str, words: Sequence[str]) -> Stage:
    """A stage in normal form: no doubles, no blanks; refuses `BadStage`."""
    named = " ".join(name.split())
    known = list(dict.fromkeys(word for word in (" ".join(one.split()) for one in words) if word))
    if not 0 < len(named) <= LONGEST or not 0 < len(known) <= MOST_WORDS or any(len(word) > LONGEST for word in known):
        raise BadStage(field="words" if 0 < len(named) <= LONGEST else "name")
    return Stage(named, known)
