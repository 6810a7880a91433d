"""Staff accounts and their roles at one merchant."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shuke.ground import tenancy
from shuke.ground.access import models, policy
from shuke.ground.access.queries import NoSuchStaff
from shuke.kit import errors
from shuke.kit.db import Tx

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")


class BadLogin(errors.Refused):
    """ "{login}" cannot be a login."""

    code = "bad_login"
    http_status = 422
    zh = "「{login}」不能作为登录账号。"
    cure = "Use 2 to 64 lower-case letters, digits and . _ @ + -."
    cure_zh = "用 2 到 64 个小写字母、数字或 . _ @ + -。"


class LoginTaken(errors.Refused):
    """The login "{login}" is taken."""

    code = "login_taken"
    zh = "登录账号「{login}」已被使用。"
    cure = "Choose another login."
    cure_zh = "请换一个账号。"


class BadRole(errors.Refused):
    """There is no role "{role}"; known are: {known}."""

    code = "bad_role"
    http_status = 422
    zh = "没有「{role}」这个角色，可用的有：{known}。"
    cure = "Give each person at least one of the known roles."
    cure_zh = "每位员工至少要有一个列出的角色。"


class LastOwner(errors.Refused):
    """This would leave the shop without an owner who can sign in."""

    code = "last_owner"
    zh = "这样店里就没有能登录的店主了。"
    cure = "Make somebody else an owner first."
    cure_zh = "请先把别人设为店主。"


class SharedStaff(errors.Refused):
    """This person also works at another merchant; only their roles here can be changed."""

    code = "shared_staff"
    zh = "这位员工还在别的商户任职，这里只能改他在本店的角色。"
    cure = "Let them change name and password themselves, or take their roles here away."
    cure_zh = "姓名和密码请本人修改；要停用请移除他在本店的角色。"


async def create_staff(
    tx: Tx, *, login: str, name: str, password_hash: str, roles: Sequence[tuple[str, str | None]], at: datetime
) -> int:
    """A new person with roles as (role, store code or None for all); returns the number. Refuses a taken or unfit login."""
    login = login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise BadLogin(field="login", login=login)
    pairs = await _role_pairs(tx, roles)
    [staff_id] = await tx.fresh_ids(1)
    made = await tx.run(
        "insert into staff (staff_id, login, name, password_hash, created_at) "
        "values (%(staff_id)s, %(login)s, %(name)s, %(hash)s, %(at)s) on conflict (login) do nothing",
        staff_id=staff_id, login=login, name=name.strip() or login, hash=password_hash, at=at,
    )  # fmt: skip
    if not made:
        raise LoginTaken(field="login", login=login)
    await _put_roles(tx, staff_id, pairs)
    return staff_id


async def ensure_staff(
    tx: Tx, *, login: str, name: str, password_hash: str, roles: Sequence[tuple[str, str | None]], at: datetime
) -> int:
    """For the administrator's command line: the person of that login gets these roles here, and is created if need be.

    Somebody who exists keeps name and password. Repeatable.
    """
    known = await tx.value("select staff_id from staff where login = %(login)s", login=login.strip().lower())
    if known is None:
        return await create_staff(tx, login=login, name=name, password_hash=password_hash, roles=roles, at=at)
    await _put_roles(tx, known, await _role_pairs(tx, roles))
    return int(known)


async def change_staff(
    tx: Tx,
    staff_id: int,
    *,
    name: str | None = None,
    roles: Sequence[tuple[str, str | None]] | None = None,
    state: str | None = None,
) -> None:
    """Change name, roles or state (active, disabled: signed out at once). Refuses the last owner's loss, and name or
    state of somebody who also works elsewhere.
    """
    await lock_staff(tx, staff_id)
    if name is not None or state is not None:
        await _refuse_shared(tx, staff_id)
        await tx.run(
            "update staff set name = coalesce(%(name)s::text, name), state = coalesce(%(state)s::text, state) "
            "where staff_id = %(staff_id)s",
            staff_id=staff_id, name=(name or "").strip() or None, state=state,
        )  # fmt: skip
    if roles is not None:
        await _put_roles(tx, staff_id, await _role_pairs(tx, roles))
    if state == "disabled":
        await tx.run("delete from staff_session where staff_id = %(staff_id)s", staff_id=staff_id)
    owners = await tx.value(
        "select count(*) from staff_role r join staff f on f.staff_id = r.staff_id "
        "where r.merchant_id = %(merchant_id)s and r.role = 'owner' and r.store_id = 0 and f.state = 'active'"
    )
    if not owners:
        raise LastOwner


async def reset_password(tx: Tx, staff_id: int, password_hash: str) -> None:
    """Give a person a new password; ends their sessions and any lock-out. Refuses somebody who also works elsewhere."""
    await lock_staff(tx, staff_id)
    await _refuse_shared(tx, staff_id)
    await tx.run(
        "update staff set password_hash = %(hash)s, failed_count = 0, locked_until = null where staff_id = %(staff_id)s",
        staff_id=staff_id, hash=password_hash,
    )  # fmt: skip
    await tx.run("delete from staff_session where staff_id = %(staff_id)s", staff_id=staff_id)


async def forgive_tries(tx: Tx, staff_ids: Sequence[int]) -> None:
    """Forget failed sign-ins of these people, such as from before their shop was open. Repeatable."""
    await tx.run(
        "update staff set failed_count = 0, locked_until = null where staff_id = any(%(people)s)",
        people=list(staff_ids),
    )


async def lock_staff(tx: Tx, staff_id: int) -> None:
    """Lock all roles of the merchant, so that two owners cannot demote each other at once; refuses `NoSuchStaff`."""
    rows = await tx.rows(
        "select staff_id from staff_role where merchant_id = %(merchant_id)s order by staff_id, store_id for update"
    )
    if staff_id not in {row.staff_id for row in rows}:
        raise NoSuchStaff


async def _refuse_shared(tx: Tx, staff_id: int) -> None:
    elsewhere = await tx.value(
        "select count(*) from staff_role where staff_id = %(staff_id)s and merchant_id <> %(merchant_id)s",
        staff_id=staff_id,
    )
    if elsewhere:
        raise SharedStaff


async def _role_pairs(tx: Tx, roles: Sequence[tuple[str, str | None]]) -> list[dict[str, Any]]:
    known = ", ".join(policy.ROLES)
    if not roles:
        raise BadRole(field="roles", role="", known=known)
    stores = await tenancy.store_ids(tx)
    pairs: dict[int, str] = {}
    for role, store in roles:
        if role not in policy.ROLES:
            raise BadRole(field="roles", role=role, known=known)
        if store is not None and store not in stores:
            raise tenancy.NoSuchStore(field="roles", code=store)
        pairs[0 if store is None else stores[store]] = role
    return [{"store_id": store_id, "role": role} for store_id, role in pairs.items()]


async def _put_roles(tx: Tx, staff_id: int, pairs: list[dict[str, Any]]) -> None:
    await tx.run(
        "delete from staff_role where merchant_id = %(merchant_id)s and staff_id = %(staff_id)s", staff_id=staff_id
    )
    await tx.insert(models.StaffRole, [{"staff_id": staff_id, **pair} for pair in pairs])
