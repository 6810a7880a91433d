"""Verbs: shaping a lottery, taking a turn in it, ending it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from shuke.assets import points, rewards
from shuke.assets.lotteries import models, policy
from shuke.assets.lotteries.policy import CHANCES
from shuke.kit import errors
from shuke.kit.db import Tx


class NoSuchLottery(errors.NotFound):
    """There is no such lottery."""

    code = "no_such_lottery"
    zh = "没有这个抽奖。"


class LotteryClosed(errors.Refused):
    """The lottery "{name}" is not open now."""

    code = "lottery_closed"
    zh = "抽奖「{name}」现在没有开放。"
    cure = "Nothing was spent. Try again in its period."
    cure_zh = "没有扣抽奖机会，请在活动时间内再来。"


class NoChanceLeft(errors.Refused):
    """A turn takes {wanted} lottery chances; the member has {available}."""

    code = "no_chance_left"
    zh = "抽一次要 {wanted} 次抽奖机会，现在有 {available} 次。"
    cure = "Chances come from check-in, missions and gifts."
    cure_zh = "签到、做任务或赠送可以得到抽奖机会。"


class NameTaken(errors.Refused):
    """Another lottery has the name "{name}"."""

    code = "lottery_name_taken"
    zh = "已有叫「{name}」的抽奖。"
    cure = "Choose another name: stock is counted under it."
    cure_zh = "请换一个名字，奖品数量按名字计。"


class TurnOfAnother(errors.Refused):
    """The key "{key}" was used for the turn of another member."""

    code = "turn_of_another"
    zh = "编号「{key}」是另一位会员抽奖用的。"
    cure = "Use a fresh key for every turn."
    cure_zh = "每次抽奖请用新的编号。"


class LotteryDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a lottery is to be: its prizes as in the reward `draw`, and how many chances a turn takes."""

    name: Annotated[str, Meta(min_length=1, max_length=30)]
    prizes: list[dict[str, Any]]
    chances: Annotated[int, Meta(ge=1, le=100)] = 1
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn brought. `state`: won, repeated (this turn was taken before), returned (the prize could not be given, the
    chance is back). `prize_state` as on the member's page: booked, waiting (goods at a store), collected, lost, taken
    (it was taken back since)."""

    state: Literal["won", "repeated", "returned"]
    prize: str
    prize_state: str
    key: str


async def save(tx: Tx, draft: LotteryDraft, at: datetime, lottery_id: int | None = None) -> int:
    """Make a lottery, or change one; returns its number. What was won stays won, also of a stock that is changed.

    Refuses odds that do not add up, prizes that could not be given, and a name that is taken.
    """
    params = {"draw": draft.name, "prizes": draft.prizes}
    await rewards.check(tx, [rewards.Reward(kind="draw", params=params)])
    taken = await tx.value(
        "select lottery_id from lottery where merchant_id = %(merchant_id)s and name = %(name)s", name=draft.name
    )
    if taken is not None and taken != lottery_id:
        raise NameTaken(field="name", name=draft.name)
    if lottery_id is not None:
        before = await _locked(tx, lottery_id)
        if before.name != draft.name:
            raise NameTaken(field="name", name=before.name)
    number = lottery_id if lottery_id is not None else (await tx.fresh_ids(1))[0]
    row = {
        "lottery_id": number, "name": draft.name, "chances": draft.chances, "prizes": draft.prizes, "state": "live",
        "starts_at": draft.starts_at, "ends_at": draft.ends_at, "created_at": at,
    }  # fmt: skip
    await tx.insert(models.Lottery, [row], conflict="update:chances,prizes,starts_at,ends_at")
    return number


async def close(tx: Tx, lottery_id: int) -> None:
    """End a lottery; repeatable. Chances that members still have stay theirs."""
    await _locked(tx, lottery_id)
    await tx.run(
        "update lottery l set state = 'ended' where l.merchant_id = %(merchant_id)s and l.lottery_id = %(lottery_id)s",
        lottery_id=lottery_id,
    )


async def _locked(tx: Tx, lottery_id: int) -> Any:
    row = await tx.one(
        "select name from lottery where merchant_id = %(merchant_id)s and lottery_id = %(lottery_id)s for update",
        lottery_id=lottery_id,
    )
    if row is None:
        raise NoSuchLottery
    return row


async def turn(tx: Tx, lottery_id: int, member_id: int, key: str, at: datetime) -> Turned:
    """Spend the chances of one turn and draw a prize, once for ever under the key; a repeat gets the first answer.

    The chance and the prize move together: where the prize cannot be given, the chance goes back to its lot. The stock is
    locked, so that no prize is won more often than there are. Refuses a closed lottery and a member without a chance.
    """
    found = await tx.one(
        "select name, chances, prizes, state, starts_at, ends_at from lottery "
        "where merchant_id = %(merchant_id)s and lottery_id = %(lottery_id)s",
        lottery_id=lottery_id,
    )
    if found is None:
        raise NoSuchLottery
    whole = policy.turn_key(lottery_id, key)
    book = await points.open_book(tx, [member_id], at=at, lots_of=[member_id], wallet=CHANCES)
    before = await rewards.won_under(tx, whole)
    if before is not None:
        if before.member_id != member_id:
            raise TurnOfAnother(field="key", key=key)
        return Turned(state="repeated", prize=before.prize, prize_state=before.state, key=whole)
    if policy.stage(found.state, found.starts_at, found.ends_at, at) != "open":
        raise LotteryClosed(name=found.name)
    await tx.ids.ensure(8)
    why = {"kind": "lottery", "lottery": found.name}
    try:
        entry_id = book.spend(member_id, found.chances, points.Cause(f"{whole}:chance", why, at), wallet=CHANCES)
    except points.NotEnoughPoints as refusal:
        raise NoChanceLeft(wanted=found.chances, available=refusal.facts["available"]) from refusal
    points.store(tx, book)
    reward = rewards.Reward(kind="draw", params={"draw": found.name, "prizes": found.prizes})
    won = {"kind": "lottery_prize", "lottery": found.name}
    (given,) = await rewards.give(tx, [rewards.Gift(member_id=member_id, reward=reward, key=whole, why=won, at=at)])
    after = await rewards.won_under(tx, whole)
    assert after is not None, "a draw is noted under its key"
    if given.state == "refused":
        back = {"kind": "lottery_back", "lottery": found.name, "prize": after.prize}
        cause = points.Cause(f"{whole}:back", back, at, of_entry_id=entry_id)
        await _give_back(tx, book, member_id, cause)
        return Turned(state="returned", prize=after.prize, prize_state=after.state, key=whole)
    return Turned(state="won", prize=after.prize, prize_state=after.state, key=whole)


async def _give_back(tx: Tx, spent: points.Book, member_id: int, cause: points.Cause) -> None:
    """The chances go back to the lots they came from, with the same end."""
    book = await points.open_book(tx, [member_id], at=spent.now, lots_of=[member_id], wallet=CHANCES)
    here = {lot.lot_id: lot for lot in book.account(member_id, CHANCES).lots or ()}
    emptied = {lot.lot_id: lot for lot in spent.account(member_id, CHANCES).lots or ()}
    parts = []
    for row in spent.consumption:
        lot = here.get(row["lot_id"])
        if lot is None:
            lot = emptied[row["lot_id"]]
            book.add_lot(member_id, lot, CHANCES)
        parts.append((lot, row["points"]))
    await tx.ids.ensure(4)
    book.give_back(member_id, parts, cause, wallet=CHANCES)
    points.store(tx, book)
