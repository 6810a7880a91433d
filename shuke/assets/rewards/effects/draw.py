"""抽奖: one of several prizes by chance, with stock; the odds add up to a hundred percent."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from shuke.assets.rewards import models
from shuke.assets.rewards.effects.kind import Given, Reward, Taken, Wanted
from shuke.kit import errors
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence

WHOLE = 10_000
"""All odds together, in hundredths of a percent."""
_STOCK = """
select draw, prize, won from prize_stock where merchant_id = %(merchant_id)s and draw = any(%(draws)s::text[])
order by draw, prize for update
"""
_ENSURE = """
insert into prize_stock (merchant_id, draw, prize) select %(merchant_id)s, w.draw, w.prize
from unnest(%(draws)s::text[], %(prizes)s::text[]) as w(draw, prize) order by 2, 3 on conflict do nothing
"""
_WON = """
select key, prize, state from prize_won where merchant_id = %(merchant_id)s and key = any(%(keys)s::text[])
order by key for update
"""
_TAKE = """
update prize_won set state = 'taken' where merchant_id = %(merchant_id)s and key = any(%(keys)s::text[])
  and state in ('booked', 'waiting') returning key
"""


class BadDraw(errors.Refused):
    """The draw is not right: {reason}"""

    code = "bad_draw"
    http_status = 422
    zh = "抽奖设置不对：{reason_zh}"
    cure = "The odds add up to 100 %, names differ, and one prize has no limit: it is given when another has run out."
    cure_zh = "中奖率加起来要正好 100%，奖品名称各不相同，并且要有一样不限数量，别的发完了就送它。"


class Prize(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One prize: `odds` in hundredths of a percent; `stock` how many there are (none: no limit); without a `reward` it is
    goods that the member fetches at a store."""

    name: Annotated[str, Meta(min_length=1, max_length=20)]
    odds: Annotated[int, Meta(ge=0, le=WHOLE)]
    stock: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    reward: Reward | None = None


