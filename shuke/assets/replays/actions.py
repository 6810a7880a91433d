"""Replaying history: movements of the past through the real verb, each judged at its own instant, for ever repeatable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from shuke.assets import points
from shuke.assets.points import POINTS, Posting, Verdict
from shuke.assets.replays import models
from shuke.kit import clock, errors
from shuke.kit.db import Tx

PAUSE = timedelta(minutes=10)

_REFUSED = """
select key, refusal from refused_posting where merchant_id = %(merchant_id)s and key = any(%(keys)s::text[])
"""
# The sweep waits: what ran out long ago must not be booked between two batches of the time before.
_PAUSE = """
update due set at = greatest(at, %(until)s) where merchant_id = %(merchant_id)s and kind = %(kind)s
"""


class BookedDifferently(errors.Refused):
    """The key "{key}" was booked before with another member, wallet, time or number of points."""

    code = "booked_differently"
    zh = "编号「{key}」以前入过账，会员、账本单位、时间或积分不一样。"
    cure = "Use a fresh key for another movement; adjust by hand to correct one."
    cure_zh = "另一笔请换一个编号；要更正请手工调整。"


async def replay(tx: Tx, postings: Sequence[Posting], wallet: str = POINTS) -> list[Verdict]:
    """Book movements of the past in the order given, each as of its `occurred_at`: what was active and not yet run out then.

    Eight statements for any number. Repeatable by key for ever: what was refused stays refused with the same words, and
    a key with another content is refused. Meanwhile the sweep waits; wake it when the last batch is in.
    """
    await tx.run(_PAUSE, kind=points.SWEEP, until=clock.now() + PAUSE)
    first = {posting.key: posting for posting in reversed(postings)}
    refused = {row.key: row.refusal for row in await tx.rows(_REFUSED, keys=list(first))}
    fresh = [one for one in postings if first[one.key] is one and one.key not in refused]
    verdicts = dict(zip((one.key for one in fresh), await points.post(tx, fresh, wallet, then=True), strict=True))
    no = {key: verdict.refusal for key, verdict in verdicts.items() if verdict.state == "refused"}
    now = clock.now()
    await tx.insert(
        models.RefusedPosting, [{"key": key, "refusal": why, "recorded_at": now} for key, why in no.items()]
    )
    await tx.flush()
    booked = await points.booked_as(tx, list(first))
    answers, known_no = [], refused | no
    for one in postings:
        verdict = verdicts[one.key] if first[one.key] is one and one.key in verdicts else Verdict(state="repeated")
        answers.append(_judged(one, verdict, known_no.get(one.key), booked.get(one.key), wallet))
    return answers


def _judged(
    posting: Posting, verdict: Verdict, refusal: dict[str, Any] | None, booked: tuple[Any, ...] | None, wallet: str
) -> Verdict:
    if refusal is not None:
        return Verdict(state="refused", refusal=refusal)
    asked = (posting.member_id, wallet, posting.points, posting.occurred_at)
    if booked is not None and booked != asked:
        return Verdict(state="refused", refusal=BookedDifferently(key=posting.key).body())
    return verdict
