"""The member side of referrals, by API key: my code, link and picture, my friends, who brought me, the leaderboard."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from msgspec import Meta

from shuke.ground import members
from shuke.kit import clock, errors, http, qr
from shuke.kit.db import Database, Tx
from shuke.kit.kinds import Sentence
from shuke.programs.referrals.actions import attributing, shaping
from shuke.programs.referrals.policy import plan as plan_policy
from shuke.programs.referrals.policy import relation as policy
from shuke.programs.referrals.queries import boards, plans, relations

TAKE = [http.requires("referrals.take")]
Who = Annotated[dict[str, str], Meta(max_length=9)]
Device = Annotated[str, Meta(max_length=200)]
Member = Annotated[str, QueryParameter(description="number, or identity as kind:value")]
FRIENDS_SHOWN = 100


class FriendShape(msgspec.Struct, frozen=True, kw_only=True):
    """A friend as the one who brought them sees it: a masked name, and how far it is.

    `state`: waiting (no order yet), ordered (rewarded at `due_at`), in_review, rewarded, taken_back, refused.
    """

    name: str
    state: str
    joined_at: datetime
    due_at: datetime | None
    rewarded: bool


class MineAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A member's code and link, what a referral gives, and the friends they brought."""

    member_id: int
    open: bool
    code: str
    link: str | None
    promise: Sentence
    invited: int
    rewarded: int
    was_referred: bool
    friends: list[FriendShape]


@get("/referrals", guards=TAKE, responses=http.declares(errors.NotFound, members.BadIdentity, members.UnknownIdentity))
async def member_referrals(request: Request, database: Database, member: Member) -> MineAnswer:
    """My code, my link and the friends I brought · 我的推荐码和好友. `member` is a number or such as `phone:13800138000`."""
    caller, at = http.caller_of(request), clock.now()

    async def verb(tx: Tx) -> MineAnswer:
        member_id = await named(tx, member)
        code = (await shaping.ensure_codes(tx, [member_id], at))[member_id]
        version = plan_policy.in_force(await plans.versions(tx), at)
        plan = version.plan if version else plan_policy.Plan()
        counts = await relations.counts(tx, member_id)
        found = [one for one in await relations.of_referrer(tx, member_id, FRIENDS_SHOWN) if one.state != "void"]
        known = await members.names(tx, {one.friend_id for one in found})
        names = {number: one.name for number, one in known.items()}
        return MineAnswer(
            member_id=member_id, open=version is not None and version.state == "live", code=code,
            link=plan_policy.address(plan, code), promise=plan_policy.told(plan),
            invited=sum(n for state, n in counts.items() if state not in {"void", "review"}),
            rewarded=counts.get("rewarded", 0),
            was_referred=any(one.state != "void" for one in await relations.of_friends(tx, [member_id])),
            friends=[_friend(one, names.get(one.friend_id, "")) for one in found],
        )  # fmt: skip

    return await database.attempt(caller.merchant_id, verb)


def _friend(one: policy.Relation, name: str) -> FriendShape:
    state = "in_review" if one.review == "waiting" and one.state in policy.OPEN else one.state
    return FriendShape(
        name=policy.masked(name), state=state, joined_at=one.occurred_at, due_at=one.due_at if one.payable else None,
        rewarded=one.state == "rewarded" and not one.capped,
    )  # fmt: skip


@get(
    "/referrals/qr",
    guards=TAKE,
    media_type="image/svg+xml",
    responses=http.declares(errors.NotFound, members.BadIdentity, members.UnknownIdentity),
)
async def member_picture(
    request: Request, database: Database, member: Member, form: Literal["svg", "png"] = "svg", scale: int = 8
) -> Response[bytes]:
    """My link as a QR picture · 我的推荐二维码, as SVG or PNG; without a link of the shop's own, the code itself."""
    caller, at = http.caller_of(request), clock.now()

    async def verb(tx: Tx) -> str:
        member_id = await named(tx, member)
        code = (await shaping.ensure_codes(tx, [member_id], at))[member_id]
        version = plan_policy.in_force(await plans.versions(tx), at)
        return (plan_policy.address(version.plan, code) if version else None) or code

    drawn = qr.drawn(await database.attempt(caller.merchant_id, verb), form, scale)
    return Response(drawn, media_type=qr.MEDIA[form], headers={"Cache-Control": "private, max-age=300"})


class TouchBody(msgspec.Struct, forbid_unknown_fields=True):
    """A link with this code was opened on this device."""

    code: Annotated[str, Meta(max_length=40)]
    device: Device


class TouchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether it was noted; `false` without a device."""

    noted: bool


@post("/referrals/touch", status_code=200, guards=TAKE, responses=http.declares(policy.NoSuchCode))
async def touch_link(request: Request, database: Database, data: TouchBody) -> TouchAnswer:
    """A friend opened a link · 好友打开了推荐链接. The device is remembered by a digest, for as long as the window is."""
    caller, at = http.caller_of(request), clock.now()
    touched = [shaping.Touch(code=data.code, device=data.device, at=at)]
    async with database.write(caller.merchant_id) as tx:
        return TouchAnswer(noted=await shaping.touch(tx, touched) > 0)


class ReferBody(msgspec.Struct, forbid_unknown_fields=True):
    """Who was brought, and by whose code; without a code, by the link opened last on `device`."""

    member: Who
    code: Annotated[str, Meta(max_length=40)] = ""
    device: Device = ""
    how: Literal["code", "link"] = "code"
    occurred_at: Annotated[datetime, Meta(tz=True)] | None = None


class ReferAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it. `state`: noted, in_review (a person looks at it), already (noted before; nothing moved)."""

    state: str
    member_id: int
    promise: Sentence


@post(
    "/referrals",
    status_code=200,
    guards=TAKE,
    responses=http.declares(
        policy.NoSuchCode, policy.CannotRefer, plan_policy.ReferralsClosed, members.NoIdentity, members.BadIdentity,
        members.UnknownIdentity,
    ),
)  # fmt: skip
async def refer_member(request: Request, database: Database, data: ReferBody) -> ReferAnswer:
    """A friend joined · 好友注册. Repeatable: who was referred before answers `already`, or is refused by another code.

    Send it when the friend joins, before the first order, or with `occurred_at` before it. A member nobody knows yet is
    created, as by an order.
    """
    caller, at = http.caller_of(request), clock.now()
    person = members.identities_of(data.member)

    async def verb(tx: Tx) -> ReferAnswer:
        [friend_id] = await members.ensure_members(tx, [person], at)
        asked = attributing.Asked(
            friend_id=friend_id, occurred_at=data.occurred_at or at, code=data.code, device=data.device, how=data.how
        )
        [verdict] = await attributing.attribute(tx, [asked], at)
        if verdict.refusal is not None:
            raise verdict.refusal
        assert verdict.relation is not None
        state = "in_review" if verdict.state == "noted" and verdict.relation.review == "waiting" else verdict.state
        version = next(one for one in await plans.versions(tx) if one.version == verdict.relation.version)
        return ReferAnswer(state=state, member_id=friend_id, promise=plan_policy.told(version.plan))

    return await database.attempt(caller.merchant_id, verb)


class LineShape(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the board; `me` marks the member who asks."""

    place: int
    name: str
    friends: int
    me: bool


class BoardAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The board with masked names, and where the member who asks stands."""

    period: str
    starts_on: str | None
    ends_on: str | None
    lines: list[LineShape]
    my_place: int | None
    my_friends: int


@get(
    "/referrals/leaderboard",
    guards=TAKE,
    responses=http.declares(errors.NotFound, members.BadIdentity, members.UnknownIdentity),
)
async def leaderboard(
    request: Request,
    database: Database,
    period: Literal["week", "month", "all"] = "month",
    member: Annotated[str | None, QueryParameter(description="number, or identity as kind:value")] = None,
) -> BoardAnswer:
    """The leaderboard of this week, this month or ever · 推荐排行榜. Counts friends whose referral was rewarded."""
    caller, at = http.caller_of(request), clock.now()
    async with database.read(caller.merchant_id) as tx:
        member_id = None if member is None else await named(tx, member)
        day = await plans.today(tx, at)
        found = await boards.board(tx, period, day)
        mine = (None, 0) if member_id is None else await boards.own_place(tx, period, day, member_id)
    return BoardAnswer(
        period=period, starts_on=str(found.starts_on) if found.starts_on else None,
        ends_on=str(found.ends_on) if found.ends_on else None, my_place=mine[0], my_friends=mine[1],
        lines=[
            LineShape(
                place=one.place, name=policy.masked(one.name), friends=one.friends, me=one.member_id == member_id
            )
            for one in found.places
        ],
    )  # fmt: skip


async def named(tx: Tx, text: str) -> int:
    """The member of a number or of `kind:value`, after merges the heir; refuses strangers."""
    if text.isdigit() and len(text) < 16:
        found = (await members.members_of(tx, [int(text)])).get(int(text))
        number = None if found is None else found.merged_into or found.member_id
    else:
        kind, _, value = text.partition(":")
        [number] = await members.resolve(tx, [members.identities_of({kind: value})])
    if number is None:
        raise errors.NotFound(what="member", what_zh="会员", field="member")
    return number


routes = [member_referrals, member_picture, touch_link, refer_member, leaderboard]