class Draw(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draw by name: the stock of its prizes is counted under it, wherever it is given."""

    draw: Annotated[
        str, Meta(min_length=1, max_length=30, extra_json_schema={"x-zh": "抽奖名称", "x-en": "Name of the draw"})
    ]
    prizes: Annotated[
        list[Prize],
        Meta(min_length=1, max_length=10, extra_json_schema={"x-zh": "奖品", "x-en": "Prizes", "x-widget": "prizes"}),
    ]


class DrawPrize:
    """情人节抽奖: 玫瑰 5%, 100 积分 20%, 10 积分 75%."""

    code: ClassVar[str] = "draw"
    name: ClassVar[Sentence] = Sentence("抽奖", "Lucky draw")
    Params: ClassVar[type[msgspec.Struct]] = Draw
    example: ClassVar[dict[str, Any]] = {
        "draw": "情人节签到",
        "prizes": [
            {"name": "玫瑰一支", "odds": 500, "stock": 99},
            {"name": "10 积分", "odds": 9_500, "reward": {"kind": "points", "params": {"points": 10}}},
        ],
    }

    def __init__(self, family: Callable[[], Any]) -> None:
        self._family = family

    def sentence(self, params: Draw) -> Sentence:
        """What it is, with its odds."""
        told = [(one.name, f"{one.odds / 100:g}%") for one in params.prizes]
        zh, en = "、".join(f"{name} {odds}" for name, odds in told), ", ".join(f"{name} {odds}" for name, odds in told)
        return Sentence(f"抽奖「{params.draw}」（{zh}）", f"the draw “{params.draw}” ({en})")

    async def check(self, tx: Tx, params: Draw) -> None:
        """The odds add up, one prize never runs out, and each can be given."""
        names = [one.name for one in params.prizes]
        total = sum(one.odds for one in params.prizes)
        reason: tuple[str, str] | None = None
        if total != WHOLE:
            reason = (f"the odds are {total / 100:g} % together", f"中奖率合计 {total / 100:g}%")
        elif len(set(names)) < len(names):
            reason = ("two prizes have one name", "有同名的奖品")
        elif all(one.stock is not None for one in params.prizes):
            reason = ("every prize may run out", "每样奖品都限了数量")
        elif any(one.reward is not None and one.reward.kind == self.code for one in params.prizes):
            reason = ("a draw cannot be a prize", "抽奖不能当奖品")
        if reason is not None:
            raise BadDraw(field="prizes", reason=reason[0], reason_zh=reason[1])
        family = self._family()
        for one in params.prizes:
            if one.reward is not None:
                await family.get(one.reward.kind).check(tx, family.parameters(one.reward.kind, one.reward.params))

    async def give(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Given]:
        """Draw for every member, once per key; what has run out gives way to what has no limit.

        A prize that could not be given is none of the stock: it is there for the next draw.
        """
        decided = {row.key: row.prize for row in await tx.rows(_WON, keys=[one.key for one in wanted])}
        fresh = {one.key: one for one in wanted if one.key not in decided}
        won = await self._drawn(tx, list(fresh.values()))
        lost: dict[str, Given] = {}
        for code, gifts in _by_kind(self._family(), fresh, won).items():
            found = await self._family().get(code).give(tx, [gift for _, gift in gifts])
            lost |= {key: given for (key, _), given in zip(gifts, found, strict=True) if given.state == "refused"}
        await _put_back(tx, [(fresh[key].params.draw, won[key]) for key in lost])
        rows = [
            {"key": key, "member_id": one.member_id, "draw": one.params.draw, "prize": won[key].name,
             "state": "lost" if key in lost else "waiting" if won[key].reward is None else "booked", "at": one.at}
            for key, one in fresh.items()
        ]  # fmt: skip
        await tx.insert(models.PrizeWon, rows)
        return [
            msgspec.structs.replace(lost[one.key], kind=self.code) if one.key in lost
            else self._given(one, won.get(one.key), decided.get(one.key, ""))
            for one in wanted
        ]  # fmt: skip

    def _given(self, one: Wanted, won: Prize | None, decided: str) -> Given:
        name = won.name if won is not None else decided
        words = {"zh": f"抽奖「{one.params.draw}」：{name}", "en": f"The draw “{one.params.draw}”: {name}"}
        detail = {"draw": one.params.draw, "prize": name, "words": words}
        return Given(state="given" if won is not None else "repeated", kind=self.code, detail=detail)

    async def _drawn(self, tx: Tx, wanted: Sequence[Wanted]) -> dict[str, Prize]:
        """What each key wins; the stock is locked, so that no prize is won more often than there are."""
        limited = {
            (one.params.draw, prize.name) for one in wanted for prize in one.params.prizes if prize.stock is not None
        }
        gone: dict[tuple[str, str], int] = {}
        if limited:
            await tx.run(_ENSURE, draws=[draw for draw, _ in limited], prizes=[prize for _, prize in limited])
            rows = await tx.rows(_STOCK, draws=sorted({draw for draw, _ in limited}))
            gone = {(row.draw, row.prize): row.won for row in rows}
        before = dict(gone)
        won = {one.key: _pick(one.params, gone) for one in wanted}
        moved = [
            {"draw": draw, "prize": prize, "won": n}
            for (draw, prize), n in sorted(gone.items())
            if before[draw, prize] != n
        ]
        await tx.insert(models.PrizeStock, moved, conflict="update:won")
        return won

    async def take_back(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Taken]:
        """Take back what was booked, and goods that still wait; what was handed over stays with who has won it.

        What was taken back is none of the stock any more: it is there for the next draw, once.
        """
        await tx.rows(_STOCK, draws=sorted({one.params.draw for one in wanted}))
        decided = {row.key: row for row in await tx.rows(_WON, keys=[one.key for one in wanted])}
        fresh = {one.key: one for one in wanted if one.key in decided}
        won = {
            key: prize for key, one in fresh.items() for prize in one.params.prizes if prize.name == decided[key].prize
        }
        taken = {
            key: Taken(state=_of_goods(decided[key].state), kind=self.code)
            for key, prize in won.items()
            if prize.reward is None
        }
        for code, gifts in _by_kind(self._family(), fresh, won).items():
            found = await self._family().get(code).take_back(tx, [gift for _, gift in gifts])
            for (key, _), one in zip(gifts, found, strict=True):
                taken[key] = Taken(state=one.state, kind=self.code, detail=one.detail)
        ended = await tx.rows(_TAKE, keys=[key for key, one in taken.items() if one.state == "taken"])
        await _put_back(tx, [(fresh[row.key].params.draw, won[row.key]) for row in ended])
        absent, kept = Taken(state="absent", kind=self.code), Taken(state="kept", kind=self.code)
        return [taken.get(one.key, kept if one.key in decided else absent) for one in wanted]


def _of_goods(state: str) -> Literal["taken", "repeated", "kept"]:
    """Goods that wait at a store can be taken back; a visit to fetch them is not undone."""
    return "taken" if state == "waiting" else "repeated" if state == "taken" else "kept"


async def _put_back(tx: Tx, drawn: Sequence[tuple[str, Prize]]) -> None:
    """Prizes with a stock that were drawn, and not given or taken back, count no more; the stock is locked before."""
    back = Counter((draw, prize.name) for draw, prize in drawn if prize.stock is not None)
    if back:
        await tx.run(
            "update prize_stock s set won = greatest(s.won - w.n, 0) "
            "from unnest(%(draws)s::text[], %(prizes)s::text[], %(counts)s::bigint[]) as w(draw, prize, n) "
            "where s.merchant_id = %(merchant_id)s and s.draw = w.draw and s.prize = w.prize",
            draws=[draw for draw, _ in back], prizes=[prize for _, prize in back], counts=list(back.values()),
        )  # fmt: skip


def _pick(params: Draw, gone: dict[tuple[str, str], int]) -> Prize:
    left = secrets.randbelow(WHOLE)
    chosen = params.prizes[-1]
    for one in params.prizes:
        if left < one.odds:
            chosen = one
            break
        left -= one.odds
    place = (params.draw, chosen.name)
    if chosen.stock is None:
        return chosen
    if gone[place] >= chosen.stock:
        return next(one for one in reversed(params.prizes) if one.stock is None)
    gone[place] += 1
    return chosen


def _by_kind(kinds: Any, wanted: Mapping[str, Wanted], won: Mapping[str, Prize]) -> dict[str, list[tuple[str, Wanted]]]:
    """What the prizes give, by kind, each under a key of its own."""
    found: dict[str, list[tuple[str, Wanted]]] = {}
    for key, prize in won.items():
        if prize.reward is not None:
            params = kinds.parameters(prize.reward.kind, prize.reward.params)
            gift = msgspec.structs.replace(wanted[key], params=params, key=f"{key}:prize")
            found.setdefault(prize.reward.kind, []).append((key, gift))
    return found
