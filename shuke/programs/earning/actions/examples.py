"""Examples that every publication keeps true: written, changed, dropped, and asked before a rule goes live."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.kit import errors
from shuke.programs.earning import models, queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shuke.kit.db import Tx

MOST = 100
LONGEST_NAME = 60


class NoSuchExample(errors.NotFound):
    """There is no example {example_id}."""

    code = "no_such_example"
    zh = "没有编号为 {example_id} 的例子。"

    def __init__(self, example_id: int, **facts: Any) -> None:
        errors.Refused.__init__(self, example_id=example_id, **facts)


class ExampleNameMissing(errors.Refused):
    """An example needs a name of 1 to {longest} characters."""

    code = "example_name_missing"
    http_status = 422
    zh = "例子要有名字，1 到 {longest} 个字。"
    cure = "Say what it shows, such as platinum on a weekend."
    cure_zh = "写清楚它说明什么，例如「白金会员周末下单」。"


class TooManyExamples(errors.Refused):
    """There may be {most} examples."""

    code = "too_many_examples"
    http_status = 422
    zh = "最多 {most} 个例子。"
    cure = "Drop one that says nothing new."
    cure_zh = "请删掉重复的例子。"


class ExamplesBroken(errors.Refused):
    """Published like this, {count} example(s) would give other points than written: {differences_en}"""

    code = "examples_broken"
    zh = "这样发布，有 {count} 个例子给的积分就不对了：{differences}"
    cure = "Change the draft, or change the example if the new figure is right."
    cure_zh = "请修改草稿；如果新的数字才对，请先改例子。"


async def save_example(
    tx: Tx, name: str, trial: queries.Trial, points: int, at: datetime, example_id: int | None = None
) -> int:
    """Keep an example, in place of the one of that number where given; returns its number."""
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ExampleNameMissing(field="name", longest=LONGEST_NAME)
    if example_id is None:
        if await tx.value("select count(*) from earning_example where merchant_id = %(merchant_id)s") >= MOST:
            raise TooManyExamples(most=MOST)
        (example_id,) = await tx.fresh_ids(1)
    else:
        await drop_example(tx, example_id)
    body = msgspec.to_builtins(trial)
    row = {"example_id": example_id, "name": name, "body": body, "points": points, "created_at": at}
    await tx.insert(models.Example, [row])
    return example_id


async def drop_example(tx: Tx, example_id: int) -> None:
    """Forget an example; refuses `NoSuchExample`."""
    gone = await tx.run(
        "delete from earning_example where merchant_id = %(merchant_id)s and example_id = %(example_id)s",
        example_id=example_id,
    )
    if not gone:
        raise NoSuchExample(example_id)


async def keep_examples(tx: Tx, before: Sequence[queries.ExampleShape], at: datetime) -> None:
    """Refuse what makes an example untrue that was true `before`; the difference is in the refusal."""
    true = {example.example_id for example in before if example.holds}
    if not true:
        return
    now = await queries.list_examples(tx, await queries.live_rules(tx), at)
    broken = [example for example in now if example.example_id in true and not example.holds]
    if broken:
        raise ExamplesBroken(
            count=len(broken),
            differences="；".join(f"「{one.name}」应给 {one.points} 分，会给 {one.gives} 分" for one in broken),
            differences_en="; ".join(f"“{one.name}” must give {one.points}, would give {one.gives}" for one in broken),
        )
