"""Permissions, roles and key scopes as data."""

from collections.abc import Iterable
from typing import NamedTuple


class Words(NamedTuple):
    """A name in both languages."""

    zh: str
    en: str


PERMISSIONS: dict[str, Words] = {
    "members.read": Words("查看会员", "See members"),
    "members.write": Words("新增、修改、合并会员", "Add, change and merge members"),
    "members.reveal": Words("查看完整手机号", "See full phone numbers"),
    "members.export": Words("导出会员名单", "Export lists of members"),
    "points.read": Words("查看积分流水", "See points movements"),
    "points.adjust": Words("手工增减积分", "Adjust points by hand"),
    "points.transfer": Words("替会员转赠积分", "Transfer points between members"),
    "points.hold": Words("冻结、扣除积分（接口）", "Hold and capture points (API)"),
    "points.rules": Words("修改积分规则", "Change earning rules"),
    "tiers.write": Words("修改会员等级", "Change tiers"),
    "missions.read": Words("查看签到和任务", "See check-in and missions"),
    "missions.write": Words("修改签到和任务", "Change check-in and missions"),
    "missions.review": Words("审核任务凭证", "Review proofs of missions"),
    "referrals.read": Words("查看推荐关系和排行榜", "See referrals and their leaderboard"),
    "referrals.write": Words("修改推荐设置", "Change the plan of referrals"),
    "referrals.review": Words("审核可疑的推荐", "Review referrals that look strange"),
    "tags.put": Words("给会员打标签", "Put tags on members"),
    "tags.write": Words("管理标签、批量打标", "Manage tags, and tag many at once"),
    "segments.read": Words("查看分群", "See segments"),
    "segments.write": Words("修改分群", "Change segments"),
    "journeys.read": Words("查看触达", "See journeys and messages"),
    "journeys.write": Words("修改、启动触达", "Change and launch journeys"),
    "imports.write": Words("导入文件", "Import files"),
    "attributes.write": Words("删除会员属性", "Delete member attributes"),
    "settings.write": Words("修改商户设置", "Change the merchant's settings"),
    "stores.write": Words("修改门店", "Change stores"),
    "staff.write": Words("管理员工账号", "Manage staff"),
    "keys.write": Words("管理接口密钥", "Manage API keys"),
    "audit.read": Words("查看操作记录", "See the audit trail"),
    "orders.write": Words("写入订单（接口）", "Send orders (API)"),
    "refunds.write": Words("写入退款（接口）", "Send refunds (API)"),
    "events.write": Words("写入行为（接口）", "Send events (API)"),
    "missions.take": Words(
        "替会员签到、领任务、抽奖（接口）", "Check members in, take their missions and turns in draws (API)"
    ),
    "referrals.take": Words("会员端的推荐码和推荐（接口）", "Referral codes and referrals of members (API)"),
    "webhooks.write": Words("管理推送地址（接口）", "Manage webhooks (API)"),
    "tiers.see": Words("替会员查看等级（接口）", "See where members stand (API)"),
}

_MACHINE = frozenset({"orders.write", "refunds.write", "events.write"})
_MEMBER_SIDE = frozenset({"missions.take", "referrals.take", "tiers.see"})
_SHOP_SIDE = frozenset({"points.hold"})
_OTHER_SYSTEMS = frozenset({"webhooks.write"})
_STAFF = frozenset(PERMISSIONS) - _MACHINE - _MEMBER_SIDE - _SHOP_SIDE - _OTHER_SYSTEMS
_CLERK = frozenset({"members.read", "members.write", "points.read", "missions.read", "referrals.read", "tags.put"})
_OPERATOR = _CLERK | {
    "members.export", "segments.read", "segments.write", "journeys.read", "journeys.write", "imports.write",
    "points.rules", "missions.write", "missions.review", "referrals.write", "referrals.review", "tags.write",
}  # fmt: skip
_MANAGER = _OPERATOR | {
    "members.reveal", "attributes.write", "points.adjust", "points.transfer", "tiers.write", "settings.write",
    "stores.write", "audit.read",
}  # fmt: skip

