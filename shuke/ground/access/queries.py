"""Questions about staff, sessions, keys and the audit trail."""

from datetime import datetime
from typing import Any

import msgspec

from shuke.ground import tenancy
from shuke.ground.access import policy
from shuke.kit import errors, paging
from shuke.kit.db import Tx
from shuke.kit.http import Caller
from shuke.kit.kinds import Sentence


class NoSuchStaff(errors.NotFound):
    """There is no such person on the staff."""

    code = "no_such_staff"
    zh = "没有这位员工。"


class NoSuchKey(errors.NotFound):
    """There is no such API key."""

    code = "no_such_key"
    zh = "没有这个接口密钥。"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser and what its owner may do at the merchant it looks at."""

    token_hash: bytes
    staff_id: int
    merchant_id: int
    csrf_token: str
    created_at: datetime
    seen_at: datetime
    login: str
    name: str
    locale: str
    role: str
    permissions: frozenset[str]
    stores: frozenset[int]

    def caller(self, ip: str) -> Caller:
        """Who is calling, for routes and the audit trail."""
        return Caller(
            merchant_id=self.merchant_id, permissions=self.permissions, name=self.name, staff_id=self.staff_id,
            role=self.role, stores=self.stores, locale=self.locale, ip=ip,
        )  # fmt: skip


class StaffRoleName(msgspec.Struct, frozen=True):
    """One role, for one store (its code) or for all (None)."""

    role: str
    store: str | None


class StaffMember(msgspec.Struct, frozen=True):
    """One person on a merchant's staff, as others see them."""

    staff_id: int
    login: str
    name: str
    roles: list[StaffRoleName]
    state: str
    last_seen_at: datetime | None


class Key(msgspec.Struct, frozen=True):
    """One API key without its secret."""

    key_id: int
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class Actor(msgspec.Struct, frozen=True):
    """Who did something."""

    name: str
    staff_id: int | None


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the audit trail."""

    trail_id: int
    at: datetime
    actor: Actor
    action: str
    subject_kind: str
    subject: str
    before: Any
    after: Any
    sentence: Sentence
    ip: str


async def find_session(tx: Tx, token_hash: bytes, now: datetime) -> Session | None:
    """The session of a token while it is valid and its owner still works there; asked of the directory."""
    row = await tx.one(
        "select s.token_hash, s.staff_id, s.merchant_id, s.csrf_token, s.created_at, s.seen_at, s.expires_at, "
        "f.login, f.name, f.locale from staff_session s join staff f on f.staff_id = s.staff_id "
        "where s.token_hash = %(token_hash)s and f.state = 'active'",
        token_hash=token_hash,
    )
    if row is None or not policy.still_valid(row.created_at, row.expires_at, now):
        return None
    role, permissions, stores = policy.granted(await _roles(tx, row.staff_id, row.merchant_id))
    if not role:
        return None
    return Session(
        token_hash=bytes(row.token_hash), staff_id=row.staff_id, merchant_id=row.merchant_id, csrf_token=row.csrf_token,
        created_at=row.created_at, seen_at=row.seen_at, login=row.login, name=row.name, locale=row.locale,
        role=role, permissions=permissions, stores=stores,
    )  # fmt: skip


async def _roles(tx: Tx, staff_id: int, at_merchant: int) -> list[tuple[str, int]]:
    rows = await tx.rows(
        "select role, store_id from staff_role where merchant_id = %(at_merchant)s and staff_id = %(staff_id)s",
        staff_id=staff_id, at_merchant=at_merchant,
    )  # fmt: skip
    return [(row.role, row.store_id) for row in rows]


async def merchants_of(tx: Tx, staff_id: int) -> list[int]:
    """The numbers of the open merchants at which this person has a role; asked of the directory."""
    rows = await tx.rows(
        "select distinct merchant_id as m from staff_role where staff_id = %(staff_id)s order by 1", staff_id=staff_id
    )
    return await tenancy.open_among(tx, [row.m for row in rows])


async def list_staff(tx: Tx, store_codes: dict[int, str]) -> list[StaffMember]:
    """Everyone with a role at this merchant, by login; `store_codes` names the stores of their roles."""
    rows = await tx.rows(
        "select f.staff_id, f.login, f.name, f.state, f.last_seen_at, r.role, r.store_id "
        "from staff_role r join staff f on f.staff_id = r.staff_id "
        "where r.merchant_id = %(merchant_id)s order by f.login, r.store_id"
    )
    people: dict[int, StaffMember] = {}
    for row in rows:
        person = people.setdefault(
            row.staff_id, StaffMember(row.staff_id, row.login, row.name, [], row.state, row.last_seen_at)
        )
        store = None if row.store_id == 0 else store_codes.get(row.store_id, str(row.store_id))
        person.roles.append(StaffRoleName(row.role, store))
    return list(people.values())


async def get_staff(tx: Tx, staff_id: int, store_codes: dict[int, str]) -> StaffMember:
    """One person on this merchant's staff; refuses `NoSuchStaff`."""
    found = [person for person in await list_staff(tx, store_codes) if person.staff_id == staff_id]
    if not found:
        raise NoSuchStaff
    return found[0]


async def list_keys(tx: Tx) -> list[Key]:
    """The merchant's API keys, newest first, revoked ones too."""
    rows = await tx.rows(
        "select key_id, name, prefix, scopes, created_at, last_used_at, revoked_at from api_key "
        "where merchant_id = %(merchant_id)s order by created_at desc, key_id desc"
    )
    return [Key(*row) for row in rows]


async def get_key(tx: Tx, key_id: int) -> Key:
    """One API key; refuses `NoSuchKey`."""
    found = [key for key in await list_keys(tx) if key.key_id == key_id]
    if not found:
        raise NoSuchKey
    return found[0]


async def list_trail(
    tx: Tx, *, actor: str | None = None, action: str | None = None, cursor: str | None = None, limit: int = 50
) -> paging.Page:
    """What staff did, newest first; `actor` is a staff number or a name, `action` a code or its first part."""
    after = paging.decode(cursor, 2)
    rows = await tx.rows(
        "select trail_id, at, staff_id, staff_name, action, subject_kind, subject, before, after, ip from audit_trail "
        "where merchant_id = %(merchant_id)s and (at, trail_id) < (%(at)s::timestamptz, %(trail_id)s) "
        "and (%(actor)s::text is null or staff_id::text = %(actor)s or staff_name = %(actor)s) "
        "and (%(action)s::text is null or action = %(action)s or split_part(action, '.', 1) = %(action)s) "
        "order by at desc, trail_id desc limit %(limit)s",
        at=after[0] if after else "infinity", trail_id=after[1] if after else 0,
        actor=actor or None, action=action or None, limit=limit + 1,
    )  # fmt: skip
    return paging.page([_act(row) for row in rows], limit, lambda act: [act.at, act.trail_id])


def _act(row: Any) -> Act:
    words = policy.sentence(row.action, row.staff_name, row.subject, row.after)
    return Act(
        trail_id=row.trail_id, at=row.at, actor=Actor(row.staff_name, row.staff_id), action=row.action,
        subject_kind=row.subject_kind, subject=row.subject, before=row.before, after=row.after,
        sentence=Sentence(words.zh, words.en), ip=row.ip,
    )  # fmt: skip
