"""The merchant's stages of life: written and removed, and members looked at again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shuke.insight.profiles.policy.stages import MOST_STAGES, Stage, TooManyStages, clean
from shuke.insight.profiles.queries import stages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shuke.kit.db import Tx


async def put_stage(tx: Tx, name: str, words: Sequence[str], by: str, at: datetime) -> Stage:
    """Write the words of a stage, new or known; members are looked at with the next fitting.

    Refuses `BadStage` and `TooManyStages`.
    """
    stage = clean(name, words)
    known = {one.name for one in await stages.list_stages(tx)}
    if stage.name not in known and len(known) >= MOST_STAGES:
        raise TooManyStages(most=MOST_STAGES, field="name")
    await tx.run(
        "insert into profile_stage (merchant_id, name, words, changed_at, changed_by) "
        "values (%(merchant_id)s, %(name)s, to_jsonb(%(words)s::text[]), %(at)s, %(by)s) on conflict (merchant_id, name) do update "
        "set words = excluded.words, changed_at = excluded.changed_at, changed_by = excluded.changed_by",
        name=stage.name, words=stage.words, at=at, by=by,
    )  # fmt: skip
    return stage


async def remove_stage(tx: Tx, name: str) -> bool:
    """Forget a stage; with the next fitting nobody is in it any more. Whether there was one."""
    return bool(
        await tx.run("delete from profile_stage where merchant_id = %(merchant_id)s and name = %(name)s", name=name)
    )