ROLES: dict[str, tuple[Words, frozenset[str]]] = {
    "owner": (Words("店主", "Owner"), _STAFF),
    "manager": (Words("店长", "Manager"), _MANAGER),
    "operator": (Words("运营", "Operator"), _OPERATOR),
    "clerk": (Words("店员", "Clerk"), _CLERK),
}
SENIORITY = ("owner", "manager", "operator", "clerk")

# What a role held for single stores brings. Rules, segments, journeys, imports, settings, staff and keys concern the
# whole merchant, so they need a role held for all stores.
STORE_BOUND = frozenset(
    {"members.read", "members.write", "members.reveal", "points.read", "points.adjust", "stores.write", "missions.read"}
)

SCOPES: dict[str, tuple[Words, frozenset[str]]] = {
    "ingest": (Words("写入订单、退款和行为", "Send orders, refunds and events"), _MACHINE),
    "tags": (Words("读取和设置会员标签", "Read and set the tags of members"), frozenset({"members.read", "tags.put"})),
    "spend": (
        Words("冻结、扣除、解冻会员积分", "Hold, capture and release points of members"),
        _SHOP_SIDE | {"members.read", "points.read"},
    ),
    "read": (
        Words("读取会员、积分和分群", "Read members, points and segments"),
        frozenset({"members.read", "points.read", "segments.read"}),
    ),
    "members": (
        Words("写入会员资料", "Send members: who they are and what is known of them"),
        frozenset({"members.read", "members.write"}),
    ),
    "segments": (
        Words("新建、修改分群和名单", "Make and change segments and lists"),
        frozenset({"members.read", "segments.read", "segments.write"}),
    ),
    "attributes": (
        Words("查看和删除会员属性", "See and delete member attributes"),
        frozenset({"members.read", "attributes.write"}),
    ),
    "webhooks": (
        Words("管理进出分群的推送地址", "Manage webhooks on who enters and leaves segments"),
        _OTHER_SYSTEMS | {"segments.read"},
    ),
    "journeys": (
        Words("查看、暂停触达，让会员进入或退出", "See and pause journeys, let members in and take them off"),
        frozenset({"members.read", "segments.read", "journeys.read", "journeys.write"}),
    ),
    "rules": (
        Words("试算、回测积分规则", "Try and backtest earning rules"),
        frozenset({"points.read", "points.rules"}),
    ),
    "member": (
        Words("会员端：签到、任务、抽奖、推荐、转赠", "Member side: check-in, missions, draws, referrals, transfers"),
        _MEMBER_SIDE | {"points.transfer"},
    ),
}


def granted(roles: Iterable[tuple[str, int]]) -> tuple[str, frozenset[str], frozenset[int]]:
    """(most senior role, permissions, stores) from (role, store or 0 for all) pairs; no stores means all of them."""
    permissions: set[str] = set()
    stores: set[int] = set()
    held: set[str] = set()
    everywhere = False
    for role, store_id in roles:
        held.add(role)
        brings = ROLES[role][1]
        permissions |= brings if store_id == 0 else brings & STORE_BOUND
        everywhere = everywhere or store_id == 0
        stores.add(store_id)
    senior = next((role for role in SENIORITY if role in held), "")
    return senior, frozenset(permissions), frozenset() if everywhere else frozenset(stores)


def fitting_scopes(scopes: Iterable[str]) -> list[str]:
    """The scopes in a fixed order without repeats; raises `KeyError` with the first unknown one."""
    wanted = set(scopes)
    for scope in sorted(wanted):
        if scope not in SCOPES and scope not in PERMISSIONS:
            raise KeyError(scope)
    return sorted(wanted)


def allowed(scopes: Iterable[str]) -> frozenset[str]:
    """The permissions of a key: its scopes are named bundles or single permissions."""
    permissions: set[str] = set()
    for scope in scopes:
        permissions |= SCOPES[scope][1] if scope in SCOPES else {scope}
    return frozenset(permissions)
